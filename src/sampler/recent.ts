import { type Delays, delaysOf } from '../probe/delays'
import { type DurationTable, type LongestTable, longestOf, quantileOf } from '../probe/durations'
import { DURATION_BUCKETS, Slot, Table } from '../probe/layout'

const WINDOW_NS = 60e9
/** Looks that are closer together than this share an entry. */
const STEP_NS = 5e9

const TABLES = {
  minor: 'gcMinorDurations',
  major: 'gcMajorDurations',
  incremental: 'gcIncrementalStartDurations',
  turn: 'loopTurnDurations',
} as const satisfies Record<string, DurationTable>
const LONGEST = {
  minor: 'gcMinorLongest',
  major: 'gcMajorLongest',
  turn: 'loopTurnLongest',
} as const satisfies Partial<Record<keyof typeof TABLES, LongestTable>>
type Kind = keyof typeof TABLES
const KINDS = Object.keys(TABLES) as readonly Kind[]
const byKind = <T>(make: (kind: Kind) => T): Record<Kind, T> =>
  Object.fromEntries(KINDS.map((kind) => [kind, make(kind)])) as Record<Kind, T>
const QUANTILES = [0.5, 0.9, 0.99, 0.999]

interface Look {
  readonly atNs: number
  readonly idleNs: number
  /** `idleNs` of the look before. */
  readonly fromIdleNs: number
  /** Counts by bucket that came since the look before, of each kind: few, so kept as pairs. */
  readonly came: Readonly<Record<Kind, readonly (readonly [bucket: number, count: number])[]>>
}

export interface Quantile {
  readonly quantile: number
  readonly ns: number
}

/**
 * What one thread did lately, from counters that never reset: looks at it, some seconds apart, for a minute. Two
 * readers share it and find the same.
 */
export class Recent {
  readonly #last = byKind(() => new Float64Array(DURATION_BUCKETS))
  #looks: Look[] = []

  /** Takes a look where the last one is old enough. */
  look(figures: Float64Array, idleNs: number, atNs: number): void {
    const newest = this.#looks.at(-1)
    if (newest !== undefined && atNs - newest.atNs < STEP_NS) return
    const attachedAtNs = figures[Slot.attachedAtNs] as number
    // What a thread did before it was found counts only where that was within the window.
    const counts = newest !== undefined || atNs - attachedAtNs < WINDOW_NS
    this.#looks.push({
      atNs,
      idleNs,
      fromIdleNs: newest?.idleNs ?? (counts ? 0 : idleNs),
      came: byKind((kind) => this.#came(figures, kind, counts)),
    })
    this.#looks = this.#looks.filter((look) => look.atNs > atNs - WINDOW_NS)
  }

  /** Quantiles of the last minute, by kind of pause and of the turns. */
  quantiles(figures: Float64Array, atNs: number): ReadonlyMap<Kind, readonly Quantile[]> {
    return new Map(
      KINDS.map((kind) => {
        const counts = this.#counts(figures, kind)
        const longestNs = kind === 'incremental' ? undefined : longestOf(figures, LONGEST[kind], atNs)
        const found = QUANTILES.flatMap((quantile) => {
          const ns = quantileOf(counts, quantile, longestNs)
          return ns === undefined ? [] : [{ quantile, ns }]
        })
        return [kind, found]
      }),
    )
  }

  /** How long one had to wait for the loop in the last minute, by the turns that ended in it. */
  delays(figures: Float64Array, idleNs: number, atNs: number): Delays | undefined {
    const from = this.#looks[0]?.fromIdleNs ?? 0
    if (Number.isNaN(figures[Table.loopTurnDurations])) return undefined
    return delaysOf(this.#counts(figures, 'turn'), idleNs - from, longestOf(figures, 'loopTurnLongest', atNs))
  }

  /** Share of time, 0 to 1, that the loop was not waiting since the newest look that is at least 5 s old. */
  utilization(idleNs: number, atNs: number): number | undefined {
    const before = this.#looks.filter((look) => atNs - look.atNs >= STEP_NS).at(-1)
    if (before === undefined || Number.isNaN(idleNs) || Number.isNaN(before.idleNs)) return undefined
    return Math.min(1, Math.max(0, 1 - (idleNs - before.idleNs) / (atNs - before.atNs)))
  }

  /** Counts by bucket in the last minute. */
  #counts(figures: Float64Array, kind: Kind): Float64Array {
    const counts = new Float64Array(DURATION_BUCKETS)
    for (const { came } of this.#looks)
      for (const [bucket, count] of came[kind]) counts[bucket] = (counts[bucket] as number) + count
    const first = Table[TABLES[kind]]
    const last = this.#last[kind]
    for (let bucket = 0; bucket < DURATION_BUCKETS; bucket++) {
      const since = (figures[first + bucket] as number) - (last[bucket] as number)
      if (since > 0) counts[bucket] = (counts[bucket] as number) + since
    }
    return counts
  }

  #came(figures: Float64Array, kind: Kind, counts: boolean): [number, number][] {
    const first = Table[TABLES[kind]]
    const last = this.#last[kind]
    const came: [number, number][] = []
    for (let bucket = 0; bucket < DURATION_BUCKETS; bucket++) {
      const count = figures[first + bucket] as number
      const since = count - (last[bucket] as number)
      if (since > 0 && counts) came.push([bucket, since])
      last[bucket] = count
    }
    return came
  }
}
