import { getHeapStatistics } from 'node:v8'
import type { Clock } from '../core/clock'

/** By then V8 has compiled a function of ours beside the thread, on a busy machine too. */
const COMPILED_MS = 1_000

/**
 * What V8 needs to optimise a function, up to megabytes, it gives back when the thread takes the result, which it does in its
 * next turn: for a thread that runs once an interval that is an interval later. So after a turn in which V8 began with one
 * there is another.
 */
export class CompilerMemory {
  #before = Number.POSITIVE_INFINITY

  constructor(
    private readonly clock: Clock,
    /** Of V8 in this thread, outside its heap: what it compiles with is in it. */
    private readonly mallocedBytes = () => getHeapStatistics().malloced_memory,
  ) {}

  /** Before the work of a turn: what was compiled until then has been taken. */
  begin(): void {
    this.#before = this.mallocedBytes()
  }

  /** After it. */
  end(): void {
    if (this.mallocedBytes() > this.#before) this.clock.timer(COMPILED_MS, () => {})
  }
}
