import type { Frame, Stall } from '../core/stall'

/** What the collector has taken of a thread, in all, as one look saw it. Nanoseconds. */
export interface GcTime {
  /** Pauses, the one under way included. */
  readonly pauseNs: number
  /** All of it, as of the newest major collection or answer; NaN where it is not known. */
  readonly allNs: number
}

/** What it took from one look to the other. */
export function gcBetween(from: GcTime, to: GcTime): number {
  const pauseNs = to.pauseNs - from.pauseNs
  const allNs = to.allNs - from.allNs
  return Math.max(0, pauseNs, Number.isNaN(allNs) ? 0 : allNs)
}

/** JavaScript answers an interrupt within a millisecond, a busy machine and a collection aside. */
export const ANSWER_NS = 250e6

const MS = 1e-6

/** What is known of a stall while it lasts. Times are nanoseconds, on the probes' clock. */
export class OpenStall {
  /** Whether those who listen know of it. */
  told = false
  /** The thread was asked for its stack, and has not given it. */
  #stack: { readonly frames: readonly Frame[]; readonly atNs: number } | undefined
  #askedAtNs = 0
  #silentGcNs = 0
  #gcAtAsk: GcTime
  #busyNs: number
  #gc: GcTime
  #paused = false

  constructor(
    readonly id: number,
    readonly thread: string,
    /** Milliseconds since the epoch. */
    readonly startedAt: number,
    readonly startedAtNs: number,
    private readonly gcBefore: GcTime,
    gcNow: GcTime,
    busyNs: number,
  ) {
    this.#gc = gcNow
    this.#gcAtAsk = gcNow
    this.#busyNs = busyNs
  }

  get busyNs(): number {
    return this.#busyNs
  }

  get hasStack(): boolean {
    return this.#stack !== undefined
  }

  asked(atNs: number): void {
    this.#askedAtNs = atNs
  }

  goesOn(busyNs: number, gc: GcTime): void {
    this.#busyNs = busyNs
    this.#gc = gc
    if (this.#stack === undefined) this.#silentGcNs = gcBetween(this.#gcAtAsk, gc)
  }

  answered(frames: readonly Frame[], atNs: number): void {
    this.#stack = { frames, atNs }
  }

  /** A debugger is attached, and the thread does nothing. */
  paused(): void {
    this.#paused = true
  }

  /** The thread has had the time to answer, collections aside, and has not. */
  isSilent(atNs: number): boolean {
    return (this.#stack?.atNs ?? atNs) - this.#askedAtNs - this.#silentGcNs > ANSWER_NS
  }

  state(atNs: number, ongoing: boolean): Stall {
    const gcNs = Math.min(gcBetween(this.gcBefore, this.#gc), this.#busyNs)
    const code = this.isSilent(atNs) ? (this.#paused ? 'debugger' : 'native') : 'code'
    return {
      id: this.id,
      thread: this.thread,
      startedAt: this.startedAt,
      durationMs: rounded(this.#busyNs * MS),
      ongoing,
      cause: gcNs > this.#busyNs / 2 ? 'gc' : code,
      gcMs: rounded(gcNs * MS),
      ...(this.#stack === undefined
        ? {}
        : { stack: this.#stack.frames, stackAtMs: rounded((this.#stack.atNs - this.startedAtNs) * MS) }),
    }
  }
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10
}
