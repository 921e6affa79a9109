import type { Batch } from '../core/batch'

/** How many batches may be on their way to the main thread: what a main thread finds after a long block. */
const MAX_UNACKNOWLEDGED = 6
/** How many wait here meanwhile: 20 minutes at 10 s. */
const MAX_WAITING = 120

/** Batches for the main thread: posted while it keeps up, held back while it is stuck, the oldest dropped. */
export class Posting {
  readonly #post: (batch: Batch) => void
  readonly #onDrop: () => void
  readonly #waiting: Batch[] = []
  #unacknowledged = 0

  constructor(post: (batch: Batch) => void, onDrop: () => void) {
    this.#post = post
    this.#onDrop = onDrop
  }

  push(batch: Batch): void {
    this.#waiting.push(batch)
    this.#drain()
    if (this.#waiting.length > MAX_WAITING) {
      this.#waiting.shift()
      this.#onDrop()
    }
  }

  acknowledge(): void {
    this.#unacknowledged--
    this.#drain()
  }

  /** Posts all that waits, at the end. */
  flush(): void {
    for (const batch of this.#waiting.splice(0)) this.#post(batch)
  }

  #drain(): void {
    while (this.#unacknowledged < MAX_UNACKNOWLEDGED) {
      const batch = this.#waiting.shift()
      if (batch === undefined) return
      this.#unacknowledged++
      this.#post(batch)
    }
  }
}
