// What one format or another says of a batch, in one form: a row for each series.
import type { Batch, Histogram, Labels, MetricType } from '../../src/core/batch'
import type { Line } from './dogstatsd-server'
import type { Family } from './exposition'
import { attributesOf, type OtlpMetric } from './otlp-server'
import type { Message } from './proto-text'
import { first, inner, numbers, text } from './protoc'
import type { StoredMetric } from './tinyobs-server'

export interface Row {
  readonly name: string
  readonly labels: Labels
  readonly kind: MetricType
  readonly value: number | Histogram
  /** Where the format has it; milliseconds since the epoch. */
  readonly timestamp?: number
}

export function rowsOfBatch({ metrics, timestamp }: Batch): Row[] {
  return metrics.map(({ name, labels, type, value }) => ({ name, labels, kind: type, value, timestamp }))
}

/** Rows in an order and a form that are the same for the same rows. No format tells 0 from -0. */
export function canonical(rows: readonly Row[]): unknown[] {
  const number = (value: number) => (Number.isFinite(value) ? value + 0 : String(value))
  return rows
    .map(({ value, labels, ...row }) => ({
      ...row,
      labels: Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)),
      value:
        typeof value === 'number'
          ? number(value)
          : {
              count: value.count,
              sum: number(value.sum),
              buckets: value.buckets.map(({ le, count }) => [number(le), count]),
            },
    }))
    .map((row) => [JSON.stringify([row.name, row.labels, row.value]), row] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, row]) => row)
}

/** Samples of which several make up a histogram. */
interface Part {
  readonly name: string
  readonly labels: Labels
  readonly value: number
  readonly timestamp?: number
}

/** Puts histograms together from what `figureOf` says that each part is of one. */
function assembled(
  parts: readonly Part[],
  figureOf: (part: Part) => { name: string; labels: Labels; figure: 'count' | 'sum' | number },
): Row[] {
  const rows = new Map<string, { row: Row; count: number; sum: number; buckets: [number, number][] }>()
  for (const part of parts) {
    const { name, labels, figure } = figureOf(part)
    const key = JSON.stringify([name, Object.entries(labels).sort(), part.timestamp])
    const { timestamp } = part
    const row: Row = {
      name,
      labels,
      kind: 'histogram',
      value: 0,
      ...(timestamp === undefined ? {} : { timestamp }),
    }
    const made = rows.get(key) ?? { row, count: 0, sum: 0, buckets: [] }
    rows.set(key, made)
    if (typeof figure !== 'number') made[figure] += part.value
    else if (figure !== Infinity) made.buckets.push([figure, part.value])
  }
  return [...rows.values()].map(({ row, count, sum, buckets }) => ({
    ...row,
    value: {
      count,
      sum,
      buckets: buckets.sort(([a], [b]) => a - b).map(([le, below]) => ({ le, count: below })),
    },
  }))
}

/** Of Prometheus's text format and of OpenMetrics: `le` beside the labels, the name before `_bucket`, `_sum`, `_count`. */
export function rowsOfFamilies(families: Iterable<Pick<Family, 'type' | 'samples'>>): Row[] {
  return [...families].flatMap(({ type, samples }): Row[] => {
    if (type === 'histogram') return assembled(samples, suffixed)
    return samples.map(({ name, labels, value }) => ({ name, labels, kind: type as MetricType, value }))
  })
}

function suffixed({ name, labels }: Part) {
  const [, family = '', suffix] = /^(.*)_(bucket|sum|count)$/.exec(name) ?? []
  if (suffix !== 'bucket') return { name: family, labels, figure: suffix as 'count' | 'sum' }
  const { le = '', ...others } = labels
  return { name: family, labels: others, figure: Number(le.replace('+Inf', 'Infinity')) }
}

export function rowsOfTinyObs(stored: readonly StoredMetric[]): Row[] {
  const parts = stored.map((one) => ({ ...one, timestamp: Date.parse(one.timestamp) }))
  const plain = parts.filter(({ type }) => type !== 'histogram')
  return [
    ...plain.map(
      ({ name, labels, type, value, timestamp }): Row => ({
        name,
        labels,
        kind: type as MetricType,
        value,
        timestamp,
      }),
    ),
    ...assembled(
      parts.filter(({ type }) => type === 'histogram'),
      suffixed,
    ),
  ]
}

/** Counts added up, as an agent would have them; of a histogram the buckets that counted anything. */
export function rowsOfDogStatsD(lines: readonly Line[]): Row[] {
  const counts = lines.filter(({ type }) => type === 'c')
  const isPart = ({ name }: Line) => /\.(count|sum|bucket)$/.test(name)
  return [
    ...lines
      .filter(({ type }) => type === 'g')
      .map(({ name, tags, value }): Row => ({ name, labels: tags, kind: 'gauge', value })),
    ...counts
      .filter((line) => !isPart(line))
      .map(({ name, tags, value }): Row => ({ name, labels: tags, kind: 'counter', value })),
    ...assembled(
      counts.filter(isPart).map(({ name, tags, value }) => ({ name, labels: tags, value })),
      ({ name, labels }) => {
        const [, family = '', figure] = /^(.*)\.(count|sum|bucket)$/.exec(name) ?? []
        if (figure !== 'bucket') return { name: family, labels, figure: figure as 'count' | 'sum' }
        const { upper_bound: le = '', ...others } = labels
        return { name: family, labels: others, figure: Number(le) }
      },
    ),
  ]
}

const kindOf = (isSum: boolean, monotonic: boolean): MetricType =>
  isSum ? (monotonic ? 'counter' : 'gauge') : 'gauge'

/** OTLP counts each bucket for itself. */
function cumulative(bounds: readonly number[], counts: readonly number[]): Histogram['buckets'] {
  let below = 0
  return bounds.map((le, index) => {
    below += counts[index] ?? 0
    return { le, count: below }
  })
}

/** Not by a division of doubles: at today's date one is 256 ns from the next, and a quarter of all milliseconds came out as another. */
const msOf = (unixNano: string): number => Number(BigInt(unixNano) / 1_000_000n)

export function rowsOfOtlpJson(metrics: readonly OtlpMetric[]): Row[] {
  return metrics.flatMap(({ name, gauge, sum, histogram }) =>
    ((gauge ?? sum ?? histogram)?.dataPoints ?? []).map(
      (point): Row => ({
        name,
        labels: attributesOf(point.attributes) as Labels,
        kind: histogram === undefined ? kindOf(sum !== undefined, sum?.isMonotonic === true) : 'histogram',
        value:
          histogram === undefined
            ? (point.asDouble ?? Number.NaN)
            : {
                count: Number(point.count),
                sum: point.sum ?? Number.NaN,
                buckets: cumulative(point.explicitBounds ?? [], (point.bucketCounts ?? []).map(Number)),
              },
        timestamp: msOf(point.timeUnixNano),
      }),
    ),
  )
}

export function rowsOfOtlpProto(metrics: readonly Message[]): Row[] {
  return metrics.flatMap((metric) => {
    const [gauge, sum, histogram] = ['gauge', 'sum', 'histogram'].map((kind) => first(metric, kind))
    return inner(gauge ?? sum ?? histogram, 'data_points').map(
      (point): Row => ({
        name: text(metric, 'name'),
        labels: Object.fromEntries(
          inner(point, 'attributes').map((one) => [
            text(one, 'key'),
            text(first(one, 'value'), 'string_value'),
          ]),
        ),
        kind:
          histogram === undefined
            ? kindOf(sum !== undefined, text(sum, 'is_monotonic') === 'true')
            : 'histogram',
        value:
          histogram === undefined
            ? Number(text(point, 'as_double'))
            : {
                count: Number(text(point, 'count')),
                sum: Number(text(point, 'sum')),
                buckets: cumulative(numbers(point, 'explicit_bounds'), numbers(point, 'bucket_counts')),
              },
        timestamp: msOf(text(point, 'time_unix_nano')),
      }),
    )
  })
}
