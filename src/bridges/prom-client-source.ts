import type { PerformanceEntry } from 'node:perf_hooks'
import type { Histogram } from '../core/batch'
import { BlockReader } from '../probe/block'
import { type Delays, delaysOf } from '../probe/delays'
import {
  bucketsBelow,
  countsIn,
  countsSince,
  type DurationTable,
  histogramOf,
  longestOf,
  NONE,
} from '../probe/durations'
import { BLOCK_LENGTH, Slot, type SlotName } from '../probe/layout'
import type { Probe } from '../probe/probe'

export const GC_KINDS = ['major', 'minor', 'incremental', 'weakcb'] as const
export type GcKind = (typeof GC_KINDS)[number]

/** Cumulative histograms of the durations of collections. */
export interface GcSource {
  read(): ReadonlyMap<GcKind, Histogram>
  /** Resolves once all collections that have ended can be read. Absent where they always can. */
  delivered?(): Promise<void>
}

/** From the block of the addon, which sees every collection as it ends; where there is none, from `perf_hooks`. */
export function gcSource(probe: Probe, bounds: readonly number[]): GcSource {
  if (probe.source === 'native') {
    try {
      return new BlockGc(new Figures(probe.memory), bounds)
    } catch {
      // A bound that is no edge of the block's buckets: the counts would not be exact.
    }
  }
  return new ObservedGc(bounds)
}

/** How long one had to wait for the loop since the read before; undefined where no turn has ended. */
export type LoopSource = () => Delays | undefined

/** From the block of the addon; where there is none, from a timer each `resolution` milliseconds. */
export function loopSource(probe: Probe, resolution: number): LoopSource {
  return probe.source === 'native' ? turnsOf(new Figures(probe.memory)) : timerDelays(resolution)
}

/** What the block of the calling thread has now. */
class Figures {
  readonly #reader: BlockReader
  readonly #figures = new Float64Array(BLOCK_LENGTH)

  constructor(memory: SharedArrayBuffer) {
    this.#reader = new BlockReader(memory)
  }

  read(): Float64Array {
    // Never fails here: its only writer is this thread.
    this.#reader.read(this.#figures)
    return this.#figures
  }
}

const GC_TABLES: Readonly<Record<GcKind, readonly [durations: DurationTable, sumNs: SlotName]>> = {
  major: ['gcMajorDurations', 'gcMajorPauseNs'],
  minor: ['gcMinorDurations', 'gcMinorPauseNs'],
  incremental: ['gcIncrementalStartDurations', 'gcIncrementalStartNs'],
  weakcb: ['gcWeakCallbackDurations', 'gcWeakCallbackNs'],
}

class BlockGc implements GcSource {
  readonly #figures: Figures
  readonly #bounds: readonly number[]
  readonly #below: readonly number[]

  /** @throws {RangeError} for a bound that is no edge of a bucket. */
  constructor(figures: Figures, bounds: readonly number[]) {
    this.#figures = figures
    this.#bounds = bounds
    this.#below = bucketsBelow(bounds)
  }

  read(): ReadonlyMap<GcKind, Histogram> {
    const figures = this.#figures.read()
    return new Map(
      GC_KINDS.flatMap((kind) => {
        const [table, sumNs] = GC_TABLES[kind]
        const histogram = histogramOf(
          countsIn(figures, table),
          figures[Slot[sumNs]] as number,
          this.#bounds,
          this.#below,
        )
        return histogram === undefined ? [] : [[kind, histogram] as const]
      }),
    )
  }
}

function turnsOf(block: Figures): LoopSource {
  const look = () => {
    const figures = block.read()
    const busyNs = figures[Slot.loopBusyNs] as number
    return { figures, turns: countsIn(figures, 'loopTurnDurations') ?? NONE, busyNs, atNs: nowNs() }
  }
  let before = look()
  return () => {
    const now = look()
    const turns = countsSince(now.turns, before.turns)
    if (turns.counts.length === 0) return undefined
    const waitedNs = Math.max(0, now.atNs - before.atNs - (now.busyNs - before.busyNs))
    before = now
    return delaysOf(turns, waitedNs, longestOf(now.figures, 'loopTurnLongest', now.atNs))
  }
}

function nowNs(): number {
  return Number(process.hrtime.bigint())
}

/** By the numbers of `perf_hooks.constants`; 2, a minor mark-sweep, has no constant there. */
const KINDS = { 1: 'minor', 2: 'minor', 4: 'major', 8: 'incremental', 16: 'weakcb' } as const

interface Tally {
  sum: number
  /** By bucket, and not cumulative; the last one is that of +Inf. */
  readonly counts: number[]
}

/**
 * Durations of all collections from now on, counted under `bounds`. Every entry of a list is looked at, and those that
 * have not been delivered yet are fetched, so that a burst is known at its end.
 */
class ObservedGc implements GcSource {
  readonly #bounds: readonly number[]
  readonly #tallies: ReadonlyMap<GcKind, Tally>
  readonly #observer: import('node:perf_hooks').PerformanceObserver

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds
    this.#tallies = new Map(
      GC_KINDS.map((kind) => [kind, { sum: 0, counts: Array(bounds.length + 1).fill(0) }]),
    )
    const { PerformanceObserver } = perfHooks()
    this.#observer = new PerformanceObserver((list) => this.#record(list.getEntries()))
    this.#observer.observe({ entryTypes: ['gc'] })
  }

  async delivered(): Promise<void> {
    // Node.js makes entries of collections in an immediate.
    await new Promise((resolve) => setImmediate(resolve))
  }

  read(): ReadonlyMap<GcKind, Histogram> {
    this.#record(this.#observer.takeRecords())
    return new Map([...this.#tallies].map(([kind, tally]) => [kind, this.#histogram(tally)]))
  }

  #histogram({ sum, counts }: Tally): Histogram {
    let count = 0
    const buckets = this.#bounds.map((le, index) => {
      count += counts[index] as number
      return { le, count }
    })
    return { count: count + (counts.at(-1) as number), sum, buckets }
  }

  #record(entries: readonly PerformanceEntry[]): void {
    for (const { detail, duration } of entries as readonly (PerformanceEntry & {
      detail: { kind: number }
    })[]) {
      const kind = KINDS[detail.kind as keyof typeof KINDS]
      const tally = this.#tallies.get(kind)
      if (tally === undefined) continue
      const seconds = duration / 1e3
      const index = this.#bounds.findIndex((bound) => seconds <= bound)
      tally.sum += seconds
      const at = index === -1 ? this.#bounds.length : index
      tally.counts[at] = (tally.counts[at] as number) + 1
    }
  }
}

/** A timer that is late says how long a turn took, as in prom-client. */
function timerDelays(resolution: number): LoopSource {
  const { monitorEventLoopDelay } = perfHooks()
  // Not in every runtime that takes itself for Node.js.
  if (typeof monitorEventLoopDelay !== 'function') return () => undefined
  const histogram = monitorEventLoopDelay({ resolution })
  histogram.enable()
  return () => {
    const { min, max, mean, stddev } = histogram
    const [p50, p90, p99] = [50, 90, 99].map((p) => histogram.percentile(p) / 1e9)
    const quantiles = new Map([
      [0.5, p50],
      [0.9, p90],
      [0.99, p99],
    ])
    const isEmpty = Number.isNaN(mean)
    histogram.reset()
    if (isEmpty) return undefined
    return {
      min: min / 1e9,
      max: max / 1e9,
      mean: mean / 1e9,
      stddev: stddev / 1e9,
      quantile: (q) => quantiles.get(q) as number,
    }
  }
}

// Loaded where it is needed: it alone takes a millisecond.
function perfHooks(): typeof import('node:perf_hooks') {
  return require('node:perf_hooks')
}
