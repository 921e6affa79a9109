import type { Binding } from '../probe/binding'
import { BlockReader } from '../probe/block'
import { SLOT_COUNT } from '../probe/layout'
import { type ProbeSource, threadLabel } from '../probe/probe'

/** One probe as the sampling thread sees it. */
export class ObservedProbe {
  readonly block: BlockReader
  /** The newest consistent copy of the block. */
  readonly slots = new Float64Array(SLOT_COUNT)

  constructor(
    readonly thread: string,
    readonly source: ProbeSource,
    memory: SharedArrayBuffer,
  ) {
    this.block = new BlockReader(memory)
  }

  /** Takes a copy; a block that cannot be read now keeps the copy before. */
  read(): void {
    const copy = new Float64Array(SLOT_COUNT)
    if (this.block.read(copy)) this.slots.set(copy)
  }
}

/** What a batch says of a thread. */
export interface ThreadFigures {
  readonly thread: string
  readonly source: ProbeSource
  readonly slots: Float64Array
}

/** All probes of the process, and the way to ask them. */
export interface Probes {
  list(): readonly ObservedProbe[]
  /** Changes whenever the list does. */
  generation(): number
  /** Sums of the GC counters of all threads that ended, by slot. */
  endedTotals(): Float64Array
  /** Asks every probe for fresh figures without waiting; returns the request's number. */
  request(): number
}

/** Native probes, found and asked through the addon's registry. */
export class NativeProbes implements Probes {
  readonly #binding: Binding
  #generation = -1
  #byId = new Map<number, ObservedProbe>()

  constructor(binding: Binding) {
    this.#binding = binding
  }

  list(): readonly ObservedProbe[] {
    const generation = this.#binding.generation()
    if (generation !== this.#generation) {
      this.#generation = generation
      this.#byId = new Map(
        this.#binding
          .probes()
          .map(({ id, threadId, threadName, memory }) => [
            id,
            this.#byId.get(id) ?? new ObservedProbe(threadLabel(threadId, threadName), 'native', memory),
          ]),
      )
    }
    return [...this.#byId.values()]
  }

  generation(): number {
    return this.#binding.generation()
  }

  endedTotals(): Float64Array {
    return this.#binding.endedTotals()
  }

  request(): number {
    return this.#binding.request()
  }
}

/** The main thread's `perf_hooks` probe, asked by message. */
export class FallbackProbes implements Probes {
  readonly #probe: ObservedProbe
  readonly #ask: (request: number) => void
  #requests = 0

  constructor(thread: string, memory: SharedArrayBuffer, ask: (request: number) => void) {
    this.#probe = new ObservedProbe(thread, 'perf_hooks', memory)
    this.#ask = ask
  }

  list(): readonly ObservedProbe[] {
    return [this.#probe]
  }

  generation(): number {
    return 0
  }

  endedTotals(): Float64Array {
    return new Float64Array(SLOT_COUNT)
  }

  request(): number {
    const request = ++this.#requests
    this.#ask(request)
    return request
  }
}

/** Nanoseconds of the clock that the probes use (`uv_hrtime`). */
export function probeClockNs(): number {
  return Number(process.hrtime.bigint())
}

/** What one look at all threads found. */
export interface Observation {
  readonly probes: readonly ObservedProbe[]
  /** Whose series a batch has (`thread-series.ts`). Default: all of them. */
  readonly threads?: readonly ThreadFigures[]
  readonly ended: Float64Array
  /** When, on the probes' clock. */
  readonly atNs: number
}

// A thread that ends during a look would be in neither figure, or in both, and a total would go down in the next one.
// A look takes less than a millisecond, and threads do not end that often for so long.
const LOOKS = 100

/**
 * Copies every block, after asking again for heap and handle figures older than `maxAgeMs`. Waits at most `waitMs`
 * for the answers; a thread that gives none is read as it is: its GC counters are current all the same.
 */
export async function observe(probes: Probes, maxAgeMs: number, waitMs: number): Promise<Observation> {
  const oldest = probeClockNs() - maxAgeMs * 1e6
  const stale = probes.list().filter(({ block }) => block.get('sampledAtNs') < oldest)
  if (stale.length > 0) {
    const request = probes.request()
    const deadline = performance.now() + waitMs
    // Answers come within 0.2 ms from a thread that runs JavaScript or idles. Looking is free for it, being told
    // would cost it a system call.
    for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, 8)) {
      const leftMs = deadline - performance.now()
      if (leftMs <= 0) break
      await new Promise((resolve) => setTimeout(resolve, Math.min(pauseMs, leftMs)))
      if (stale.every(({ block }) => block.get('answeredRequest') >= request)) break
    }
  }
  for (let look = 1; ; look++) {
    const generation = probes.generation()
    const list = probes.list()
    for (const probe of list) probe.read()
    const ended = probes.endedTotals()
    if (probes.generation() === generation || look === LOOKS) {
      return { probes: list, ended, atNs: probeClockNs() }
    }
  }
}
