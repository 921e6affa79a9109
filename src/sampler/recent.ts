import { type Delays, delaysOf } from '../probe/delays'
import {
  CountedTables,
  type Counts,
  countsSince,
  type DurationTable,
  type LongestTable,
  longestOf,
  NONE,
  quantileOf,
} from '../probe/durations'
import { Slot, Table } from '../probe/layout'

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
  incremental: 'gcIncrementalStartLongest',
  turn: 'loopTurnLongest',
} as const satisfies Record<keyof typeof TABLES, LongestTable>
type Kind = keyof typeof TABLES
const KINDS = Object.keys(TABLES) as readonly Kind[]
const byKind = <T>(make: (kind: Kind) => T): Record<Kind, T> =>
  Object.fromEntries(KINDS.map((kind) => [kind, make(kind)])) as Record<Kind, T>
const QUANTILES = [0.5, 0.9, 0.99, 0.999]

interface Look {
  readonly atNs: number
  readonly idleNs: number
  /** All that was counted up to then. */
  readonly counted: Readonly<Record<Kind, Counts>>
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
  readonly #tables: CountedTables
  /** What was before the window, with which the counters are compared: nothing, for a thread that is younger. */
  #before: Look = { atNs: 0, idleNs: 0, counted: byKind(() => NONE) }
  #looks: readonly Look[] = []

  constructor(tables = new CountedTables()) {
    this.#tables = tables
  }

  /** Takes a look where the last one is old enough. */
  look(figures: Float64Array, idleNs: number, atNs: number): void {
    const newest = this.#looks.at(-1)
    if (newest !== undefined && atNs - newest.atNs < STEP_NS) return
    const look = { atNs, idleNs, counted: byKind((kind) => this.#counted(figures, kind)) }
    const attachedAtNs = figures[Slot.attachedAtNs] as number
    // What a thread did before it was found counts only where that was within the window.
    if (newest === undefined && atNs - attachedAtNs >= WINDOW_NS) this.#before = look
    const looks = [...this.#looks, look]
    const kept = looks.findIndex(({ atNs: at }) => at > atNs - WINDOW_NS)
    this.#before = looks[kept - 1] ?? this.#before
    this.#looks = looks.slice(kept)
  }

  /** The last minute. Undefined for `delays`: turns are not seen here. */
  lastMinute(figures: Float64Array, idleNs: number, atNs: number): LastMinute {
    const came = byKind((kind) => countsSince(this.#counted(figures, kind), this.#before.counted[kind]))
    const longestNs = byKind((kind) => longestOf(figures, LONGEST[kind], atNs))
    const seesTurns = !Number.isNaN(figures[Table.loopTurnDurations])
    const waitedNs = idleNs - this.#before.idleNs
    return {
      quantiles: byKind((kind) =>
        QUANTILES.flatMap((quantile) => {
          const ns = quantileOf(came[kind], quantile, longestNs[kind])
          return ns === undefined ? [] : [{ quantile, ns }]
        }),
      ),
      delays: seesTurns ? delaysOf(came.turn, waitedNs, longestNs.turn) : undefined,
    }
  }

  /** Share of time, 0 to 1, that the loop was not waiting since the newest look that is at least 5 s old. */
  utilization(idleNs: number, atNs: number): number | undefined {
    const before = this.#looks.filter((look) => atNs - look.atNs >= STEP_NS).at(-1)
    if (before === undefined || Number.isNaN(idleNs) || Number.isNaN(before.idleNs)) return undefined
    return Math.min(1, Math.max(0, 1 - (idleNs - before.idleNs) / (atNs - before.atNs)))
  }

  #counted(figures: Float64Array, kind: Kind): Counts {
    return this.#tables.of(figures, TABLES[kind]) ?? NONE
  }
}
