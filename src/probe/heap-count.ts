import { OffloopError } from '../core/errors'
import { faults, integer, known, record } from '../core/option-values'
import { say } from '../core/report'
import { BlockReader } from './block'
import { attachProbe } from './probe'

/** What `countHeapObjects()` will take, as far as that can be told before. Meant as upper bounds: a busy or slow machine takes longer. */
export interface HeapCountEstimate {
  readonly estimatedPauseMs: number
  /** Memory that V8 needs meanwhile, outside its heap. */
  readonly estimatedBytes: number
}

export interface HeapCountOptions {
  /** Refuse where the thread would be stopped for longer, 1 to 3,600,000. No limit by default. */
  readonly maxPauseMs?: number
  /** Called before the count starts, in place of the line on stderr. What it throws ends the call. */
  readonly onEstimate?: (estimate: HeapCountEstimate) => void
}

/** What `countHeapObjects()` found. */
export interface HeapCount {
  /** Objects on the calling thread's heap, V8's own and those of its read-only space included. */
  readonly objects: number
  /** The used heap that they make, right after the collection that comes before the count. */
  readonly bytes: number
  /** How long the thread was stopped. */
  readonly pauseMs: number
  readonly estimatedPauseMs: number
}

// Measured on four Node.js versions and 26 kinds of heaps (docs/heap-objects.md): 119 to 383 ns an object and up to
// 0.2 ns a byte for the collection, 55 to 138 bytes an object. The densest of these heaps has 35 bytes an object.
const NS_PER_OBJECT = 300
const NS_PER_BYTE = 0.25
const BYTES_PER_OBJECT = 140
const LEAST_OBJECT_BYTES = 32
/** The estimate `nodejs_heap_objects` may be too low by this factor and more, where it is known at all. */
const ESTIMATE_MARGIN = 2

/** What this thread's last count found: on this machine, as busy as it is, and for this application's objects. */
let last:
  | { readonly nsPerObject: number; readonly density: number; readonly sampledDensity: number }
  | undefined

/** What the package exports by this name. */
export function countHeapObjects(options: HeapCountOptions = {}): HeapCount {
  const { maxPauseMs, onEstimate } = resolveHeapCountOptions(options)
  const probe = attachProbe()
  if (probe.source !== 'native') {
    throw new OffloopError('ERR_OFFLOOP_NO_ADDON', `heap objects cannot be counted, because ${probe.reason}`)
  }
  const estimate = estimateCount(probe.memory)
  const { estimatedPauseMs, estimatedBytes } = estimate
  if (maxPauseMs !== undefined && estimatedPauseMs > maxPauseMs) {
    throw refusal(`stop the thread for about ${estimatedPauseMs} ms, and maxPauseMs is ${maxPauseMs}`)
  }
  const available = availableBytes()
  if (estimatedBytes > available) {
    throw refusal(
      `take about ${megabytes(estimatedBytes)} of memory, and ${megabytes(available)} are available`,
    )
  }
  if (onEstimate === undefined) {
    say(`counting heap objects stops this thread for about ${estimatedPauseMs} ms`)
  } else {
    onEstimate(estimate)
  }
  const count = probe.binding.countHeapObjects()
  if (count === undefined) {
    throw new OffloopError('ERR_OFFLOOP_HEAP_COUNT', 'an inspector is tracking heap objects of this thread')
  }
  const { objects, bytes, pauseNs } = count
  last = {
    nsPerObject: pauseNs / objects,
    density: objects / bytes,
    sampledDensity: sampledDensity(probe.memory),
  }
  return { objects, bytes, pauseMs: pauseNs / 1e6, estimatedPauseMs }
}

function resolveHeapCountOptions(options: unknown): HeapCountOptions {
  const given = record(options ?? {}, 'options')
  known(given, '', ['maxPauseMs', 'onEstimate'])
  const { maxPauseMs, onEstimate } = given
  if (onEstimate !== undefined && typeof onEstimate !== 'function') {
    throw faults().wrongType('onEstimate', 'a function', onEstimate)
  }
  return {
    ...(maxPauseMs === undefined ? {} : { maxPauseMs: integer(maxPauseMs, 'maxPauseMs', 1, 3_600_000) }),
    ...(onEstimate === undefined
      ? {}
      : { onEstimate: onEstimate as NonNullable<HeapCountOptions['onEstimate']> }),
  }
}

function estimateCount(memory: SharedArrayBuffer): HeapCountEstimate {
  const used = process.memoryUsage().heapUsed
  const sampled = sampledDensity(memory)
  const most = 1 / LEAST_OBJECT_BYTES
  let density = sampled > 0 ? Math.min(sampled * ESTIMATE_MARGIN, most) : most
  if (last !== undefined) {
    const change = sampled / last.sampledDensity
    density = last.density * (change > 0 ? change : 1)
  }
  const objects = used * density
  const ns = last === undefined ? objects * NS_PER_OBJECT + used * NS_PER_BYTE : objects * last.nsPerObject
  return { estimatedPauseMs: Math.ceil(ns / 1e6), estimatedBytes: Math.ceil(objects * BYTES_PER_OBJECT) }
}

/** Objects in a byte, as the metric has it. NaN, or 0 / 0, where nothing has been sampled. */
function sampledDensity(memory: SharedArrayBuffer): number {
  const block = new BlockReader(memory)
  return block.get('heapObjects') / block.get('heapUsedBytes')
}

/** Of the machine, and of the container where there is one that has a limit. */
function availableBytes(): number {
  // Loaded where it is needed, not with the package.
  const { freemem } = require('node:os') as typeof import('node:os')
  // Node.js 20.13 and 22 have it.
  const { availableMemory } = process as { availableMemory?: () => number }
  return Math.min(freemem(), availableMemory?.() ?? Number.POSITIVE_INFINITY)
}

function refusal(why: string): OffloopError {
  return new OffloopError('ERR_OFFLOOP_HEAP_COUNT', `counting heap objects would ${why}`)
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6)} MB`
}
