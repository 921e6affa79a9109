import { type Counts, durationBucket, UPPER_NS } from './durations'

/** In seconds. */
export interface Delays {
  readonly min: number
  readonly max: number
  readonly mean: number
  readonly stddev: number
  quantile(q: number): number
}

/** What the turns in a bucket that ends there took, in seconds, to within 2.5%. */
function middleOf(bucket: number, upperNs = UPPER_NS[bucket] as number): number {
  const lowerNs = UPPER_NS[bucket - 1] ?? 0
  return ((Number.isFinite(upperNs) ? lowerNs + upperNs : 2 * lowerNs) / 2) * 1e-9
}

const MIDDLE = UPPER_NS.map((_, bucket) => middleOf(bucket))

/**
 * How long something that became ready at a random moment had to wait for the event loop: a timer that was due, a request
 * that came in. While the loop waits that is no time; in a turn that is busy for `d` it is what is left of the turn, any time
 * up to `d` with the same chance. So a turn weighs by how long it was: ten thousand short ones do not hide a long one.
 *
 * `turns`: by how long they took; `waitedNs`: how long the loop waited between them; `longestNs`: the longest turn, taken
 * for the end of the last bucket where it lies there. Undefined where there was no time at all.
 */
export function delaysOf(turns: Counts, waitedNs: number, longestNs: number): Delays | undefined {
  const found = turns.buckets.map((bucket, at) => ({
    turn: MIDDLE[bucket] as number,
    count: turns.counts[at] as number,
  }))
  const last = turns.buckets.at(-1) ?? -1
  const slowest = found.at(-1)
  const longestIsLast = slowest !== undefined && last === durationBucket(longestNs)
  if (longestIsLast) slowest.turn = middleOf(last, longestNs)
  let busy = 0
  let squares = 0
  let cubes = 0
  for (const { turn, count } of found) {
    busy += count * turn
    squares += count * turn ** 2
    cubes += count * turn ** 3
  }
  const elapsed = waitedNs * 1e-9 + busy
  if (!(elapsed > 0)) return undefined
  const mean = squares / 2 / elapsed
  return {
    min: 0,
    max: longestIsLast ? longestNs * 1e-9 : (slowest?.turn ?? 0),
    mean,
    stddev: Math.sqrt(Math.max(0, cubes / 3 / elapsed - mean ** 2)),
    quantile(q) {
      // The time in which one would have waited for longer than x is the sum of what all turns are longer than x.
      const longer = (1 - q) * elapsed
      let turns = 0
      let took = 0
      for (let at = found.length - 1; at >= 0; at--) {
        const { turn, count } = found[at] as { turn: number; count: number }
        const x = (took - longer) / turns
        if (turns > 0 && x >= turn) return x
        turns += count
        took += count * turn
      }
      return turns === 0 ? 0 : Math.max(0, (took - longer) / turns)
    },
  }
}
