/** How many series are remembered, more than 64 threads have: those of threads that ended make room for new ones. */
const MAX_SERIES = 50_000

/** Cumulative totals as they were last delivered, for protocols that want the growth since then. */
export class Deltas {
  /** The one that was set longest ago first. */
  readonly #delivered = new Map<string, number>()

  /** What was last delivered; undefined for a series that is new. */
  last(series: string): number | undefined {
    return this.#delivered.get(series)
  }

  /** A series that is new started at zero, and so did one that has shrunk: its thread's name was given away again. */
  since(series: string, total: number): number {
    const last = this.#delivered.get(series) ?? 0
    return total >= last ? total - last : total
  }

  deliver(series: string, total: number): void {
    this.#delivered.delete(series)
    this.#delivered.set(series, total)
    if (this.#delivered.size <= MAX_SERIES) return
    for (const oldest of this.#delivered.keys()) {
      this.#delivered.delete(oldest)
      return
    }
  }
}
