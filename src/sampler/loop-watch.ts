import type { LoopLook } from './loop-looks'

/** What it takes to know whether a loop is stuck. */
export interface Look extends Pick<LoopLook, 'turnNs' | 'idleNs' | 'busyNs'> {
  readonly atNs: number
  /** Of a worker: for how long it has wanted a CPU in all, NaN where that is not to be had. Stands still while it sleeps. */
  readonly runnableNs: number
}

/** A worker that wanted a CPU for less of the time than this was parked in between. */
const RAN_UNPARKED = 0.75

/** Of how long the turn of one loop has been busy (native/loop_look.h), what was no work: a stop, or parking. */
export class LoopWatch {
  /** Busy, in the turn of the newest look, less that. */
  busyNs = 0
  /** The loop did nothing but that since the look before. */
  stuck = false
  /** False of a worker as long as no window has told that it runs: what it is busy with may be that it is parked. */
  certain: boolean
  #last: Look | undefined
  /** Of the turn under way. */
  #notCountedNs = 0
  #windowAt: Look | undefined
  /** Of the time since then. */
  #stoppedInWindowNs = 0
  readonly #parkWindowNs: number | undefined

  /**
   * `parkWindowNs`: a worker may wait inside its turn (`Atomics.wait`, as pools do), for which libuv knows no idle time; what
   * is busy is asked of the scheduler, over windows of this length. Not for the main thread, whose waiting is a stall.
   */
  constructor(parkWindowNs: number | undefined) {
    this.#parkWindowNs = parkWindowNs
    this.certain = parkWindowNs === undefined
  }

  /** `stoppedNs`: for how much of the time since the look before the whole process was stopped. */
  look(now: Look, stoppedNs: number): void {
    const last = this.#last
    this.#last = now
    this.stuck = last !== undefined && last.turnNs === now.turnNs && last.idleNs === now.idleNs
    if (!this.stuck) this.#notCountedNs = 0
    this.#notCountedNs = Math.min(now.busyNs, this.#notCountedNs + stoppedNs)
    if (this.#parkWindowNs !== undefined && this.#parked(now, this.#parkWindowNs, stoppedNs)) {
      this.#notCountedNs = now.busyNs
    }
    this.busyNs = now.busyNs - this.#notCountedNs
  }

  /** Where the platform does not tell a worker is always parked: what cannot be known is not reported. */
  #parked(now: Look, windowNs: number, stoppedNs: number): boolean {
    const before = this.#windowAt
    if (this.stuck && Number.isNaN(now.runnableNs)) return true
    if (before === undefined || Number.isNaN(before.runnableNs) || !this.stuck) {
      this.#openWindow(now)
      this.certain = false
      return false
    }
    this.#stoppedInWindowNs += stoppedNs
    const elapsedNs = now.atNs - before.atNs - this.#stoppedInWindowNs
    if (elapsedNs < windowNs) return false
    this.#openWindow(now)
    this.certain = now.runnableNs - before.runnableNs > elapsedNs * RAN_UNPARKED
    return !this.certain
  }

  #openWindow(now: Look): void {
    this.#windowAt = now
    this.#stoppedInWindowNs = 0
  }
}
