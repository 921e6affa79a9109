import type { Batch, Histogram, Metric } from '../core/batch'
import { type Attributes, type HistogramValue, type MetricData, SCOPE, type Scope } from '../core/otel-data'
import { type OtelName, otelAttributes, otelDescription, otelName } from '../core/otel-names'
import { faultOf, metricData, PointMaker, type Points, type Temporality } from '../core/otel-points'

/** What hands out batches: a `Sampler`. */
export interface BatchSource {
  on(event: 'batch', listener: (batch: Batch) => void): unknown
  off(event: 'batch', listener: (batch: Batch) => void): unknown
}

/** `MetricProducer` of `@opentelemetry/sdk-metrics`. */
export interface OffloopMetricProducer {
  collect(): Promise<{
    resourceMetrics: {
      resource: { attributes: Attributes; merge(other: never): never; getRawAttributes(): [] }
      scopeMetrics: { scope: Scope; metrics: MetricData[] }[]
    }
    errors: unknown[]
  }>
  /** Takes no further batches. */
  close(): void
}

/**
 * The figures of `sampler` for a reader of your own MeterProvider, histograms included:
 * `new PeriodicExportingMetricReader({ exporter, metricProducers: [metricProducer(sampler)] })`.
 *
 * `temporality` is the reader's, which producers must heed by themselves; deltas count from the last collection, so
 * each reader needs a producer of its own.
 */
export function metricProducer(
  sampler: BatchSource,
  { temporality = 'cumulative' }: { readonly temporality?: Temporality } = {},
): OffloopMetricProducer {
  const maker = new PointMaker(temporality)
  let latest: Batch | undefined
  let collected: Batch | undefined
  const take = (batch: Batch): void => {
    // Deltas begin with the first batch, whether or not somebody collects it.
    if (latest === undefined) maker.make(batch)
    latest = batch
  }
  sampler.on('batch', take)
  return {
    collect: async () => {
      // A batch's deltas are told once; totals stay true until there is another one.
      const told = latest === undefined || (temporality === 'delta' && latest === collected)
      const { points, omitted } = told ? NOTHING : maker.make(latest as Batch)
      maker.commit(points)
      collected = latest
      const metrics = metricData(points, temporality)
      return {
        // The reader puts its provider's in place of this one.
        resourceMetrics: { resource: NO_RESOURCE, scopeMetrics: [{ scope: SCOPE, metrics }] },
        errors: omitted.map((reason) => new Error(`offloop: ${reason}`)),
      }
    },
    close: () => void sampler.off('batch', take),
  }
}

const NOTHING: Points = { points: [], omitted: [] }
const NO_RESOURCE = { attributes: {}, merge: (other: never) => other, getRawAttributes: (): [] => [] }

/** The part of `Meter` of `@opentelemetry/api` that is used. */
export interface MeterLike {
  createObservableGauge(name: string, options?: InstrumentOptions): ObservableLike
  createObservableCounter(name: string, options?: InstrumentOptions): ObservableLike
  createObservableUpDownCounter(name: string, options?: InstrumentOptions): ObservableLike
  createHistogram(name: string, options?: InstrumentOptions): HistogramLike
}

interface InstrumentOptions {
  description?: string
  unit?: string
  advice?: { explicitBucketBoundaries?: number[] }
}

interface ObservableLike {
  addCallback(callback: Callback): void
  removeCallback(callback: Callback): void
}

interface HistogramLike {
  record(value: number, attributes?: Attributes): void
}

type Callback = (result: { observe(value: number, attributes?: Attributes): void }) => void

/** How many values of one histogram's series are recorded with a batch; the rest is, with the next ones. */
const MAX_RECORDS = 1_000

/**
 * The figures of `sampler` as instruments of `meter`, where only that is at hand. Prefer `metricProducer`: OpenTelemetry
 * has no instrument for a ready-made histogram. `v8js.gc.duration` is therefore recorded again, each collection as a
 * value of its bucket: count and buckets are right, the sum is approximate, and a burst of more than 1,000
 * collections is spread over the next batches. Other histograms come as two counters, `…_count` and `…_sum`.
 *
 * Returns what ends it.
 */
export function registerInstruments(sampler: BatchSource, meter: MeterLike): () => void {
  const gc = new GcRecorder(meter)
  const observables = new Map<string, ObservableLike>()
  const observed = new Map<string, () => void>()
  let latest: Batch | undefined

  const observable = ({ name, unit, instrument }: OtelName, description: string): ObservableLike => {
    const made = observables.get(name) ?? meter[CREATE[instrument]](name, { description, unit })
    observables.set(name, made)
    return made
  }
  const observe = (metric: Metric, batch: Batch): void => {
    const named = otelName(metric, batch)
    if (typeof named === 'string') return
    const description = otelDescription(metric, named, batch)
    const ends = readings(metric, named).map(([part, read]) => {
      const instrument = observable(part, description)
      const callback: Callback = (result) => {
        for (const one of latest?.metrics ?? []) {
          if (one.name !== metric.name || faultOf(one) !== undefined) continue
          result.observe(read(one), otelAttributes(one, batch.service))
        }
      }
      instrument.addCallback(callback)
      return () => instrument.removeCallback(callback)
    })
    observed.set(metric.name, () => {
      for (const end of ends) end()
    })
  }
  const take = (batch: Batch): void => {
    latest = batch
    gc.record(batch)
    for (const metric of batch.metrics) {
      if (metric.name !== GC_DURATION && !observed.has(metric.name)) observe(metric, batch)
    }
  }

  sampler.on('batch', take)
  return () => {
    sampler.off('batch', take)
    for (const end of observed.values()) end()
    observed.clear()
  }
}

const GC_DURATION = 'nodejs_gc_duration_seconds'

const CREATE = {
  counter: 'createObservableCounter',
  updown: 'createObservableUpDownCounter',
  gauge: 'createObservableGauge',
  histogram: 'createObservableCounter',
} as const

type Reading = readonly [OtelName, (metric: Metric) => number]

function readings(metric: Metric, named: OtelName): readonly Reading[] {
  if (metric.type !== 'histogram') return [[named, ({ value }) => value as number]]
  return [
    [{ ...named, name: `${named.name}_count`, unit: '' }, ({ value }) => (value as Histogram).count],
    [{ ...named, name: `${named.name}_sum` }, ({ value }) => (value as Histogram).sum],
  ]
}

/** Records the histogram of collections again, value by value. */
class GcRecorder {
  readonly #meter: MeterLike
  readonly #maker = new PointMaker('delta')
  /** What is still to be recorded, by series. */
  readonly #owed = new Map<string, { readonly attributes: Attributes; readonly value: HistogramValue }>()
  #histogram: HistogramLike | undefined

  constructor(meter: MeterLike) {
    this.#meter = meter
  }

  record(batch: Batch): void {
    const metrics = batch.metrics.filter(({ name, type }) => name === GC_DURATION && type === 'histogram')
    const { points } = this.#maker.make({ ...batch, metrics })
    this.#maker.commit(points)
    for (const { metric, description, attributes, value } of points) {
      const fresh = value as HistogramValue
      this.#histogram ??= this.#meter.createHistogram(metric.name, {
        description,
        unit: metric.unit,
        advice: { explicitBucketBoundaries: fresh.buckets.boundaries },
      })
      const key = JSON.stringify(attributes)
      const owed = this.#owed.get(key)?.value
      this.#owed.set(key, { attributes, value: owed === undefined ? fresh : sum(fresh, owed) })
    }
    for (const [key, { attributes, value }] of this.#owed) {
      for (const one of taken(value)) this.#histogram?.record(one, attributes)
      if (value.count === 0) this.#owed.delete(key)
    }
  }
}

function sum(a: HistogramValue, b: HistogramValue): HistogramValue {
  const counts = a.buckets.counts.map((count, index) => count + (b.buckets.counts[index] ?? 0))
  return {
    buckets: { boundaries: a.buckets.boundaries, counts },
    sum: a.sum + b.sum,
    count: a.count + b.count,
  }
}

/** Takes values out of `histogram`: the mean where it is in the bucket, else the middle of the bucket. */
function taken(histogram: HistogramValue): number[] {
  const { boundaries, counts } = histogram.buckets
  const mean = histogram.sum / histogram.count
  const values: number[] = []
  for (const [index, count] of counts.entries()) {
    const low = boundaries[index - 1] ?? 0
    const high = boundaries[index] ?? low * 2
    const value = mean > low && mean <= high ? mean : (low + high) / 2
    const now = Math.min(count, MAX_RECORDS - values.length)
    for (let done = 0; done < now; done++) values.push(value)
    counts[index] = count - now
    histogram.count -= now
    histogram.sum -= now * value
  }
  return values
}
