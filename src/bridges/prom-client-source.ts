import { type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks'
import type { Histogram } from '../core/batch'

/** By the numbers of `perf_hooks.constants`; 2, a minor mark-sweep, has no constant there. */
const KINDS = { 1: 'minor', 2: 'minor', 4: 'major', 8: 'incremental', 16: 'weakcb' } as const
export type GcKind = (typeof KINDS)[keyof typeof KINDS]

interface Tally {
  sum: number
  /** By bucket, and not cumulative; the last one is that of +Inf. */
  readonly counts: number[]
}

/**
 * Durations of all collections from now on, counted under `bounds`. Every entry of a list is looked at, and those that
 * have not been delivered yet are fetched, so that a burst is known at its end.
 */
export class GcDurations {
  readonly #bounds: readonly number[]
  readonly #tallies = new Map<string, Tally>()
  readonly #observer = new PerformanceObserver((list) => this.#record(list.getEntries()))

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds
    this.#observer.observe({ entryTypes: ['gc'] })
  }

  read(kind: GcKind): Histogram {
    this.#record(this.#observer.takeRecords())
    const { sum, counts } = this.#tally(kind)
    let count = 0
    const buckets = this.#bounds.map((le, index) => {
      count += counts[index] as number
      return { le, count }
    })
    return { count: count + (counts.at(-1) as number), sum, buckets }
  }

  #tally(kind: GcKind): Tally {
    const tally = this.#tallies.get(kind) ?? { sum: 0, counts: Array(this.#bounds.length + 1).fill(0) }
    this.#tallies.set(kind, tally)
    return tally
  }

  #record(entries: readonly PerformanceEntry[]): void {
    for (const { detail, duration } of entries as readonly (PerformanceEntry & {
      detail: { kind: number }
    })[]) {
      const kind = KINDS[detail.kind as keyof typeof KINDS]
      if (kind === undefined) continue
      const tally = this.#tally(kind)
      const seconds = duration / 1e3
      const index = this.#bounds.findIndex((bound) => seconds <= bound)
      tally.sum += seconds
      const at = index === -1 ? this.#bounds.length : index
      tally.counts[at] = (tally.counts[at] as number) + 1
    }
  }
}
