import type { Batch, Description, Labels, MetricType } from '../core/batch'
import type { ShownStall } from '../core/stall'
import type { Status } from '../core/status'

/** One stored series in a time window. Times are milliseconds since the epoch, ascending. */
export interface StoredSeries {
  readonly name: string
  readonly type: MetricType
  readonly labels: Labels
  readonly points: readonly { readonly t: number; readonly v: number }[]
  /** Some of them are the lowest and highest of several samples. */
  readonly thinned?: boolean
}

/**
 * One stored series in a time window, as columns of the same length, ascending by `t`. NaN: there was no value, or no
 * sample. Where an older point stands for several samples `v` is the last of them, and `min` and `max` are theirs.
 */
export interface SeriesColumns {
  readonly name: string
  readonly type: MetricType
  readonly labels: Labels
  readonly t: readonly number[]
  readonly v: readonly number[]
  readonly min?: readonly number[]
  readonly max?: readonly number[]
}

/** What those who listen are told of as it happens. */
export type SourceEvent =
  | { readonly event: 'sample'; readonly data: { readonly sequence: number; readonly timestamp: number } }
  | { readonly event: 'stall'; readonly data: ShownStall }

/** What the HTTP server shows; the sampling thread provides it. */
export interface Source {
  /**
   * The figures as they are now, in a batch that enters neither the store nor an exporter: heap figures older than
   * a second are asked for again, for which this waits 20 ms at most.
   */
  scrape(): Promise<Batch>
  /** Series of `metric` with their points from `start` to `end`; undefined where nothing of that name was stored. */
  query(metric: string, start: number, end: number): readonly StoredSeries[] | undefined
  /**
   * All series of `names`, or of all metrics, each read when it is its turn; with `thread` those of that thread, and
   * those of none.
   */
  series(
    names: ReadonlySet<string> | undefined,
    start: number,
    end: number,
    thread?: string,
  ): Iterable<SeriesColumns>
  describe(metric: string, type: MetricType): Description
  /** With figures as they are now. */
  status(): Promise<Status>
  /** Returns how to stop listening. */
  subscribe(listener: (event: SourceEvent) => void): () => void
  /** The newest first; the threshold is null where nothing is watched. */
  stalls(): { readonly thresholdMs: number | null; readonly stalls: readonly ShownStall[] }
  health(): Readonly<Record<string, string | number | boolean>>
}
