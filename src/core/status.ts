/** From fine to bad; `unknown` where there is too little to judge by yet. */
export type Level = 'good' | 'notice' | 'bad' | 'unknown'

export interface Figure {
  readonly name: string
  readonly value: number
  /** Of the metrics' table: `seconds`, `bytes`, `ratio`, `cycles/s`, … */
  readonly unit: string
}

/** What the figures mean, in plain words. */
export interface Verdict {
  readonly id: 'gc' | 'pause' | 'heap' | 'resources' | 'loop'
  readonly level: Level
  /** One or two words: `steady`, `leaking`, `stalled`. */
  readonly word: string
  /** One sentence with the numbers that it rests on. */
  readonly text: string
  readonly figures: readonly Figure[]
  /** The metrics that it is made of. */
  readonly metrics: readonly string[]
  /** What to do about it, in a sentence; empty where nothing need be done. */
  readonly advice: string
}

export interface ThreadStatus {
  readonly thread: string
  readonly source: 'native' | 'perf_hooks'
  readonly utilization?: number
  readonly heapUsedBytes?: number
  readonly gcCycles?: number
  readonly stalled: boolean
}

/** One of the processes that share a port. */
export interface SharedProcess {
  readonly pid: number
  /** The worker's ID in its cluster. */
  readonly worker: string | undefined
  readonly service: string
  readonly intervalMs: number
  /** Whether it is the one that serves. */
  readonly serves: boolean
  /** When its figures were read last, milliseconds since the epoch. */
  readonly sampledAt: number
  /** Whether one of its event loops is stuck. */
  readonly stalled: boolean
}

/** `/v1/status`: what a person wants to know first. Plain data. */
export interface Status {
  readonly service: string
  readonly pid: number
  readonly nodeVersion: string
  readonly offloopVersion: string
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  readonly now: number
  readonly intervalMs: number
  readonly sequence: number
  /** When the newest sample was taken, milliseconds since the epoch. */
  readonly sampledAt: number
  /** The sampler's own: what it missed, dropped and failed to deliver. */
  readonly health: {
    readonly missedTicks: number
    readonly droppedBatches: number
    readonly exportFailures: number
    readonly restarts: number
  }
  readonly threads: readonly ThreadStatus[]
  readonly verdicts: readonly Verdict[]
  /** All that share the port, the one that serves first. Absent where it cannot be shared. */
  readonly processes?: readonly SharedProcess[]
}
