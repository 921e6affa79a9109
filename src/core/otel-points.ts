import { type Batch, type Histogram, type Metric, seriesKey } from './batch'
import { falls, growth } from './histogram'
import {
  type Attributes,
  CUMULATIVE,
  type DataPoint,
  DELTA,
  DOUBLE,
  GAUGE,
  HISTOGRAM,
  type HistogramValue,
  hrTime,
  type MetricData,
  SUM,
} from './otel-data'
import { type OtelName, otelAttributes, otelDescription, otelName } from './otel-names'

export type Temporality = 'cumulative' | 'delta'

/** How many series that were not in the last batch are remembered: threads come and go. */
const MAX_REMEMBERED = 20_000

/** What was last delivered of a counter or histogram. */
interface Delivered {
  readonly value: number | Histogram
  /** Since when it counts, and until when it was delivered; milliseconds since the epoch. */
  readonly start: number
  readonly at: number
}

/** One point, and what to remember once it is delivered. */
export interface Point {
  readonly metric: OtelName
  readonly description: string
  readonly attributes: Attributes
  readonly start: number
  readonly at: number
  readonly value: number | HistogramValue
  readonly remember: { readonly key: string; readonly delivered: Delivered } | undefined
}

export interface Points {
  readonly points: readonly Point[]
  /** One line for each metric that cannot be said. */
  readonly omitted: readonly string[]
}

/**
 * Batches as points of OpenTelemetry. Counters in a batch are cumulative; what a delta counts from is what was last
 * delivered, so a batch that never was, takes no count along.
 *
 * With deltas the first batch only says where to begin: its counts may have been delivered by an earlier sampler of
 * this process, or by an earlier sampling thread.
 */
export class PointMaker {
  readonly #temporality: Temporality
  readonly #processStart: number
  /** In order of delivery, the oldest first. */
  readonly #delivered = new Map<string, Delivered>()
  /** The timestamp of the last batch of which something was delivered. */
  #last: number | undefined

  constructor(temporality: Temporality, processStart = Date.now() - process.uptime() * 1_000) {
    this.#temporality = temporality
    this.#processStart = processStart
  }

  /** Changes nothing but that the first batch is where deltas begin. */
  make(batch: Batch): Points {
    const points: Point[] = []
    const omitted: string[] = []
    const begins = this.#temporality === 'delta' && this.#last === undefined
    for (const metric of batch.metrics) {
      const named = otelName(metric, batch)
      const fault = typeof named === 'string' ? named : faultOf(metric)
      if (fault !== undefined || typeof named === 'string') {
        omitted.push(`metric ${metric.name.slice(0, 100)} ${fault}`)
        continue
      }
      const point = this.#point(metric, named, batch)
      if (begins && point?.remember !== undefined) this.#keep(point.remember.key, point.remember.delivered)
      else if (point !== undefined) points.push(point)
    }
    if (begins) this.#last = batch.timestamp
    return { points, omitted }
  }

  /** These were delivered. */
  commit(points: readonly Point[]): void {
    for (const { remember, at } of points) {
      if (remember !== undefined) this.#keep(remember.key, remember.delivered)
      this.#last = Math.max(this.#last ?? at, at)
    }
    for (const key of this.#delivered.keys()) {
      if (this.#delivered.size <= MAX_REMEMBERED) break
      this.#delivered.delete(key)
    }
  }

  #keep(key: string, delivered: Delivered): void {
    this.#delivered.delete(key)
    this.#delivered.set(key, delivered)
  }

  /** Undefined where this batch's delta was delivered already. */
  #point(metric: Metric, named: OtelName, batch: Batch): Point | undefined {
    const at = batch.timestamp
    const attributes = otelAttributes(metric, batch.service)
    const description = otelDescription(metric, named, batch)
    const shared = { metric: named, description, attributes, at }
    if (metric.type === 'gauge') {
      const start = Math.min(this.#processStart, at)
      return { ...shared, start, value: metric.value as number, remember: undefined }
    }
    const key = seriesKey(metric.name, metric.labels)
    const before = this.#delivered.get(key)
    const grown = before && growthOf(metric.value, before.value)
    // A counter that is new, or began anew, did so after the last batch; in the first one, we only know the process.
    const begun = Math.min(this.#last ?? this.#processStart, at)
    const start = before === undefined || grown === undefined ? begun : before.start
    const remember = { key, delivered: { value: metric.value, start, at } }
    if (this.#temporality === 'cumulative') {
      return { ...shared, start, value: pointValue(metric.value), remember }
    }
    if (before?.at === at) return undefined
    const value = pointValue(grown ?? metric.value)
    return { ...shared, start: before === undefined ? begun : Math.min(before.at, at), value, remember }
  }
}

/** Points as the SDK's exporters take them: those of one instrument together. */
export function metricData(points: readonly Point[], temporality: Temporality): MetricData[] {
  const byName = new Map<string, MetricData>()
  for (const { metric, description, attributes, start, at, value } of points) {
    const { name, unit, instrument } = metric
    // Two of our metrics may be one of OpenTelemetry's, but not where their kinds differ.
    const key = `${instrument} ${name}`
    let data = byName.get(key)
    if (data === undefined) {
      data = {
        descriptor: { name, description, unit, valueType: DOUBLE },
        // A sum that may fall is no sum of changes: what is wanted of it is its height.
        aggregationTemporality: temporality === 'delta' && instrument !== 'updown' ? DELTA : CUMULATIVE,
        ...KINDS[instrument],
        dataPoints: [],
      } as MetricData
      byName.set(key, data)
    }
    const point = { startTime: hrTime(start), endTime: hrTime(at), attributes, value }
    ;(data.dataPoints as DataPoint<number | HistogramValue>[]).push(point)
  }
  return [...byName.values()]
}

const KINDS = {
  counter: { dataPointType: SUM, isMonotonic: true },
  updown: { dataPointType: SUM, isMonotonic: false },
  gauge: { dataPointType: GAUGE },
  histogram: { dataPointType: HISTOGRAM },
} as const

/** Why no point can say a metric's value. */
export function faultOf({ value, type }: Metric): string | undefined {
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) return `is ${value}, which not every backend can take`
    return type === 'counter' && value < 0 ? 'is a counter and negative' : undefined
  }
  if (!Number.isFinite(value.sum)) return `has a sum of ${value.sum}, which not every backend can take`
  return falls(value) ? 'has buckets whose counts fall' : undefined
}

/** Undefined where a series does not go on from what it was before. */
function growthOf(now: number | Histogram, before: number | Histogram): number | Histogram | undefined {
  if (typeof now === 'object' && typeof before === 'object') return growth(now, before)
  const grown = (now as number) - (before as number)
  return grown >= 0 ? grown : undefined
}

function pointValue(value: number | Histogram): number | HistogramValue {
  if (typeof value === 'number') return value
  const cumulative = [...value.buckets.map(({ count }) => count), value.count]
  return {
    buckets: {
      boundaries: value.buckets.map(({ le }) => le),
      counts: cumulative.map((count, index) => count - (cumulative[index - 1] ?? 0)),
    },
    sum: value.sum,
    count: value.count,
  }
}
