import { type PerformanceEntry, PerformanceObserver, performance } from 'node:perf_hooks'
import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8'
import { BlockWriter } from './block'
import { type DurationTable, durationBucket, keepLongest, type LongestTable } from './durations'
import { MAX_SPACES, type SlotName, SPACE_FIGURES, TABLES, type TableName } from './layout'

// perf_hooks.constants, by number because 2 (minor mark-sweep) has no constant there.
const KINDS: Readonly<
  Record<number, readonly [count: SlotName, ns: SlotName, durations: DurationTable, longest?: LongestTable]>
> = {
  1: ['gcMinorCycles', 'gcMinorPauseNs', 'gcMinorDurations', 'gcMinorLongest'],
  2: ['gcMinorCycles', 'gcMinorPauseNs', 'gcMinorDurations', 'gcMinorLongest'],
  4: ['gcMajorCycles', 'gcMajorPauseNs', 'gcMajorDurations', 'gcMajorLongest'],
  8: [
    'gcIncrementalStarts',
    'gcIncrementalStartNs',
    'gcIncrementalStartDurations',
    'gcIncrementalStartLongest',
  ],
  16: ['gcWeakCallbackRuns', 'gcWeakCallbackNs', 'gcWeakCallbackDurations'],
}

// A standard static property that the types of Node.js 20 lack.
const SUPPORTED = (PerformanceObserver as unknown as { supportedEntryTypes: readonly string[] })
  .supportedEntryTypes

const GC_SLOTS: readonly SlotName[] = [
  'gcCycles',
  'gcPauseNs',
  ...Object.values(KINDS).flatMap((places) => places.slice(0, 2) as SlotName[]),
]
const GC_TABLES: readonly TableName[] = Object.values(KINDS).flatMap(([, , durations, longest]) =>
  longest === undefined ? [durations] : [durations, longest],
)
/** What JavaScript cannot see. */
const UNKNOWN: readonly SlotName[] = [
  'heapObjects',
  'gcForcedMinorCycles',
  'gcForcedMajorCycles',
  'gcMainThreadNs',
  'gcIncrementalMarkingNs',
  'heapAllocatedBytes',
  'heapReclaimedBytes',
  'heapLiveBytes',
  'loopBusyNs',
]

/**
 * The probe where no addon can be loaded. It writes the same block from JavaScript on the measured thread, so it
 * costs that thread something, is blind while it is blocked, and knows no heap objects.
 */
export class PerfHooksProbe {
  readonly #block = new BlockWriter()
  #idleNs = idleNs()
  readonly #observer = new PerformanceObserver((list) => this.#record(list.getEntries()))

  constructor() {
    for (const slot of UNKNOWN) this.#block.set(slot, Number.NaN)
    this.#absent('loopTurnDurations')
    this.#absent('loopTurnLongest')
    this.#block.set('attachedAtNs', Number(process.hrtime.bigint()))
    this.#block.set('loopIdleAtAttachNs', idleNs())
    if (SUPPORTED.includes('gc')) this.#observer.observe({ entryTypes: ['gc'] })
    else {
      // Such as in Bun. Nothing is known, which is not 0.
      for (const slot of GC_SLOTS) this.#block.set(slot, Number.NaN)
      for (const table of GC_TABLES) this.#absent(table)
    }
  }

  #absent(table: TableName): void {
    for (let index = 0; index < TABLES[table]; index++) this.#block.setAt(table, index, Number.NaN)
  }

  get memory(): SharedArrayBuffer {
    return this.#block.memory
  }

  /** Reads the heap's and the handles' figures into the block, on the sampling thread's request. */
  answer(request: number): void {
    const startedAt = process.hrtime.bigint()
    this.#record(this.#observer.takeRecords())
    const heap = getHeapStatistics()
    const spaces = getHeapSpaceStatistics().slice(0, MAX_SPACES)
    const resources = process.getActiveResourcesInfo().length
    const idle = idleNs()
    this.#block.update(() => {
      this.#block.set('heapUsedBytes', heap.used_heap_size)
      this.#block.set('heapTotalBytes', heap.total_heap_size)
      this.#block.set('heapLimitBytes', heap.heap_size_limit)
      this.#block.set('externalBytes', heap.external_memory)
      this.#block.set('mallocedBytes', heap.malloced_memory)
      this.#block.set('nativeContexts', heap.number_of_native_contexts)
      this.#block.set('detachedContexts', heap.number_of_detached_contexts)
      spaces.forEach((space, index) => {
        const at = index * SPACE_FIGURES
        this.#block.setAt('heapSpaces', at, space.space_size)
        this.#block.setAt('heapSpaces', at + 1, space.space_used_size)
        this.#block.setAt('heapSpaces', at + 2, space.space_available_size)
        this.#block.setAt('heapSpaces', at + 3, space.physical_space_size)
      })
      this.#block.add('loopIdleNs', idle - this.#idleNs)
      this.#block.set('activeResources', resources)
      this.#block.set('sampledAtNs', Number(startedAt))
      this.#block.set('answeredRequest', request)
      this.#block.add('answers', 1)
      this.#block.add('answerNs', Number(process.hrtime.bigint() - startedAt))
    })
    this.#idleNs = idle
  }

  #record(entries: readonly PerformanceEntry[]): void {
    if (entries.length === 0) return
    // Entries are on the clock of performance.now(), the block is on that of the probes.
    const clockOfOrigin = Number(process.hrtime.bigint()) - performance.now() * 1e6
    this.#block.update(() => {
      for (const entry of entries) {
        const { kind } = (entry as unknown as { detail: { kind: number } }).detail
        const places = KINDS[kind]
        if (places === undefined) continue
        const [count, total, durations, longest] = places
        const ns = entry.duration * 1e6
        this.#block.add(count, 1)
        this.#block.add(total, ns)
        this.#block.addAt(durations, durationBucket(ns), 1)
        const endedAtNs = clockOfOrigin + (entry.startTime + entry.duration) * 1e6
        if (longest !== undefined) {
          keepLongest(
            (index) => this.#block.getAt(longest, index),
            (index, value) => this.#block.setAt(longest, index, value),
            ns,
            endedAtNs,
          )
        }
        if (kind > 4) continue
        this.#block.add('gcCycles', 1)
        this.#block.add('gcPauseNs', ns)
        if (kind === 4) this.#block.set('gcLastMajorAtNs', endedAtNs)
      }
    })
  }
}

/** Since the loop was started. Not in Bun. */
function idleNs(): number {
  const { nodeTiming } = performance as { nodeTiming?: { idleTime?: number } }
  return (nodeTiming?.idleTime ?? Number.NaN) * 1e6
}
