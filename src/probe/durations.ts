import type { Histogram } from '../core/batch'
import { DURATION_BUCKETS, LONGEST_SLOTS, Slot, type SlotName, Table, type TableName } from './layout'

/** Tables of durations, and of the longest of the last minute. */
export type DurationTable = Extract<TableName, `${string}Durations`>
export type LongestTable = Extract<TableName, `${string}Longest`>

const PER_DECADE = 70
const DECADES = 8
const LONGEST_WINDOW_NS = 5e9
const LONGEST_WINDOWS = LONGEST_SLOTS / 2

/** Upper edge of each bucket in nanoseconds (native/durations.h says why these); that of the last is Infinity. */
export const UPPER_NS: Float64Array = Float64Array.from({ length: DURATION_BUCKETS }, (_, bucket) => {
  if (bucket === 0) return 1_000
  if (bucket === DURATION_BUCKETS - 1) return Number.POSITIVE_INFINITY
  const decade = Math.floor((bucket - 1) / PER_DECADE)
  const inside = (bucket - 1) % PER_DECADE
  const upper =
    inside < 20
      ? 1_050 + inside * 50
      : inside < 50
        ? 2_100 + (inside - 20) * 100
        : 5_250 + (inside - 50) * 250
  return upper * 10 ** decade
})

/** The bucket of a duration, as native/durations.h finds it. */
export function durationBucket(ns: number): number {
  if (!(ns >= 1_000)) return 0
  let left = Math.floor(ns)
  let first = 1
  for (; left >= 10_000 && first <= DECADES * PER_DECADE; first += PER_DECADE) left = Math.floor(left / 10)
  const bucket =
    left < 2_000
      ? first + Math.floor((left - 1_000) / 50)
      : left < 5_000
        ? first + 20 + Math.floor((left - 2_000) / 100)
        : first + 50 + Math.floor((left - 5_000) / 250)
  return Math.min(bucket, DURATION_BUCKETS - 1)
}

/**
 * Upper bounds of exported histograms, in seconds. Each is the edge of a bucket, so the counts are exact, and those of
 * prom-client and of OpenTelemetry's conventions are among them.
 */
export const BOUNDS: readonly number[] = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10,
]

/** How many buckets are below each of `bounds`. @throws {RangeError} for a bound that is no edge of a bucket */
export function bucketsBelow(bounds: readonly number[]): readonly number[] {
  return bounds.map((bound) => {
    const at = UPPER_NS.findIndex((upper) => Math.abs(upper - bound * 1e9) < 1)
    if (at < 0) throw new RangeError(`${bound} s is not the edge of a bucket`)
    return at + 1
  })
}

const BELOW = bucketsBelow(BOUNDS)

/** What is in a table: its buckets that are not empty, in order, and how many are in each. Few of many. */
export interface Counts {
  readonly buckets: readonly number[]
  readonly counts: readonly number[]
}

export const NONE: Counts = { buckets: [], counts: [] }

/** Undefined where nothing is known. */
export function countsIn(figures: Float64Array, table: DurationTable): Counts | undefined {
  const first = Table[table]
  if (Number.isNaN(figures[first])) return undefined
  const buckets: number[] = []
  const counts: number[] = []
  for (let bucket = 0; bucket < DURATION_BUCKETS; bucket++) {
    const count = figures[first + bucket] as number
    if (count === 0) continue
    buckets.push(bucket)
    counts.push(count)
  }
  return { buckets, counts }
}

/** What came after `then`. */
export function countsSince(now: Counts, then: Counts): Counts {
  if (then.buckets.length === 0) return now
  const buckets: number[] = []
  const counts: number[] = []
  let before = 0
  now.buckets.forEach((bucket, at) => {
    while ((then.buckets[before] as number) < bucket) before++
    const had = then.buckets[before] === bucket ? (then.counts[before] as number) : 0
    const came = (now.counts[at] as number) - had
    if (came <= 0) return
    buckets.push(bucket)
    counts.push(came)
  })
  return { buckets, counts }
}

/** The slot that grows whenever something comes to the table. */
const COUNTED_IN = {
  gcMinorDurations: 'gcMinorCycles',
  gcMajorDurations: 'gcMajorCycles',
  gcIncrementalStartDurations: 'gcIncrementalStarts',
  gcWeakCallbackDurations: 'gcWeakCallbackRuns',
  loopTurnDurations: 'loopTurns',
} as const satisfies Record<DurationTable, SlotName>

/** The tables of one thread, each read through only where something came to it: mostly nothing did. */
export class CountedTables {
  readonly #kept = new Map<DurationTable, { readonly upTo: number; readonly counts: Counts | undefined }>()

  /** As `countsIn`. */
  of(figures: Float64Array, table: DurationTable): Counts | undefined {
    const upTo = figures[Slot[COUNTED_IN[table]]] as number
    let kept = this.#kept.get(table)
    if (kept?.upTo !== upTo) {
      kept = { upTo, counts: countsIn(figures, table) }
      this.#kept.set(table, kept)
    }
    return kept.counts
  }
}

/** As a histogram in seconds; `sumNs` is what all of it took. Undefined where nothing is known. */
export function histogramOf(
  found: Counts | undefined,
  sumNs: number,
  bounds = BOUNDS,
  below = BELOW,
): Histogram | undefined {
  if (found === undefined || Number.isNaN(sumNs)) return undefined
  let count = 0
  let next = 0
  const buckets = bounds.map((le, index) => {
    const end = below[index] as number
    for (; (found.buckets[next] as number) < end; next++) count += found.counts[next] as number
    return { le, count }
  })
  for (; next < found.counts.length; next++) count += found.counts[next] as number
  return { count, sum: sumNs * 1e-9, buckets }
}

/** The longest of the last 60 to 65 seconds, in nanoseconds; 0 where there was none, NaN where nothing is known. */
export function longestOf(figures: Float64Array, table: LongestTable, nowNs: number): number {
  const first = Table[table]
  const oldest = Math.floor(nowNs / LONGEST_WINDOW_NS) + 1 - LONGEST_WINDOWS
  let longest = 0
  for (let at = first; at < first + LONGEST_SLOTS; at += 2) {
    const epoch = figures[at] as number
    if (Number.isNaN(epoch)) return Number.NaN
    if (epoch > oldest) longest = Math.max(longest, figures[at + 1] as number)
  }
  return longest
}

/** Writes a duration into the pairs of `longestOf`: `get` and `set` reach them by index. */
export function keepLongest(
  get: (index: number) => number,
  set: (index: number, value: number) => void,
  ns: number,
  nowNs: number,
): void {
  const epoch = Math.floor(nowNs / LONGEST_WINDOW_NS) + 1
  const at = 2 * (epoch % LONGEST_WINDOWS)
  if (get(at) === epoch && get(at + 1) >= ns) return
  set(at, epoch)
  set(at + 1, ns)
}

/**
 * The `q` quantile, to within 2.5%: the middle of its bucket. `longestNs` is taken for the end of the last one where it
 * lies there, so that no quantile is above the longest. Undefined where there are none.
 */
export function quantileOf(
  { buckets, counts }: Counts,
  q: number,
  longestNs = Number.NaN,
): number | undefined {
  const total = counts.reduce((sum, count) => sum + count, 0)
  let left = Math.max(1, Math.ceil(q * total))
  const at = counts.findIndex((count) => {
    left -= count
    return left <= 0
  })
  const bucket = buckets[at]
  if (bucket === undefined) return undefined
  const isLongest = longestNs > 0 && at === buckets.length - 1 && bucket === durationBucket(longestNs)
  const upper = isLongest ? longestNs : (UPPER_NS[bucket] as number)
  const lower = bucket === 0 ? 0 : (UPPER_NS[bucket - 1] as number)
  return Number.isFinite(UPPER_NS[bucket]) ? (lower + upper) / 2 : lower
}
