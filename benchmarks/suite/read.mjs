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
const THEIRS = [
  { setup: 'Datadog', name: 'Datadog, stats()', note: 'all of its figures at once; they start again at 0' },
  { setup: 'New Relic', name: 'New Relic, getGCMetrics()', note: 'they start again at 0' },
  { setup: 'monitorEventLoopDelay', name: 'monitorEventLoopDelay, histogram.max', note: '' },
]
// The young generation holds what a million calls might allocate, 60 bytes each.
const nodeArgs = ['--min-semi-space-size=64', '--max-semi-space-size=64']

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export const read = {
  name: 'read',
  question: 'what it takes to read a figure synchronously, in a hot loop',
  method: ["prom-client's and OpenTelemetry's figures can only be awaited."],
  rounds: 3,
  seconds: 14,
  variants: [
    { name: 'reads', trial: 'read.mjs', nodeArgs },
    ...THEIRS.map(({ setup }) => ({ name: setup, trial: 'read.mjs', args: [setup], nodeArgs })),
  ],
  figures: (trials) => [
    ...READS.map(({ read, ...row }) => ({
      ...row,
      estimate: trials.median('reads', ({ ns }) => median(ns[read] ?? [])),
      unit: 'ns',
    })),
    ...THEIRS.map(({ setup, name, note }) => {
      const estimate = trials.median(setup, ({ ns }) => median(ns.theirs ?? []))
      return {
        name,
        estimate,
        unit: 'ns',
        note,
        ...(estimate === null && { missing: trials.missing(setup) }),
      }
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
