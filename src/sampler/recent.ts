import { type DurationTable, quantileOf } from '../probe/durations'
import { DURATION_BUCKETS, Slot, Table } from '../probe/layout'

const WINDOW_NS = 60e9
/** Looks that are closer together than this share an entry. */
const STEP_NS = 5e9

const KINDS = { minor: 'gcMinorDurations', major: 'gcMajorDurations' } as const satisfies Record<
  string,
  DurationTable
>
const QUANTILES = [0.5, 0.9, 0.99, 0.999]

interface Look {
  readonly atNs: number
  readonly idleNs: number
  /** Counts by bucket that came since the look before, of each kind: few, so kept as pairs. */
  readonly came: Readonly<Record<keyof typeof KINDS, readonly (readonly [bucket: number, count: number])[]>>
}

/**
 * What one thread did lately, from counters that never reset: looks at it, some seconds apart, for a minute. Two
 * readers share it and find the same.
 */
export class Recent {
  readonly #last = { minor: new Float64Array(DURATION_BUCKETS), major: new Float64Array(DURATION_BUCKETS) }
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
      came: { minor: this.#came(figures, 'minor', counts), major: this.#came(figures, 'major', counts) },
    })
    this.#looks = this.#looks.filter((look) => look.atNs > atNs - WINDOW_NS)
  }

  /** Quantiles in nanoseconds of the pauses of the last minute. */
  quantiles(figures: Float64Array): { kind: string; quantile: number; ns: number }[] {
    return (Object.keys(KINDS) as (keyof typeof KINDS)[]).flatMap((kind) => {
      const counts = new Float64Array(DURATION_BUCKETS)
      for (const { came } of this.#looks)
        for (const [bucket, count] of came[kind]) counts[bucket] = (counts[bucket] as number) + count
      const first = Table[KINDS[kind]]
      for (let bucket = 0; bucket < DURATION_BUCKETS; bucket++) {
        const since = (figures[first + bucket] as number) - (this.#last[kind][bucket] as number)
        if (since > 0) counts[bucket] = (counts[bucket] as number) + since
      }
      return QUANTILES.flatMap((quantile) => {
        const ns = quantileOf(counts, quantile)
        return ns === undefined ? [] : [{ kind, quantile, ns }]
      })
    })
  }

  /** Share of time, 0 to 1, that the loop was not waiting since the newest look that is at least 5 s old. */
  utilization(idleNs: number, atNs: number): number | undefined {
    const before = this.#looks.filter((look) => atNs - look.atNs >= STEP_NS).at(-1)
    if (before === undefined || Number.isNaN(idleNs) || Number.isNaN(before.idleNs)) return undefined
    return Math.min(1, Math.max(0, 1 - (idleNs - before.idleNs) / (atNs - before.atNs)))
  }

  #came(figures: Float64Array, kind: keyof typeof KINDS, counts: boolean): [number, number][] {
    const first = Table[KINDS[kind]]
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
