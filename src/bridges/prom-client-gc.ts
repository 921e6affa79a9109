import type { Histogram } from '../core/batch'
import { since } from '../core/histogram'
import type { Probe } from '../probe/probe'
import { GC_KINDS, gcSource } from './prom-client-source'
import type { HistogramMetric, HistogramValues, Registration, Sample } from './prom-client-types'

const NAME = 'nodejs_gc_duration_seconds'
const BOUNDS = [0.001, 0.01, 0.1, 1, 2, 5]

/**
 * A histogram of prom-client's that is never observed, but filled when it is asked for.
 *
 * @throws {TypeError | RangeError} for bounds that are none.
 */
export function registerGc(
  { client, registers, prefix, labels }: Registration,
  probe: Probe,
  bounds: readonly number[] = BOUNDS,
): void {
  checkBounds(bounds)
  const source = gcSource(probe, bounds)
  const metric = new client.Histogram({
    name: prefix + NAME,
    help: 'Duration of garbage collections by kind: major, minor, incremental (starts of marking) or weakcb.',
    labelNames: ['kind', ...Object.keys(labels)],
    buckets: bounds,
    registers,
  })
  // Counted from here on, as in prom-client. A registry's resetMetrics() is a new beginning for it, and for nobody else.
  let start = source.read()
  const read = async (): Promise<HistogramValues> => {
    await source.delivered?.()
    const durations = source.read()
    const { name, help, aggregator } = metric
    const values = GC_KINDS.flatMap((kind) => {
      const histogram = durations.get(kind)
      return histogram === undefined
        ? []
        : samples(name, { kind, ...labels }, since(histogram, start.get(kind)))
    })
    return { name, help, type: 'histogram', aggregator, values }
  }
  Object.assign(metric, {
    get: read,
    getForPromString: read,
    reset: () => {
      start = source.read()
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
