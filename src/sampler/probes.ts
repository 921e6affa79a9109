import { getHeapSpaceStatistics } from 'node:v8'
import type { Binding } from '../probe/binding'
import { BlockReader } from '../probe/block'
import { CountedTables } from '../probe/durations'
import { BLOCK_LENGTH, Slot } from '../probe/layout'
import { type ProbeSource, threadLabel } from '../probe/probe'
import { Recent } from './recent'

/** For one copy at a time. */
const SCRATCH = new Float64Array(BLOCK_LENGTH)

/** One probe as the sampling thread sees it. */
export class ObservedProbe {
  readonly block: BlockReader
  /** The newest consistent copy of the block. As long as there is none it has no figures, not even when it began. */
  readonly slots = new Float64Array(BLOCK_LENGTH).fill(Number.NaN)
  /**
   * How long its loop has waited for I/O since the probe was attached, and how long it has not; of the last answer, or
   * newer. Neither goes down.
   */
  idleNs = Number.NaN
  activeNs = Number.NaN
  readonly tables = new CountedTables()
  readonly recent = new Recent(this.tables)
  /** When its last answer was found to hold still, without asking. */
  #confirmedAtNs = 0
  /** Stalls of its loop; undefined as long as nobody watches it. */
  stalls: ThreadFigures['stalls']

  constructor(
    readonly thread: string,
    readonly source: ProbeSource,
    memory: SharedArrayBuffer,
    /** Of a native probe: the registry's. */
    readonly id = 0,
    /** Likewise: the system's own number of the thread, 0 where there is none. */
    readonly osThreadId = 0,
  ) {
    this.block = new BlockReader(memory)
  }

  /** Whether there is a copy. */
  get known(): boolean {
    return !Number.isNaN(this.slots[Slot.attachedAtNs])
  }

  /** When its heap and resource figures were true for the last time that is known. */
  get trueAtNs(): number {
    return Math.max(this.#confirmedAtNs, this.block.get('sampledAtNs'))
  }

  /** Nothing has run on its thread between its last answer and `atNs`. */
  confirm(atNs: number): void {
    this.#confirmedAtNs = atNs
  }

  /** Takes a copy; a block that cannot be read now keeps the copy before. */
  read(): void {
    if (!this.block.read(SCRATCH)) return
    this.slots.set(SCRATCH)
    const sampledAtNs = SCRATCH[Slot.sampledAtNs] as number
    if (sampledAtNs === 0) return
    this.waited(SCRATCH[Slot.loopIdleNs] as number, sampledAtNs)
    this.slots[Slot.sampledAtNs] = Math.max(sampledAtNs, this.#confirmedAtNs)
  }

  /**
   * Takes note of a loop's `idleNs`, read after the clock showed `atNs`. So what is left as active time is too little,
   * never too much, by however long the reader took: the greatest is the nearest.
   */
  waited(idleNs: number, atNs: number): void {
    const activeNs = Math.max(0, atNs - (this.slots[Slot.attachedAtNs] as number) - idleNs)
    this.idleNs = this.idleNs > idleNs ? this.idleNs : idleNs
    this.activeNs = this.activeNs > activeNs ? this.activeNs : activeNs
  }
}

/** What a batch says of a thread. */
export interface ThreadFigures {
  readonly thread: string
  readonly source: ProbeSource
  readonly slots: Float64Array
  readonly tables: CountedTables
  readonly idleNs?: number
  readonly activeNs?: number
  readonly recent?: Recent
  readonly stalls?: { readonly total: number; readonly ongoing: boolean } | undefined
}

/** All probes of the process, and the way to ask them. */
export interface Probes {
  list(): readonly ObservedProbe[]
  /** Changes whenever the list does. */
  generation(): number
  /** Sums of the counters of all threads that ended, by index of the block. */
  endedTotals(): Float64Array
  /** Brings `idleNs` and `activeNs` of all up to date, where that can be had without asking them. */
  readIdle(): void
  /** Names of the heap spaces, in the order of a block's figures. */
  readonly heapSpaces: readonly string[]
  /** Asks for fresh figures without waiting. */
  request(): Asked
}

export interface Asked {
  /** The request's number. */
  readonly request: number
  /** Who was not asked: nothing has run there since the last answer, which is as fresh as can be. */
  readonly current: ReadonlySet<ObservedProbe>
}

/** Native probes, found and asked through the addon's registry. */
export class NativeProbes implements Probes {
  readonly #binding: Binding
  #generation = -1
  #byId = new Map<number, ObservedProbe>()
  readonly heapSpaces: readonly string[]

  constructor(binding: Binding) {
    this.#binding = binding
    this.heapSpaces = binding.heapSpaces()
  }

  readIdle(): void {
    const atNs = probeClockNs()
    const pairs = this.#binding.idleNs()
    for (let at = 0; at < pairs.length; at += 2) {
      const probe = this.#byId.get(pairs[at] as number)
      probe?.waited((pairs[at + 1] as number) - (probe.slots[Slot.loopIdleAtAttachNs] as number), atNs)
    }
  }

  list(): readonly ObservedProbe[] {
    const generation = this.#binding.generation()
    if (generation !== this.#generation) {
      this.#generation = generation
      this.#byId = new Map(
        this.#binding
          .probes()
          .map(({ id, threadId, threadName, memory, osThreadId }) => [
            id,
            this.#byId.get(id) ??
              new ObservedProbe(threadLabel(threadId, threadName), 'native', memory, id, osThreadId),
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

  request(): Asked {
    const atNs = probeClockNs()
    const [request, ...ids] = this.#binding.requestOutdated()
    const current = new Set<ObservedProbe>()
    for (const id of ids) {
      const probe = this.#byId.get(id)
      if (probe === undefined) continue
      probe.confirm(atNs)
      current.add(probe)
    }
    return { request: request as number, current }
  }
}

/** The main thread's `perf_hooks` probe, asked by message. */
export class FallbackProbes implements Probes {
  readonly #probe: ObservedProbe
  readonly #ask: (request: number) => void
  #requests = 0
  readonly heapSpaces = getHeapSpaceStatistics().map(({ space_name }) => space_name)

  constructor(thread: string, memory: SharedArrayBuffer, ask: (request: number) => void) {
    this.#probe = new ObservedProbe(thread, 'perf_hooks', memory)
    this.#ask = ask
  }

  list(): readonly ObservedProbe[] {
    return [this.#probe]
  }

  readIdle(): void {}

  generation(): number {
    return 0
  }

  endedTotals(): Float64Array {
    return new Float64Array(BLOCK_LENGTH)
  }

  request(): Asked {
    const request = ++this.#requests
    this.#ask(request)
    return { request, current: new Set() }
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
  readonly heapSpaces?: readonly string[]
}

// A thread that ends during a look would be in neither figure, or in both, and a total would go down in the next one.
// A look takes less than a millisecond, and threads do not end that often for so long. Nor does a new one keep its block
// closed: it may have lost its CPU in the midst of an update, and has it again within milliseconds.
const LOOKS = 100
const LOOK_PAUSE_MS = 1

/**
 * Copies every block, after asking again for heap and handle figures older than `maxAgeMs`, but of no thread that did
 * nothing since it answered: it is not woken to say the same again. Waits at most `waitMs` for the answers; a thread that
 * gives none is read as it is: its GC counters are current all the same. One whose block was never whole is left out.
 */
export async function observe(probes: Probes, maxAgeMs: number, waitMs: number): Promise<Observation> {
  const oldest = probeClockNs() - maxAgeMs * 1e6
  const stale = probes.list().filter(({ trueAtNs }) => trueAtNs < oldest)
  if (stale.length > 0) {
    const { request, current } = probes.request()
    const asked = stale.filter((probe) => !current.has(probe))
    const deadline = performance.now() + waitMs
    // Answers come within 0.2 ms from a thread that runs JavaScript or idles. Looking is free for it, being told
    // would cost it a system call.
    for (let pauseMs = 1; asked.length > 0; pauseMs = Math.min(pauseMs * 2, 8)) {
      const leftMs = deadline - performance.now()
      if (leftMs <= 0) break
      await new Promise((resolve) => setTimeout(resolve, Math.min(pauseMs, leftMs)))
      if (asked.every(({ block }) => block.get('answeredRequest') >= request)) break
    }
  }
  for (let look = 1; ; look++) {
    const generation = probes.generation()
    const list = probes.list()
    for (const probe of list) probe.read()
    const ended = probes.endedTotals()
    const known = list.filter((probe) => probe.known)
    const whole = known.length === list.length
    if ((whole && probes.generation() === generation) || look === LOOKS) {
      probes.readIdle()
      const atNs = probeClockNs()
      for (const { recent, slots, idleNs } of known) recent.look(slots, idleNs, atNs)
      return { probes: known, ended, atNs, heapSpaces: probes.heapSpaces }
    }
    if (!whole) await new Promise((resolve) => setTimeout(resolve, LOOK_PAUSE_MS))
  }
}
