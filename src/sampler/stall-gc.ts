/** What the collector has taken of a thread, in all, as one look saw it. Nanoseconds. */
export interface GcTime {
  /** Pauses, the one under way included. */
  readonly pauseNs: number
  /** All of it, as of the newest major collection or answer; NaN where it is not known. */
  readonly allNs: number
}

/** What it took from one look to the other. */
export function gcBetween(from: GcTime, to: GcTime): number {
  const pauseNs = to.pauseNs - from.pauseNs
  const allNs = to.allNs - from.allNs
  return Math.max(0, pauseNs, Number.isNaN(allNs) ? 0 : allNs)
}

/** The collector's time between two looks, after this share of what ran: as if it had been spread evenly over that. */
export function gcAt(from: GcTime, to: GcTime, share: number): GcTime {
  return {
    pauseNs: from.pauseNs + share * (to.pauseNs - from.pauseNs),
    allNs: from.allNs + share * (to.allNs - from.allNs),
  }
}
