import type { Frame, Stall } from '../core/stall'
import { type GcTime, gcBetween } from './stall-gc'
import type { ThreadTime } from './thread-clock'
import { Unanswered } from './unanswered'

/** A stall whose thread has not answered is told of now, even if that is not its fault. */
const UNTOLD_NS = 300e6

const MS = 1e-6

/** What is known of a stall while it lasts. Times are nanoseconds, on the probes' clock. */
export class OpenStall {
  /** Whether those who listen know of it. */
  told = false
  #stack: { readonly frames: readonly Frame[]; readonly atNs: number } | undefined
  readonly #answer: Unanswered
  #busyNs: number
  #gc: GcTime
  #paused = false

  /** The thread has been asked for its stack. */
  constructor(
    readonly id: number,
    readonly thread: string,
    /** Milliseconds since the epoch. */
    readonly startedAt: number,
    private readonly startedAtNs: number,
    private readonly gcBefore: GcTime,
    atNs: number,
    gc: GcTime,
    time: ThreadTime,
  ) {
    this.#answer = new Unanswered(atNs, gc, time)
    this.#busyNs = atNs - startedAtNs
    this.#gc = gc
  }

  get frames(): readonly Frame[] | undefined {
    return this.#stack?.frames
  }

  goesOn(busyNs: number, gc: GcTime): void {
    this.#busyNs = busyNs
    this.#gc = gc
  }

  /** As long as there is no stack. */
  waits(atNs: number, time: ThreadTime, wantsCpu: boolean): void {
    this.#answer.look(atNs, this.#gc, time, wantsCpu)
  }

  answered(frames: readonly Frame[], atNs: number, time: ThreadTime): void {
    this.#answer.look(atNs, this.#gc, time, false)
    this.#stack = { frames, atNs }
  }

  /** What the places of its stack were found to come from. */
  locate(frames: readonly Frame[]): void {
    if (this.#stack !== undefined) this.#stack = { ...this.#stack, frames }
  }

  /** Nobody has been told, and there is no reason to wait for the stack. */
  isDue(atNs: number): boolean {
    return !this.told && (this.#answer.silent || atNs - this.#answer.askedAtNs > UNTOLD_NS)
  }

  /** The thread does nothing, and could answer: as one does that a debugger has paused. */
  get sleeps(): boolean {
    return this.#answer.silent && this.#answer.asleep
  }

  /** A debugger is attached, and the thread sleeps. */
  paused(): void {
    this.#paused = true
  }

  state(ongoing: boolean): Stall {
    const gcNs = Math.min(gcBetween(this.gcBefore, this.#gc), this.#busyNs)
    // A thread that goes on answers at once, and may have waited for its CPU then: what was seen of a debugger stays.
    const code = this.#paused ? 'debugger' : this.#answer.silent ? 'native' : 'code'
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
