import type { Metric } from '../core/batch'
import type { ToMain, ToWorker } from './messages'

/** How long the sampling thread waits for any sign of life of the main thread, before a batch goes without it. */
const SILENCE_MS = 100

type Collected = Extract<ToWorker, { type: 'collected' }>

/**
 * The sampling thread's side of custom collectors. A batch waits for a slow collector (up to its deadline) but not
 * for a stuck main thread: while a collector is pending the main thread is asked again and again whether it is there.
 */
export class CollectRound {
  readonly #post: (message: ToMain) => void
  #tick = 0
  /** A question that is not answered yet: a stuck main thread finds one when it is back, not one a sample. */
  #asking = false
  #onReply: ((reply: Collected) => void) | undefined
  /** What the newest round brought, for scrapes in between. */
  latest: readonly Metric[] = []

  constructor(post: (message: ToMain) => void) {
    this.#post = post
  }

  receive(reply: Collected): void {
    this.#asking = false
    // What comes after its batch has left is of no use to the next one, which collects anew.
    if (reply.tick === this.#tick) this.#onReply?.(reply)
  }

  async run(timeoutMs: number): Promise<readonly Metric[]> {
    const tick = ++this.#tick
    const deadline = performance.now() + timeoutMs
    const metrics: Metric[] = []
    let pending = 1
    while (pending > 0 && !this.#asking) {
      const leftMs = deadline - performance.now()
      if (leftMs <= 0) break
      this.#asking = true
      this.#post({ type: 'collect', tick })
      await this.#replies(Math.min(SILENCE_MS, leftMs), (reply) => {
        metrics.push(...reply.metrics)
        pending = reply.pending
        return pending === 0
      })
    }
    this.latest = metrics
    return metrics
  }

  /** Takes replies for `ms`, or until one is the last. */
  #replies(ms: number, take: (reply: Collected) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer)
        this.#onReply = undefined
        resolve()
      }
      const timer = setTimeout(done, ms)
      this.#onReply = (reply) => {
        if (take(reply)) done()
      }
    })
  }
}
