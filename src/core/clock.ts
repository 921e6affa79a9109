/** Time as the sampling thread needs it, so that tests can run hours at once. */
export interface Clock {
  /** Milliseconds since some fixed instant; never goes back. */
  now(): number
  /** Calls `then` once after `ms`; the result cancels it. Keeps no thread alive. */
  timer(ms: number, then: () => void): () => void
}

export const systemClock: Clock = {
  now: () => performance.now(),
  timer(ms, then) {
    const timer = setTimeout(then, ms).unref()
    return () => clearTimeout(timer)
  },
}
