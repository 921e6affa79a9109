import { type GcTime, gcBetween } from './stall-gc'
import { runnableNs, type ThreadTime } from './thread-clock'

/** JavaScript answers an interrupt within a millisecond once it has a CPU, and no collection holds it. */
const ANSWER_NS = 100e6
/** A thread that wanted a CPU for less of the time than this slept. */
const ASLEEP = 0.1

/** The wait for a thread's stack, and how much of it the thread had to answer in. Nanoseconds. */
export class Unanswered {
  /** The thread has had the time to answer, and has not. */
  silent = false
  /** It does nothing meanwhile. */
  asleep = false
  #movedAtNs: number
  #onCpuNs: number

  constructor(
    readonly askedAtNs: number,
    private readonly gcAtAsk: GcTime,
    private readonly timeAtAsk: ThreadTime,
  ) {
    this.#movedAtNs = askedAtNs
    this.#onCpuNs = timeAtAsk.onCpuNs
  }

  /** As long as there is no answer, and with the time of the answer when it is there. */
  look(atNs: number, gc: GcTime, time: ThreadTime, wantsCpu: boolean): void {
    if (time.onCpuNs !== this.#onCpuNs) this.#movedAtNs = atNs
    this.#onCpuNs = time.onCpuNs
    // The scheduler counts a wait when it is over. One that wants a CPU and got nothing of it is waiting still.
    const waitingNs = wantsCpu ? atNs - this.#movedAtNs : 0
    const waitedNs = time.inQueueNs - this.timeAtAsk.inQueueNs + waitingNs
    const elapsedNs = atNs - this.askedAtNs
    const hadNs = elapsedNs - gcBetween(this.gcAtAsk, gc) - (Number.isNaN(waitedNs) ? 0 : waitedNs)
    this.silent = hadNs > ANSWER_NS
    this.asleep = !wantsCpu && runnableNs(time) - runnableNs(this.timeAtAsk) < ASLEEP * elapsedNs
  }
}
