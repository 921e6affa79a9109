import type { Stall } from '../core/stall'

const KEPT = 100

/**
 * Called when a stall is noticed, when its stack came after that, and when it is over; `first`: nothing was said of this one
 * before.
 */
export type StallListener = (stall: Stall, first: boolean) => void

/** The newest stalls, ongoing ones included, and whoever wants to hear of them. */
export class StallHistory {
  /** The oldest first. */
  #stalls: Stall[] = []
  readonly #listeners = new Set<StallListener>()

  /** The newest first. */
  list(): readonly Stall[] {
    return [...this.#stalls].reverse()
  }

  /** Returns what ends it. */
  onStall(listener: StallListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** A new stall, or the newer state of one. */
  keep(stall: Stall): void {
    const at = this.#stalls.findIndex(({ id }) => id === stall.id)
    if (at !== -1) this.#stalls[at] = stall
    else this.#stalls = [...this.#stalls, stall].slice(-KEPT)
  }

  tell(stall: Stall, first: boolean): void {
    this.keep(stall)
    for (const listener of this.#listeners) listener(stall, first)
  }
}
