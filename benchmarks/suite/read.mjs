import { median } from '../harness/statistics.mjs'

/** @type {readonly { read: string, name: string, aim?: number }[]} */
const READS = [
  { read: 'gcPauseNs', name: 'counters.gcPauseNs', aim: 5 },
  { read: 'readCounters', name: 'readCounters(into)', aim: 150 },
  { read: 'loop', name: 'the loop around each of them' },
  { read: 'memoryUsage', name: 'process.memoryUsage()' },
  { read: 'getHeapStatistics', name: 'v8.getHeapStatistics()' },
  { read: 'eventLoopUtilization', name: 'performance.eventLoopUtilization()' },
]

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export const read = {
  name: 'read',
  question: 'what it takes to read a figure synchronously, in a hot loop',
  rounds: 5,
  // The young generation holds what a million calls might allocate, 60 bytes each.
  variants: [
    { name: 'reads', trial: 'read.mjs', nodeArgs: ['--min-semi-space-size=64', '--max-semi-space-size=64'] },
  ],
  figures: (trials) => [
    ...READS.map(({ read, ...row }) => ({
      ...row,
      estimate: trials.median('reads', ({ ns }) => median(ns[read])),
      unit: 'ns',
    })),
    {
      name: 'readCounters(into) allocates',
      // What is left of the reading of the heap's size, a thousandth of a byte, is not an allocation.
      estimate: trials.median('reads', ({ bytes }) => Math.round(bytes)),
      unit: 'bytes',
      aim: 0,
      note: 'a call, of a million',
    },
  ],
}
