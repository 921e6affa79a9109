import type { Batch, Labels, MetricType } from '../core/batch'
import type { Stall } from '../core/stall'

/** One stored series in a time window. Times are milliseconds since the epoch, ascending. */
export interface StoredSeries {
  readonly name: string
  readonly type: MetricType
  readonly labels: Labels
  readonly points: readonly { readonly t: number; readonly v: number }[]
}

/** What the HTTP server shows; the sampling thread provides it. */
export interface Source {
  /**
   * The figures as they are now, in a batch that enters neither the store nor an exporter: heap figures older than
   * a second are asked for again, for which this waits 20 ms at most.
   */
  scrape(): Promise<Batch>
  /** Series of `metric` with their points from `start` to `end`; undefined where nothing of that name was stored. */
  query(metric: string, start: number, end: number): readonly StoredSeries[] | undefined
  /** The newest first; the threshold is null where nothing is watched. */
  stalls(): { readonly thresholdMs: number | null; readonly stalls: readonly Stall[] }
  health(): Readonly<Record<string, string | number | boolean>>
}
