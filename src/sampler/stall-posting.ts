import type { Stall } from '../core/stall'

const MAX_WAITING = 100

/** Stalls that are over, for the main thread: held back while it is stuck itself, the oldest dropped. */
export class StallPosting {
  readonly #post: (stall: Stall) => void
  readonly #waiting: Stall[] = []

  constructor(post: (stall: Stall) => void) {
    this.#post = post
  }

  push(stall: Stall, mainIsStuck: boolean): void {
    this.#waiting.push(stall)
    if (this.#waiting.length > MAX_WAITING) this.#waiting.shift()
    if (!mainIsStuck) for (const one of this.#waiting.splice(0)) this.#post(one)
  }
}
