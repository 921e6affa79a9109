import { compare } from '../harness/compare.mjs'
import { ALL, NOTHING, OURS } from './contenders.mjs'

const SECONDS = 0.7
const KINDS = [
  { kind: 'light', group: 'light requests' },
  { kind: 'heavy', group: 'heavy requests' },
]
const LATENCIES = [
  { percentile: 'p50', measure: 'p50' },
  { percentile: 'p99', measure: 'p99' },
  { percentile: 'p99.9', measure: 'p99.9' },
  { percentile: 'p100', measure: 'max' },
]
const CLOCKS = [
  { clock: 'mainCpuNs', measure: 'main thread, CPU a request' },
  { clock: 'processCpuNs', measure: 'process, CPU a request' },
]

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export const http = {
  name: 'http',
  question: 'what a real HTTP service pays: latency and CPU a request, under load at a fixed rate',
  method: [
    'JSON in, JSON out, over 32 connections from another process: 2,000 light requests a second, then 300 heavy ones, of a megabyte of garbage each. Requests are due at fixed times, and a latency counts from when its request was due, so that waiting behind a stopped service is counted (no coordinated omission).',
    `Every tool takes one sample in each window of ${SECONDS} s, fourteen times as often as at the usual 10 s, so that it is in the tails. Percentiles are those of a window; ratios are to the same service without any tool. What ours costs a request at the usual 10 s is told apart, by “http-paired”. What is exported goes to a server in a third process.`,
    'OpenTelemetry is set up as its documentation says: runtime instrumentation, a periodic reader, the OTLP exporter. What prom-client has too (a timer each 10 ms, a notice of each collection) it has beside an export that is made and sent on the main thread. Which of its parts makes its median longer was not measured apart.',
  ],
  rounds: 3,
  seconds: 71,
  thorough: { rounds: 6, seconds: 142 },
  variants: ALL.map((name) => ({ name, trial: 'http.mjs', args: [name, String(SECONDS), String(SECONDS)] })),
  figures: (trials) =>
    KINDS.flatMap(({ kind, group }) => [
      ...LATENCIES.flatMap(({ percentile, measure }) =>
        compare(trials, ALL, {
          measure,
          unit: 'ms',
          group,
          pick: (result) => result[kind][percentile],
          references: [OURS, NOTHING],
        }),
      ),
      ...CLOCKS.flatMap(({ clock, measure }) =>
        compare(trials, ALL, {
          measure,
          unit: 'µs',
          group,
          pick: (result) => result[kind][clock] / 1e3,
          references: [OURS, NOTHING],
        }),
      ),
    ]),
  plots: KINDS.flatMap(({ kind, group }) => [
    { file: `http-${kind}-p99`, title: `p99 latency, ${group}`, measure: 'p99', group },
    {
      file: `http-${kind}-cpu`,
      title: `CPU of the process a request, ${group}`,
      measure: 'process, CPU a request',
      group,
    },
  ]),
  reasons: {
    'process, CPU a request': 'presumably the batch that our sampling thread builds once a window',
    'main thread, CPU a request':
      'presumably the look at the size of the heap at each collection, for the bytes allocated and reclaimed',
  },
}
