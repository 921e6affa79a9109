/** From fine to bad; `unknown` where there is too little to judge by yet. */
export type Level = 'good' | 'notice' | 'bad' | 'unknown'

export interface Figure {
  readonly name: string
  readonly value: number
  /** Of the metrics' table: `seconds`, `bytes`, `ratio`, `cycles/s`, … */
  readonly unit: string
}

/** What verdicts may say of each subject; `unknown` where there is too little to judge by. */
export const WORDS = {
  gc: ['light', 'frequent', 'noticeable', 'heavy', 'unknown'],
  pause: ['none', 'excellent', 'normal', 'long at times', 'long', 'problem', 'unknown'],
  heap: ['steady', 'sawtooth', 'leaking', 'near its limit', 'unknown'],
  resources: ['stable', 'leaking', 'unknown'],
  loop: ['free', 'busy', 'stalled', 'stalled lately', 'unknown'],
} as const

export type Subject = keyof typeof WORDS
export type Word<S extends Subject = Subject> = (typeof WORDS)[S][number]

/** What the figures mean, in plain words. */
export interface Verdict {
  readonly id: Subject
  readonly level: Level
  /** One or two words: `steady`, `leaking`, `stalled`. */
  readonly word: string
  /** The numbers that it rests on, in a few words. */
  readonly short: string
  /** One sentence with the numbers that it rests on. */
  readonly text: string
  /** What others hold for normal, where there is such a thing. */
  readonly reference?: string
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

/** What the sampler missed, dropped and failed to deliver, and how often it was started again. */
export interface Faults {
  readonly missedTicks: number
  readonly droppedBatches: number
  readonly exportFailures: number
  readonly restarts: number
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
  /** The sampler's own, since the start, and in the last five minutes. */
  readonly health: Faults & { readonly lately?: Faults }
  readonly threads: readonly ThreadStatus[]
  readonly verdicts: readonly Verdict[]
  /** All that share the port, the one that serves first. Absent where it cannot be shared. */
  readonly processes?: readonly SharedProcess[]
}
