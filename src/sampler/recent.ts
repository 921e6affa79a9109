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

export interface LastMinute {
  /** By kind of pause, and of the turns. */
  readonly quantiles: Readonly<Record<Kind, readonly Quantile[]>>
  /** How long one had to wait for the loop, by the turns that ended in it. */
  readonly delays: Delays | undefined
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

  /** The last minute. Undefined for `delays`: turns are not seen here. */
  lastMinute(figures: Float64Array, idleNs: number, atNs: number): LastMinute {
    const counts = byKind((kind) => this.#counts(figures, kind))
    const longestNs = (kind: Kind) =>
      kind === 'incremental' ? undefined : longestOf(figures, LONGEST[kind], atNs)
    const seesTurns = !Number.isNaN(figures[Table.loopTurnDurations])
    const waitedNs = idleNs - (this.#looks[0]?.fromIdleNs ?? 0)
    return {
      quantiles: byKind((kind) =>
        QUANTILES.flatMap((quantile) => {
          const ns = quantileOf(counts[kind], quantile, longestNs(kind))
          return ns === undefined ? [] : [{ quantile, ns }]
        }),
      ),
      delays: seesTurns ? delaysOf(counts.turn, waitedNs, longestOf(figures, LONGEST.turn, atNs)) : undefined,
    }
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
