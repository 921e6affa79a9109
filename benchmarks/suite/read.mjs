import { compare } from '../harness/compare.mjs'
import { median } from '../harness/statistics.mjs'
import { OURS } from './contenders.mjs'

/** @type {readonly { read: string, name: string, aim?: number }[]} */
const READS = [
  { read: 'gcPauseNs', name: 'counters.gcPauseNs', aim: 5 },
  { read: 'readCounters', name: 'readCounters(into)', aim: 150 },
  { read: 'loop', name: 'the loop around each of them' },
  { read: 'memoryUsage', name: 'process.memoryUsage()' },
  { read: 'getHeapStatistics', name: 'v8.getHeapStatistics()' },
  { read: 'eventLoopUtilization', name: 'performance.eventLoopUtilization()' },
]
/** What each has for it: all of its figures at once in two of them, which start again at 0. */
const READERS = [OURS, 'Datadog', 'New Relic', 'monitorEventLoopDelay']
// The young generation holds what a million calls might allocate, 60 bytes each.
const nodeArgs = ['--min-semi-space-size=64', '--max-semi-space-size=64']

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export const read = {
  name: 'read',
  question: 'what it takes to read a figure synchronously, in a hot loop',
  method: [
    "prom-client's and OpenTelemetry's figures can only be awaited. Datadog's `stats()` and New Relic's `getGCMetrics()` give all of their figures at once, which start again at 0; monitorEventLoopDelay has `histogram.max`.",
  ],
  rounds: 6,
  seconds: 16,
  variants: [
    { name: 'reads', trial: 'read.mjs', nodeArgs },
    ...READERS.filter((name) => name !== OURS).map((name) => ({
      name,
      trial: 'read.mjs',
      args: [name],
      nodeArgs,
    })),
  ],
  figures: (trials) => [
    ...READS.map(({ read, ...row }) => ({
      ...row,
      estimate: trials.median('reads', ({ ns }) => median(ns[read] ?? [])),
      unit: 'ns',
    })),
    ...compare(trials, READERS, {
      measure: "the collector's time, or the loop's, read",
      unit: 'ns',
      pick: ({ ns }) => median(ns.theirs ?? ns.gcPauseNs ?? []),
      variantOf: (name) => (name === OURS ? 'reads' : name),
      references: [OURS],
    }),
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
