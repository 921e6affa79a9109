import { type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'
import { BlockWriter } from './block'
import type { SlotName } from './layout'

// perf_hooks.constants, by number because 2 (minor mark-sweep) has no constant there.
const SLOTS_OF_KIND: Readonly<Record<number, readonly [count: SlotName, ns: SlotName]>> = {
  1: ['gcMinorCycles', 'gcMinorPauseNs'],
  2: ['gcMinorCycles', 'gcMinorPauseNs'],
  4: ['gcMajorCycles', 'gcMajorPauseNs'],
  8: ['gcIncrementalStarts', 'gcIncrementalStartNs'],
  16: ['gcWeakCallbackRuns', 'gcWeakCallbackNs'],
}

// A standard static property that the types of Node.js 20 lack.
const SUPPORTED = (PerformanceObserver as unknown as { supportedEntryTypes: readonly string[] })
  .supportedEntryTypes

const GC_SLOTS: readonly SlotName[] = ['gcCycles', 'gcPauseNs', ...Object.values(SLOTS_OF_KIND).flat()]

/**
 * The probe where no addon can be loaded. It writes the same block from JavaScript on the measured thread, so it
 * costs that thread something, is blind while it is blocked, and knows no heap objects.
 */
export class PerfHooksProbe {
  readonly #block = new BlockWriter()
  readonly #observer = new PerformanceObserver((list) => this.#record(list.getEntries()))

  constructor() {
    this.#block.set('heapObjects', Number.NaN)
    if (SUPPORTED.includes('gc')) this.#observer.observe({ entryTypes: ['gc'] })
    else {
      // Such as in Bun. Nothing is known, which is not 0.
      for (const slot of GC_SLOTS) this.#block.set(slot, Number.NaN)
    }
  }

  get memory(): SharedArrayBuffer {
    return this.#block.memory
  }

  /** Reads the heap's and the handles' figures into the block, on the sampling thread's request. */
  answer(request: number): void {
    const startedAt = process.hrtime.bigint()
    this.#record(this.#observer.takeRecords())
    const heap = getHeapStatistics()
    const resources = process.getActiveResourcesInfo().length
    this.#block.update(() => {
      this.#block.set('heapUsedBytes', heap.used_heap_size)
      this.#block.set('heapTotalBytes', heap.total_heap_size)
      this.#block.set('activeResources', resources)
      this.#block.set('sampledAtNs', Number(startedAt))
      this.#block.set('answeredRequest', request)
      this.#block.add('answers', 1)
      this.#block.add('answerNs', Number(process.hrtime.bigint() - startedAt))
    })
  }

  #record(entries: readonly PerformanceEntry[]): void {
    if (entries.length === 0) return
    this.#block.update(() => {
      for (const entry of entries) {
        const { kind } = (entry as unknown as { detail: { kind: number } }).detail
        const slots = SLOTS_OF_KIND[kind]
        if (slots === undefined) continue
        const ns = entry.duration * 1e6
        this.#block.add(slots[0], 1)
        this.#block.add(slots[1], ns)
        if (kind === 8 || kind === 16) continue
        this.#block.add('gcCycles', 1)
        this.#block.add('gcPauseNs', ns)
      }
    })
  }
}
