import { CountedTables } from '../probe/durations'
import { BLOCK_LENGTH, Slot } from '../probe/layout'
import { COUNTERS } from '../probe/totals'
import type { ObservedProbe, ThreadFigures } from './probes'

/** At most so many live threads have series of their own. */
export const MAX_THREADS = 64

/** The label `thread` of the rest, all together. */
const OTHER = 'other'

/** Gauges of which a sum says something. What is neither that nor a counter is absent. */
const SUMS: readonly number[] = (
  [
    'heapUsedBytes',
    'heapTotalBytes',
    'heapObjects',
    'externalBytes',
    'mallocedBytes',
    'activeResources',
  ] as const
).map((name) => Slot[name])

/**
 * Whose series a batch has. The first threads to come have series of their own as long as they live, and the main
 * thread always has; whoever finds no place is in `other`, for life, even where a place becomes free: a thread that
 * moved would take its past out of one counter and bring it into another. `other` keeps what its members counted
 * when they end. A sampling thread that is started again begins anew, as after a restart of the process.
 */
export class ThreadSeries {
  readonly #own = new Set<ObservedProbe>()
  readonly #others = new Set<ObservedProbe>()
  /** Of ended members of `other`; undefined until it has had one. */
  #ended: Float64Array | undefined
  readonly #tables = new CountedTables()

  /** `probes`: all that live, in the order in which they came. Called once for each look at them. */
  assign(probes: readonly ObservedProbe[]): readonly ThreadFigures[] {
    const live = new Set(probes)
    for (const probe of this.#own) if (!live.has(probe)) this.#own.delete(probe)
    for (const probe of this.#others) if (!live.has(probe)) this.#end(probe)
    for (const probe of probes) {
      if (this.#own.has(probe) || this.#others.has(probe)) continue
      if (this.#hasPlace(probe)) this.#own.add(probe)
      else this.#others.add(probe)
    }
    const own = [...this.#own]
    if (this.#others.size === 0 && this.#ended === undefined) return own
    const source = [...this.#others, ...own][0]?.source ?? 'native'
    return [...own, { thread: OTHER, source, slots: this.#sum(probes), tables: this.#tables }]
  }

  /** One place is the main thread's, also where it comes last. */
  #hasPlace({ thread }: ObservedProbe): boolean {
    const main = thread === 'main' || [...this.#own].some((probe) => probe.thread === 'main')
    return this.#own.size < (main ? MAX_THREADS : MAX_THREADS - 1)
  }

  #end(probe: ObservedProbe): void {
    this.#others.delete(probe)
    // The block outlives its thread, and has what was counted after the last look.
    probe.read()
    this.#ended ??= new Float64Array(BLOCK_LENGTH)
    // NaN is "not counted": it would be the end of the sum. So it is in the process's totals.
    for (const index of COUNTERS) if (!Number.isNaN(probe.slots[index])) addTo(this.#ended, index, probe)
  }

  #sum(probes: readonly ObservedProbe[]): Float64Array {
    const members = [...this.#others]
    const sum = new Float64Array(BLOCK_LENGTH).fill(Number.NaN)
    for (const index of COUNTERS) {
      // What is counted nowhere now would stand still.
      if (probes.some(({ slots }) => !Number.isNaN(slots[index]))) sum[index] = this.#ended?.[index] ?? 0
    }
    for (const index of SUMS) sum[index] = 0
    for (const probe of members) for (const index of [...COUNTERS, ...SUMS]) addTo(sum, index, probe)
    // A sum is as old as its oldest part. 0, which is never, where a part is not known, or there is none.
    const sampledAt = members.map(({ slots }) => slots[Slot.sampledAtNs] as number)
    sum[Slot.sampledAtNs] = members.length === 0 ? 0 : Math.min(...sampledAt)
    return sum
  }
}

function addTo(sum: Float64Array, index: number, { slots }: ObservedProbe): void {
  sum[index] = (sum[index] as number) + (slots[index] as number)
}
