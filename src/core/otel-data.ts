/**
 * OpenTelemetry's metric data as its JavaScript SDK hands it to exporters, as far as we make it. Of our own, because
 * types of packages that a user may not have would break the compilation of his code; the enums are tied to the
 * official ones by test/core/otel.test.ts.
 */

/** Seconds since the epoch, and nanoseconds. */
export type HrTime = [seconds: number, nanos: number]

export type Attributes = Record<string, string | number | boolean>

export interface DataPoint<T> {
  readonly startTime: HrTime
  readonly endTime: HrTime
  readonly attributes: Attributes
  readonly value: T
}

/** `counts` are those of each bucket alone, one more than there are boundaries. */
export interface HistogramValue {
  buckets: { boundaries: number[]; counts: number[] }
  sum: number
  count: number
}

export const HISTOGRAM = 0
export const GAUGE = 2
export const SUM = 3
export const DELTA = 0
export const CUMULATIVE = 1
export const DOUBLE = 1

interface Descriptor {
  readonly name: string
  readonly description: string
  readonly unit: string
  readonly valueType: typeof DOUBLE
}

export type MetricData = {
  readonly descriptor: Descriptor
  readonly aggregationTemporality: typeof DELTA | typeof CUMULATIVE
} & (
  | {
      readonly dataPointType: typeof SUM
      readonly isMonotonic: boolean
      readonly dataPoints: DataPoint<number>[]
    }
  | { readonly dataPointType: typeof GAUGE; readonly dataPoints: DataPoint<number>[] }
  | { readonly dataPointType: typeof HISTOGRAM; readonly dataPoints: DataPoint<HistogramValue>[] }
)

export interface Scope {
  readonly name: string
  readonly version: string
}

/** The scope of all that we report. */
export const SCOPE: Scope = {
  name: 'offloop',
  version: (require('../../package.json') as { version: string }).version,
}

export function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1_000)
  return [seconds, Math.round((ms - seconds * 1_000) * 1e6)]
}
