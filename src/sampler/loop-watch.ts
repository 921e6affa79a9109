/** What one look at a loop saw. Nanoseconds; on the probes' clock where they are points in time. */
export interface Look {
  readonly atNs: number
  /** When the turn under way began; the attaching of the probe before the first. */
  readonly turnNs: number
  /** What the loop had waited in all by then. */
  readonly idleAtTurnNs: number
  /** What it has waited in all. Stands still unless the loop is waiting. */
  readonly idleNs: number
  /** For how long the thread has wanted a CPU in all, NaN where that is not to be had. Stands still while it sleeps. */
  readonly runnableNs: number
}

/** One, or several together. */
interface Gap {
  readonly ns: number
  /** The look before the first. */
  readonly before: Look
}

/** A gap in which the thread wanted a CPU for less of the time than this was one in which nothing ran. */
const RAN_IN_GAP = 0.1
/** A worker that wanted a CPU for less of the time than this was parked in between. */
const RAN_UNPARKED = 0.75

/**
 * How long the turn of one loop has been busy. A turn waits for I/O first and then runs callbacks, so its busy part is its
 * age less what the loop waited in it: near 0 for a loop that waits, however old its turn, and without any look at
 * the moment when the waiting ended.
 */
export class LoopWatch {
  /** Busy, in the turn of the newest look. */
  busyNs = 0
  /** The loop did nothing but that since the look before. */
  stuck = false
  #last: Look | undefined
  #notCountedNs = 0
  /** What was left out of the turn, as long as nothing tells that the thread ran in it. */
  #gap: Gap | undefined
  #windowAt: Look | undefined
  readonly #parkWindowNs: number | undefined

  /**
   * `parkWindowNs`: a worker may wait inside its turn (`Atomics.wait`, as pools do), for which libuv knows no idle time; what
   * is busy is asked of the scheduler, over windows of this length. Not for the main thread, whose waiting is a stall.
   */
  constructor(parkWindowNs: number | undefined) {
    this.#parkWindowNs = parkWindowNs
  }

  get last(): Look | undefined {
    return this.#last
  }

  /** `gapNs`: for how long nobody looked, although it was time to. */
  look(now: Look, gapNs: number): void {
    const last = this.#last
    this.#last = now
    this.stuck = last !== undefined && last.turnNs === now.turnNs && last.idleNs === now.idleNs
    if (!this.stuck) this.#notCountedNs = 0
    const ageNs = now.atNs - now.turnNs - Math.max(0, now.idleNs - now.idleAtTurnNs)
    if (this.#parkWindowNs === undefined) {
      this.#leaveOut(last, now, gapNs)
    } else if (this.#parked(now, this.#parkWindowNs)) {
      this.#notCountedNs = ageNs
    }
    this.busyNs = Math.max(0, ageNs - this.#notCountedNs)
  }

  /**
   * A process that is stopped, or a machine that is suspended, stops the watcher too. But a watcher that alone was late saw
   * nothing of a thread that ran. One look is not enough to tell: the scheduler counts the time of a thread in its queue
   * when it is out of it.
   */
  #leaveOut(last: Look | undefined, now: Look, gapNs: number): void {
    if (!this.stuck) this.#gap = undefined
    if (gapNs > 0 && last !== undefined) {
      this.#gap = { ns: (this.#gap?.ns ?? 0) + gapNs, before: this.#gap?.before ?? last }
      this.#notCountedNs += gapNs
    }
    if (this.#gap === undefined || !ranIn(this.#gap, now)) return
    this.#notCountedNs -= this.#gap.ns
    this.#gap = undefined
  }

  /** Where the platform does not tell a worker is always parked: what cannot be known is not reported. */
  #parked(now: Look, windowNs: number): boolean {
    const before = this.#windowAt
    if (before === undefined || !this.stuck) {
      this.#windowAt = now
      return false
    }
    if (Number.isNaN(now.runnableNs)) return true
    const elapsedNs = now.atNs - before.atNs
    if (elapsedNs < windowNs) return false
    this.#windowAt = now
    return !(now.runnableNs - before.runnableNs > elapsedNs * RAN_UNPARKED)
  }
}

/** Whether the thread must have wanted a CPU in the gap too, even if it did so in all of the time around it. */
function ranIn({ ns, before }: Gap, now: Look): boolean {
  const aroundNs = now.atNs - before.atNs - ns
  return now.runnableNs - before.runnableNs - aroundNs > ns * RAN_IN_GAP
}
