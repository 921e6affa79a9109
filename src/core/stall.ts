/** A place in a program. Line and column count from 1. */
export interface Place {
  /** A path, or a URL where the script has one. */
  readonly file: string
  readonly line: number
  readonly column: number
}

/** One call of a stack, the innermost first. */
export interface Frame {
  /** Empty where the function has no name. */
  readonly functionName: string
  /** Absent for what has none, such as a built-in function. */
  readonly place?: Place
  /** Where a source map says that `place` comes from. */
  readonly original?: Place
}

/** As V8 writes it. */
export function frameText({ functionName, place, original }: Frame): string {
  const at = original ?? place
  const where = at === undefined ? '<native>' : `${at.file}:${at.line}:${at.column}`
  return functionName === '' ? where : `${functionName} (${where})`
}

/** A loop that has not turned for `stall.thresholdMs` or longer. Plain data. */
export interface Stall {
  /** 1 for the first of the process, then one more each. */
  readonly id: number
  /** The label `thread` of its metrics. */
  readonly thread: string
  /** When its turn began: milliseconds since the epoch. */
  readonly startedAt: number
  /** Its whole length, or how long it has lasted where it is not over. */
  readonly durationMs: number
  readonly ongoing: boolean
  /**
   * What held the thread: JavaScript code; the garbage collector, for more than half of the time; a synchronous native
   * call, in which no stack can be had; or a debugger that paused it.
   */
  readonly cause: 'code' | 'gc' | 'native' | 'debugger'
  /** Of `durationMs`, what the thread stood still for collections: pauses, and marking in steps as of the newest major one. */
  readonly gcMs: number
  /** Taken while the thread was stuck; absent where it answered no interrupt. */
  readonly stack?: readonly Frame[]
  /** When, in milliseconds since the start of the stall. */
  readonly stackAtMs?: number
}

/** A stall as it is shown beside those of other processes that share the port. */
export interface ShownStall extends Stall {
  /** Of whom, as on its series; absent where it is the process that serves, and its series have no such label. */
  readonly pid?: number
  /** The worker's ID in its cluster. */
  readonly worker?: string
}

/** As a person reads it. */
export function threadOf({ thread, pid, worker }: ShownStall): string {
  if (pid === undefined) return thread
  return `${thread} of ${worker === undefined ? '' : `worker ${worker}, `}${pid}`
}

/** Its length at `now`, as another process told it last: one that has not been told to be over goes on. */
export function lastingUntil<S extends Stall>(stall: S, now: number): S {
  if (!stall.ongoing) return stall
  return { ...stall, durationMs: Math.max(stall.durationMs, now - stall.startedAt) }
}
