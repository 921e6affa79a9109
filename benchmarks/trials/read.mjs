// Nanoseconds of reading a figure synchronously, and the bytes that it allocates: `read.mjs`; or of what another tool
// has for it: `read.mjs SETUP`.
import { getHeapStatistics } from 'node:v8'
import { attach, counters, readCounters } from 'offloop'
import { emit } from '../support/emit.mjs'
import { setUp } from '../support/setups.mjs'

const WARM_UP_MS = 200
const BATCHES = 30
const BATCH_NS = 1e6

const [setup] = process.argv.slice(2)
attach()
const into = readCounters()

/** Each returns a number that is used, or an optimising compiler would find that there is nothing to do. */
const reads = {
  loop: (i) => i,
  gcPauseNs: () => counters.gcPauseNs,
  readCounters: () => readCounters(into).gcPauseNs,
  memoryUsage: () => process.memoryUsage().heapUsed,
  getHeapStatistics: () => getHeapStatistics().used_heap_size,
  eventLoopUtilization: () => performance.eventLoopUtilization().idle,
}

/** @type {Record<string, number[]>} */
const ns = {}
let checksum = 0
if (setup === undefined) {
  for (const [name, read] of Object.entries(reads)) ns[name] = batches(loopOver(read))
  // Compiling the loop takes some the first time.
  bytesACall()
  emit({ ns, bytes: bytesACall(), checksum })
} else {
  const { read } = await setUp(setup)
  if (read === undefined) throw new Error('it has nothing that can be read synchronously')
  emit({ ns: { theirs: batches(loopOver(read)) }, checksum })
}
process.exit()

/**
 * A loop of its own for each function, or all would share one that is compiled for none of them.
 * @param {(i: number) => number} read
 * @returns {(calls: number) => number}
 */
function loopOver(read) {
  return new Function(
    'read',
    'return (calls) => { let sum = 0; for (let i = 0; i < calls; i++) sum += read(i); return sum }',
  )(read)
}

/** Nanoseconds a call, of each batch. @param {(calls: number) => number} loop */
function batches(loop) {
  // The compiler works in a thread of its own, and on a busy machine needs its time.
  const warm = performance.now() + WARM_UP_MS
  while (performance.now() < warm) time(loop, 100)
  let calls = 100
  while (time(loop, calls) < BATCH_NS) calls *= 2
  return Array.from({ length: BATCHES }, () => time(loop, calls) / calls)
}

/**
 * @param {(calls: number) => number} loop
 * @param {number} calls
 */
function time(loop, calls) {
  const start = performance.now()
  checksum += loop(calls)
  return (performance.now() - start) * 1e6
}

/** Of readCounters(into), over a million calls. */
function bytesACall() {
  const calls = 1e6
  const cycles = counters.gcCycles
  const before = getHeapStatistics().used_heap_size
  for (let i = 0; i < calls; i++) readCounters(into)
  const after = getHeapStatistics().used_heap_size
  // A collection would hide what was allocated before it.
  if (counters.gcCycles !== cycles) throw new Error('a collection came in between')
  return (after - before) / calls
}
