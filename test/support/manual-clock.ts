import type { Clock } from '../../src/core/clock'

/** A clock that moves when a test says so. Between two timers everything that promises can do is done. */
export class ManualClock implements Clock {
  #now = 0
  readonly #timers = new Set<{ at: number; then: () => void }>()

  get pending(): number {
    return this.#timers.size
  }

  now(): number {
    return this.#now
  }

  timer(ms: number, then: () => void): () => void {
    const timer = { at: this.#now + ms, then }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  async advance(ms: number): Promise<void> {
    const end = this.#now + ms
    for (;;) {
      await settled()
      const due = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
      if (due === undefined) break
      this.#timers.delete(due)
      this.#now = due.at
      due.then()
    }
    this.#now = end
  }
}

/** Every reaction of promises that can run has run. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
