import { setImmediate } from 'node:timers/promises'
import type { Histogram } from '../core/batch'
import { since } from '../core/histogram'
import { GcDurations } from './prom-client-source'
import type { HistogramMetric, HistogramValues, Registration, Sample } from './prom-client-types'

const NAME = 'nodejs_gc_duration_seconds'
const BOUNDS = [0.001, 0.01, 0.1, 1, 2, 5]
const KINDS = ['major', 'minor', 'incremental', 'weakcb'] as const

/**
 * A histogram of prom-client's that is never observed, but filled when it is asked for.
 *
 * @throws {TypeError | RangeError} for bounds that are none.
 */
export function registerGc(
  { client, registers, prefix, labels }: Registration,
  bounds: readonly number[] = BOUNDS,
): void {
  checkBounds(bounds)
  const durations = new GcDurations(bounds)
  const metric = new client.Histogram({
    name: prefix + NAME,
    help: 'Duration of garbage collections by kind: major, minor, incremental (starts of marking) or weakcb.',
    labelNames: ['kind', ...Object.keys(labels)],
    buckets: bounds,
    registers,
  })
  // A registry's resetMetrics() is a new beginning for one registry, and for nobody else.
  let start = new Map<string, Histogram>()
  const read = async (): Promise<HistogramValues> => {
    // Node.js makes entries of collections in an immediate.
    await setImmediate()
    const { name, help, aggregator } = metric
    const values = KINDS.flatMap((kind) =>
      samples(name, { kind, ...labels }, since(durations.read(kind), start.get(kind))),
    )
    return { name, help, type: 'histogram', aggregator, values }
  }
  Object.assign(metric, {
    get: read,
    getForPromString: read,
    reset: () => {
      start = new Map(KINDS.map((kind) => [kind, durations.read(kind)]))
    },
  } satisfies Partial<HistogramMetric>)
}

function samples(name: string, labels: Sample['labels'], { count, sum, buckets }: Histogram): Sample[] {
  return [
    ...buckets.map(({ le, count: below }) => ({
      metricName: `${name}_bucket`,
      labels: { le, ...labels },
      value: below,
    })),
    { metricName: `${name}_bucket`, labels: { le: '+Inf', ...labels }, value: count },
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: count },
  ]
}

function checkBounds(bounds: readonly number[]): void {
  if (!Array.isArray(bounds)) throw new TypeError('gcDurationBuckets must be an array of numbers')
  const ascend = bounds.every((bound, index) => bound > (bounds[index - 1] ?? 0) && Number.isFinite(bound))
  if (!ascend) throw new RangeError('gcDurationBuckets must be positive numbers that ascend')
}
