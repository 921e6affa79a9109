import type { Clock } from '../core/clock'

/**
 * Ticks at `start + n × interval`, each timed from the start and not from the tick before it, so that lateness never
 * adds up. A thread that was late by whole intervals (suspended, starved) ticks once, and those are `missed`.
 */
export class Schedule {
  readonly #clock: Clock
  readonly #intervalMs: number
  readonly #onTick: (missed: number) => void
  readonly #startedAt: number
  #next = 0
  #cancel: () => void

  /** The first tick comes at once, in a turn of its own. */
  constructor(clock: Clock, intervalMs: number, onTick: (missed: number) => void) {
    this.#clock = clock
    this.#intervalMs = intervalMs
    this.#onTick = onTick
    this.#startedAt = clock.now()
    this.#cancel = clock.timer(0, () => this.#wake())
  }

  stop(): void {
    this.#cancel()
  }

  #wake(): void {
    const lateMs = this.#clock.now() - this.#due()
    if (lateMs >= 0) {
      const missed = Math.floor(lateMs / this.#intervalMs)
      this.#next += missed + 1
      this.#arm()
      this.#onTick(missed)
    } else {
      // Timers count whole milliseconds and may come a fraction early.
      this.#arm()
    }
  }

  #arm(): void {
    const waitMs = Math.max(1, Math.ceil(this.#due() - this.#clock.now()))
    this.#cancel = this.#clock.timer(waitMs, () => this.#wake())
  }

  #due(): number {
    return this.#startedAt + this.#next * this.#intervalMs
  }
}
