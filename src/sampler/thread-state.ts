const FIELDS = [
  'sequence',
  'missedTicks',
  'restarts',
  'queued',
  'lostBatches',
  'flushed',
  'stalls',
  'mainStalls',
] as const
type Field = (typeof FIELDS)[number]

/**
 * What both threads must know without asking each other: it outlives a sampling thread that crashes, and can be read
 * by a main thread that is about to exit and turns its loop no more.
 *
 * - `sequence` of the newest batch, `missedTicks`: written by the sampling thread, continued by the next one
 * - `stalls` noticed so far, `mainStalls` of the main thread: likewise
 * - `queued`: batches that exporters of the sampling thread still hold; written by it
 * - `restarts` of the sampling thread, `lostBatches` that were queued when one ended: written by the main thread
 * - `flushed`: 1 when an exit flush is done; written by the sampling thread, waited for by the main thread
 */
export class ThreadState {
  readonly #fields: Int32Array

  constructor(readonly memory = new SharedArrayBuffer(FIELDS.length * Int32Array.BYTES_PER_ELEMENT)) {
    this.#fields = new Int32Array(memory)
  }

  get(field: Field): number {
    return Atomics.load(this.#fields, FIELDS.indexOf(field))
  }

  set(field: Field, value: number): void {
    Atomics.store(this.#fields, FIELDS.indexOf(field), value)
    Atomics.notify(this.#fields, FIELDS.indexOf(field))
  }

  /** Returns the sum. */
  add(field: Field, value: number): number {
    return Atomics.add(this.#fields, FIELDS.indexOf(field), value) + value
  }

  /** Blocks the calling thread while `field` is `value`, for `ms` at most. */
  wait(field: Field, value: number, ms: number): void {
    Atomics.wait(this.#fields, FIELDS.indexOf(field), value, ms)
  }
}
