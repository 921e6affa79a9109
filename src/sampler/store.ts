import { type Batch, type Labels, type MetricType, sameLabels, seriesKey } from '../core/batch'
import { metrics } from '../core/metrics'
import type { SeriesColumns, StoredSeries } from '../server/source'
import { columnsOf, type Kept, pointsOf, windowOf } from './history'
import { type Level, levelsFor } from './levels'
import { Pages, Track } from './pages'

interface Series extends Kept {
  readonly key: string
  readonly rank: Rank
  /** Whether it is among the others: it has points. */
  kept: boolean
  /** Number of the column that was written last. */
  last: number
}

/** Who goes first where there is not room for all: the process and its main thread, what users add, other threads. */
const RANKS = { process: 0, custom: 1, thread: 2 } as const
type Rank = (typeof RANKS)[keyof typeof RANKS]
const BUILTIN = new Set<string>(metrics.map(({ name }) => name))

/**
 * Values of a part: of a gauge its two extremes in order of time, and its last value; of what is cumulative that alone. A
 * histogram has a series for its count and one for its sum.
 */
const PART_WIDTH = { gauge: 3, counter: 1, histogram: 1 } as const satisfies Record<MetricType, number>
/** Names and labels of a series take about so many bytes, outside of the pages. */
const BYTES_A_SERIES = 1024
const MAX_SERIES = 8192
/** The times of the newest points. */
const PAGES_FOR_TIMES = 8

/** A way to get pages. `rank`: who may go this way, and those before it. */
interface Way {
  readonly rank: Rank
  readonly free: () => boolean
}

/**
 * Samples of the last day in memory that is taken at the start: each sample of the last hour, and of what is older the
 * lowest, the highest and the last of every three minutes (`levels.ts`); more samples as they were where there is room.
 * Where there is not room for all, other threads lose first the single samples, then what is oldest, then all; then
 * the series of users do; those of the process and its main thread last.
 */
export class Store {
  readonly #intervalMs: number
  readonly #pages: Pages
  readonly #levels: readonly Level[]
  readonly #maxSeries: number
  readonly #series = new Map<string, Series>()
  readonly #ways: readonly Way[]
  /** Where the values of the last batch went, in its order. The next batch has nearly always the same: so it takes no keys. */
  readonly #lately: (Series | undefined)[] = []
  /** In `#lately`: of the value that is next. */
  #place = 0
  #columns = 0
  /** Of `#ways`: those before it have nothing more to give to the batch that is being added. */
  #way = 0
  /** In the batch that is being added: no room for this rank and those after it. */
  #full: number = RANKS.thread + 1
  /** Values of that batch that gave way. */
  #displaced = 0

  constructor({ maxBytes, intervalMs }: { maxBytes: number; intervalMs: number }) {
    this.#intervalMs = intervalMs
    this.#pages = new Pages(maxBytes)
    this.#levels = levelsFor(intervalMs)
    // So many find room for their newest points, whatever happens.
    const places = Math.floor((this.#pages.count - PAGES_FOR_TIMES) / this.#levels.length)
    this.#maxSeries = Math.min(places, Math.floor(maxBytes / BYTES_A_SERIES), MAX_SERIES)
    this.#ways = this.#waysToPages()
  }

  /** Returns how many values found no room. */
  add(batch: Batch): number {
    const column = this.#columns++
    this.#place = 0
    this.#way = 0
    this.#full = RANKS.thread + 1
    this.#displaced = 0
    this.#advance(batch.timestamp, column)
    let dropped = 0
    for (const { name, type, value, labels } of batch.metrics) {
      if (typeof value === 'number') dropped += this.#put(name, type, value, labels, column)
      // Of ours there are quantiles.
      else if (!BUILTIN.has(name)) {
        dropped += this.#put(`${name}_count`, type, value.count, labels, column)
        dropped += this.#put(`${name}_sum`, type, value.sum, labels, column)
      }
    }
    this.#lately.length = this.#place
    return dropped + this.#displaced
  }

  /** Returns how many values found no room. */
  #put(name: string, type: MetricType, value: number, labels: Labels, column: number): 0 | 1 {
    const series = this.#seriesOf(name, type, labels, column)
    this.#lately[this.#place++] = series
    if (series === undefined) return 1
    // A user's `x_count` beside a histogram `x`: the one that was there stays what it is.
    if ((series.type === 'histogram') !== (type === 'histogram')) return 1
    if (this.#write(series, value)) {
      series.last = column
      if (!series.kept) this.#series.set(series.key, series)
      series.kept = true
      return 0
    }
    this.#forget(series)
    this.#full = Math.min(this.#full, series.rank)
    return 1
  }

  #seriesOf(name: string, type: MetricType, labels: Labels, column: number): Series | undefined {
    const lately = this.#lately[this.#place]
    if (lately?.kept === true && lately.name === name && sameLabels(lately.labels, labels)) return lately
    const key = seriesKey(name, labels)
    return this.#series.get(key) ?? this.#open(key, name, type, labels, column)
  }

  /** Series of `metric` with their points from `start` to `end`; undefined where the name is not known. */
  query(metric: string, start: number, end: number): readonly StoredSeries[] | undefined {
    const found = [...this.#series.values()].filter(({ name }) => name === metric)
    if (found.length === 0) return undefined
    const window = windowOf(this.#levels, this.#pages, start, end)
    return found.map((series) => pointsOf(series, window, this.#pages))
  }

  /** Series of `names`, or all, that have a value from `start` to `end`; with `thread` those of others left out. */
  *series(
    names: ReadonlySet<string> | undefined,
    start: number,
    end: number,
    thread?: string,
  ): Generator<SeriesColumns> {
    const window = windowOf(this.#levels, this.#pages, start, end)
    for (const series of this.#series.values()) {
      if (names?.has(series.name) === false) continue
      if (thread !== undefined && (series.labels.thread ?? thread) !== thread) continue
      const columns = columnsOf(series, window, this.#pages, this.#intervalMs)
      if (columns !== undefined) yield columns
    }
  }

  #advance(timestamp: number, column: number): void {
    for (const level of this.#levels) {
      const begun = level.advance(timestamp)
      const newest = level.count - 1
      if (level.times.at(newest) === undefined) {
        this.#dropBefore(level, level.count - level.most)
        const page = this.#take(RANKS.process)
        if (page !== undefined) level.times.append(newest, page)
      }
      level.note(this.#pages, timestamp, column, begun)
    }
  }

  /** Whether there was room. */
  #write({ tracks, rank }: Series, value: number): boolean {
    const { values } = this.#pages
    // By index: an iterator would leave an array behind for each value and level.
    for (let at = 0; at < tracks.length; at++) {
      const track = tracks[at] as Track
      const newest = (this.#levels[at] as Level).count - 1
      let where = track.at(newest)
      if (where === undefined) {
        const page = this.#take(rank)
        if (page === undefined) return false
        track.append(newest, page)
        where = track.at(newest) as number
      }
      if (track.width === 1) values[where] = value
      else merge(values, where, value)
    }
    return true
  }

  /** A series without points, not yet among the others; undefined where there is no place for it. */
  #open(key: string, name: string, type: MetricType, labels: Labels, column: number): Series | undefined {
    const rank = rankOf(name, labels)
    // What one series of this batch was refused the next one would be, and there may be thousands.
    if (rank >= this.#full) return undefined
    if (this.#series.size >= this.#maxSeries && !this.#makeRoom(rank, column)) {
      this.#full = rank
      return undefined
    }
    const tracks = this.#levels.map(({ sampled }) => new Track(sampled ? 1 : PART_WIDTH[type]))
    return { key, name, type, labels, rank, kept: false, tracks, last: column }
  }

  /** A place for one series: that of a thread that ended, the oldest first, or of the newest one of a lower rank. */
  #makeRoom(rank: Rank, column: number): boolean {
    let ended: Series | undefined
    let lower: Series | undefined
    for (const series of this.#series.values()) {
      // One that lives was in the batch before this one, or is in this one already.
      const gone = series.rank === RANKS.thread && series.last < column - 1
      if (gone && series.last < (ended?.last ?? column)) ended = series
      if (series.rank > rank && series.rank >= (lower?.rank ?? 0)) lower = series
    }
    const least = ended ?? lower
    if (least === undefined) return false
    this.#forget(least)
    if (least === ended) return true
    if (least.last === column) this.#displaced++
    // It would come back at once.
    this.#full = Math.min(this.#full, least.rank)
    return true
  }

  #forget(series: Series): void {
    for (const track of series.tracks) track.drop(Number.POSITIVE_INFINITY, this.#pages)
    this.#remove(series)
  }

  #remove(series: Series): void {
    series.kept = false
    this.#series.delete(series.key)
  }

  #take(rank: Rank): number | undefined {
    for (;;) {
      const page = this.#pages.take()
      if (page !== undefined) return page
      const way = this.#ways[this.#way]
      if (way === undefined || way.rank < rank) return undefined
      if (!way.free()) this.#way++
    }
  }

  /** From what is missed least to what is missed most. Pages that are being written are no way's. */
  #waysToPages(): Way[] {
    const oldest = (level: Level, rank: Rank): Way => ({
      rank,
      free: () => this.#dropOldest(level, level.count - 1, rank),
    })
    const all = (rank: Rank): Way => ({
      rank: (rank - 1) as Rank,
      free: () => this.#makeRoom((rank - 1) as Rank, this.#columns - 1),
    })
    const { process, custom, thread } = RANKS
    const [finest] = this.#levels as [Level]
    return [
      { rank: thread, free: () => this.#dropOldest(finest, finest.count - finest.wanted) },
      ...this.#levels.map((level) => oldest(level, thread)),
      all(thread),
      ...this.#levels.map((level) => oldest(level, custom)),
      all(custom),
      ...this.#levels.map((level) => oldest(level, process)),
    ]
  }

  /** Gives back the oldest pages of a level, and others as old; only those before point `end`. Whether there were any. */
  #dropOldest(level: Level, end: number, rank?: Rank): boolean {
    const at = this.#levels.indexOf(level)
    let oldest = Number.POSITIVE_INFINITY
    for (const { tracks, rank: of } of this.#series.values()) {
      if (rank === undefined || of === rank) oldest = Math.min(oldest, (tracks[at] as Track).oldestEnd)
    }
    if (oldest > end) return false
    this.#dropBefore(level, oldest, rank)
    return true
  }

  /** Gives back the pages of a level whose points are all before `end`, and forgets series that have none any more. */
  #dropBefore(level: Level, end: number, rank?: Rank): void {
    const at = this.#levels.indexOf(level)
    let start = Number.POSITIVE_INFINITY
    for (const series of this.#series.values()) {
      const { tracks, rank: of } = series
      const track = tracks[at] as Track
      if (rank === undefined || of === rank) {
        track.drop(end, this.#pages)
        if (tracks.every(({ empty }) => empty)) this.#remove(series)
      }
      start = Math.min(start, track.start)
    }
    level.times.drop(Math.min(start, level.count - 1), this.#pages)
  }
}

function rankOf(name: string, { thread }: Labels): Rank {
  if (thread !== undefined && thread !== 'main') return RANKS.thread
  return BUILTIN.has(name) ? RANKS.process : RANKS.custom
}

/** `value` into a part of a gauge at `where`: two extremes in order of time, and the last value. */
function merge(values: Float64Array, where: number, value: number): void {
  const early = values[where] as number
  const late = values[where + 1] as number
  values[where + 2] = value
  if (Number.isNaN(early)) {
    values[where] = value
    values[where + 1] = value
  } else if (value < Math.min(early, late)) {
    values[where] = Math.max(early, late)
    values[where + 1] = value
  } else if (value > Math.max(early, late)) {
    values[where] = Math.min(early, late)
    values[where + 1] = value
  }
}
