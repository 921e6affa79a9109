import { SLOTS, Slot } from './layout'
import { attachProbe } from './probe'

/**
 * Cumulative counters of the calling thread since its probe was attached. Durations are nanoseconds of the monotonic
 * clock, from V8's GC callbacks (`perf_hooks` entries where no addon is loaded). `NaN` before `attach()`.
 */
export interface Counters {
  /** Minor and major collections. */
  gcCycles: number
  /** Time that the thread stood still for minor and major collections. */
  gcPauseNs: number
  /** Scavenges and minor mark-sweeps. */
  gcMinorCycles: number
  gcMinorPauseNs: number
  /** Mark-compacts. */
  gcMajorCycles: number
  gcMajorPauseNs: number
  /** Starts of incremental marking: each is part of a later major collection, not one of its own. */
  gcIncrementalStarts: number
  gcIncrementalStartNs: number
  /** Runs of weak callbacks outside a pause. */
  gcWeakCallbackRuns: number
  gcWeakCallbackNs: number
}

// Module variables, and getters on a prototype: V8 inlines them to one load from shared memory. The getters of an
// object literal it calls, which takes ten times as long.
let slots: Float64Array = new Float64Array(SLOTS.length).fill(Number.NaN)
let sequence: Int32Array = new Int32Array(1)

class LiveCounters implements Readonly<Counters> {
  get gcCycles(): number {
    return slots[Slot.gcCycles] as number
  }
  get gcPauseNs(): number {
    return slots[Slot.gcPauseNs] as number
  }
  get gcMinorCycles(): number {
    return slots[Slot.gcMinorCycles] as number
  }
  get gcMinorPauseNs(): number {
    return slots[Slot.gcMinorPauseNs] as number
  }
  get gcMajorCycles(): number {
    return slots[Slot.gcMajorCycles] as number
  }
  get gcMajorPauseNs(): number {
    return slots[Slot.gcMajorPauseNs] as number
  }
  get gcIncrementalStarts(): number {
    return slots[Slot.gcIncrementalStarts] as number
  }
  get gcIncrementalStartNs(): number {
    return slots[Slot.gcIncrementalStartNs] as number
  }
  get gcWeakCallbackRuns(): number {
    return slots[Slot.gcWeakCallbackRuns] as number
  }
  get gcWeakCallbackNs(): number {
    return slots[Slot.gcWeakCallbackNs] as number
  }
}

/** The calling thread's counters, live: each property is read from shared memory in about a nanosecond. */
export const counters: Readonly<Counters> = Object.freeze(new LiveCounters())

/**
 * Makes the calling thread's counters count, and returns them. Starts no thread and no timer; further calls do
 * nothing. Never throws: without the addon `perf_hooks` counts.
 */
export function attach(): Readonly<Counters> {
  const { memory } = attachProbe()
  if (slots.buffer !== memory) {
    slots = new Float64Array(memory)
    sequence = new Int32Array(memory, 0, 1)
  }
  return counters
}

/**
 * A consistent copy: no collection falls between two of its figures. Pass the object of an earlier call as `into`
 * and nothing is allocated.
 */
export function readCounters(into: Counters = blank()): Counters {
  // The only writer is this very thread, inside a collection, which one of the stores below could start. So the
  // sequence needs no atomics here, only a second look.
  let before: number | undefined
  do {
    before = sequence[0]
    into.gcCycles = slots[Slot.gcCycles] as number
    into.gcPauseNs = slots[Slot.gcPauseNs] as number
    into.gcMinorCycles = slots[Slot.gcMinorCycles] as number
    into.gcMinorPauseNs = slots[Slot.gcMinorPauseNs] as number
    into.gcMajorCycles = slots[Slot.gcMajorCycles] as number
    into.gcMajorPauseNs = slots[Slot.gcMajorPauseNs] as number
    into.gcIncrementalStarts = slots[Slot.gcIncrementalStarts] as number
    into.gcIncrementalStartNs = slots[Slot.gcIncrementalStartNs] as number
    into.gcWeakCallbackRuns = slots[Slot.gcWeakCallbackRuns] as number
    into.gcWeakCallbackNs = slots[Slot.gcWeakCallbackNs] as number
  } while (sequence[0] !== before)
  return into
}

// NaN, not 0: V8 then keeps the fields as unboxed doubles, and later stores allocate nothing.
function blank(): Counters {
  return {
    gcCycles: Number.NaN,
    gcPauseNs: Number.NaN,
    gcMinorCycles: Number.NaN,
    gcMinorPauseNs: Number.NaN,
    gcMajorCycles: Number.NaN,
    gcMajorPauseNs: Number.NaN,
    gcIncrementalStarts: Number.NaN,
    gcIncrementalStartNs: Number.NaN,
    gcWeakCallbackRuns: Number.NaN,
    gcWeakCallbackNs: Number.NaN,
  }
}
