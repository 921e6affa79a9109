import { type Batch, type Labels, type MetricType, seriesKey } from '../core/batch'
import { metrics } from '../core/metrics'
import type { SeriesColumns, StoredSeries } from '../server/source'

const CAPACITY = 360
const MAX_BYTES = 2 * 1024 * 1024
const MAX_SERIES = Math.floor(MAX_BYTES / (CAPACITY * Float64Array.BYTES_PER_ELEMENT))

interface Series {
  readonly name: string
  readonly type: MetricType
  readonly labels: Labels
  readonly rank: Rank
  /** One value a column of the ring, NaN where there was none. */
  readonly values: Float64Array
  /** Sequence number of the column that was written last. */
  last: number
}

/** Who goes first where there is not room for all: the process and its main thread, what users add, other threads. */
const RANKS = { process: 0, custom: 1, thread: 2 } as const
type Rank = (typeof RANKS)[keyof typeof RANKS]
const BUILTIN = new Set<string>(metrics.map(({ name }) => name))

/**
 * The newest samples in memory: a ring of columns, one a batch, the same for all series. An hour at 10 s. Bounded:
 * 2 MiB of values; a series beyond that takes the place of one that has left the window, of a worker thread that
 * ended, or of the newest one of a lower rank, or is not kept.
 */
export class Store {
  readonly #times = new Float64Array(CAPACITY)
  readonly #series = new Map<string, Series>()
  #columns = 0
  /** In the batch that is being added: no room for this rank and those after it. */
  #full: number = RANKS.thread + 1
  /** Values of that batch that gave way. */
  #displaced = 0

  /** Returns how many values found no room. Histograms are not kept. */
  add(batch: Batch): number {
    const column = this.#columns++
    const at = column % CAPACITY
    this.#times[at] = batch.timestamp
    for (const { values } of this.#series.values()) values[at] = Number.NaN
    this.#full = RANKS.thread + 1
    this.#displaced = 0
    let dropped = 0
    for (const { name, type, value, labels } of batch.metrics) {
      if (typeof value !== 'number') continue
      const series = this.#open(name, type, labels, column)
      if (series === undefined) dropped++
      else {
        series.values[at] = value
        series.last = column
      }
    }
    return dropped + this.#displaced
  }

  /** Series of `metric` with their points from `start` to `end`; undefined where the name is not known. */
  query(metric: string, start: number, end: number): readonly StoredSeries[] | undefined {
    const found = [...this.#series.values()].filter(({ name }) => name === metric)
    if (found.length === 0) return undefined
    return found.map(({ name, type, labels, values }) => {
      const points: { t: number; v: number }[] = []
      for (let column = Math.max(0, this.#columns - CAPACITY); column < this.#columns; column++) {
        const at = column % CAPACITY
        const t = this.#times[at] as number
        const v = values[at] as number
        if (t >= start && t <= end && !Number.isNaN(v)) points.push({ t, v })
      }
      // The wall clock may have been set back meanwhile.
      points.sort((a, b) => a.t - b.t)
      return { name, type, labels, points }
    })
  }

  *series(names: ReadonlySet<string> | undefined, start: number, end: number): Generator<SeriesColumns> {
    for (const name of names ?? new Set([...this.#series.values()].map((one) => one.name))) {
      for (const { points, ...series } of this.query(name, start, end) ?? []) {
        if (points.length > 0) yield { ...series, t: points.map(({ t }) => t), v: points.map(({ v }) => v) }
      }
    }
  }

  #open(name: string, type: MetricType, labels: Labels, column: number): Series | undefined {
    const key = seriesKey(name, labels)
    const known = this.#series.get(key)
    if (known !== undefined) return known
    const rank = rankOf(name, labels)
    if (this.#series.size >= MAX_SERIES && !this.#makeRoom(rank, column)) return undefined
    const values = new Float64Array(CAPACITY).fill(Number.NaN)
    const series = { name, type, labels, rank, values, last: column }
    this.#series.set(key, series)
    return series
  }

  #makeRoom(rank: Rank, column: number): boolean {
    // What one series of this batch was refused the next one would be, and there may be thousands.
    if (rank >= this.#full) return false
    const key = this.#leastWanted(rank, column)
    if (key === undefined) {
      this.#full = rank
      return false
    }
    if (this.#series.get(key)?.last === column) this.#displaced++
    this.#series.delete(key)
    return true
  }

  #leastWanted(rank: Rank, column: number): string | undefined {
    let ended: { key: string; last: number } | undefined
    let lower: { key: string; rank: Rank } | undefined
    for (const [key, series] of this.#series) {
      if (series.last <= column - CAPACITY) return key
      // One that lives was in the batch before this one, or is in this one already.
      const gone = series.rank === RANKS.thread && series.last < column - 1
      if (gone && series.last < (ended?.last ?? column)) ended = { key, last: series.last }
      if (series.rank > rank && series.rank >= (lower?.rank ?? 0)) lower = { key, rank: series.rank }
    }
    return (ended ?? lower)?.key
  }
}

function rankOf(name: string, { thread }: Labels): Rank {
  if (thread !== undefined && thread !== 'main') return RANKS.thread
  return BUILTIN.has(name) ? RANKS.process : RANKS.custom
}
