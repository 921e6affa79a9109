import { compare } from '../harness/compare.mjs'
import { estimated } from '../harness/trials.mjs'
import { ALL, NOTHING, OURS } from './contenders.mjs'

const SECONDS = 1.2
const USUAL_INTERVAL_SECONDS = 10
/** Ours without a sample in the window, to tell what samples cost from all else. */
const UNSAMPLED = 'offloop, unsampled'
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
    `Every tool takes one sample in each window of ${SECONDS} s, eight times as often as at the usual 10 s, so that it is in the tails. Percentiles are those of a window; ratios are to the same service without any tool. What we cost at the usual 10 s is told apart: with samples in their usual share, by a run that has none. What is exported goes to a server in a third process.`,
    'OpenTelemetry is set up as its documentation says. It is the one of these that watches the event loop by a timer each 10 ms, is notified of each collection in JavaScript, and builds and sends an export on the main thread; loading it brings some hundred modules. Which of these makes its median longer was not measured apart.',
  ],
  rounds: 6,
  seconds: 240,
  thorough: { rounds: 24, seconds: 960 },
  variants: [
    ...ALL.map((name) => ({ name, trial: 'http.mjs', args: [name, String(SECONDS), String(SECONDS)] })),
    { name: UNSAMPLED, trial: 'http.mjs', args: [OURS, String(SECONDS), '3600'] },
  ],
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
      {
        name: `offloop, ${group}, CPU a request, more than without any tool, a sample each 10 s`,
        estimate: estimated(percentMore(trials, (result) => result[kind].processCpuNs)),
        unit: '%',
        aim: 0.5,
        note: 'of the process; an interval around 0 is the noise',
      },
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

/**
 * Of each round: what the samples of the window add counts as much as they would at the usual interval.
 * @param {import('../harness/trials.mjs').Trials} trials
 * @param {import('../harness/trials.mjs').Pick} pick
 */
function percentMore(trials, pick) {
  const without = trials.byRound(NOTHING, pick)
  const unsampled = trials.byRound(UNSAMPLED, pick)
  const share = SECONDS / USUAL_INTERVAL_SECONDS
  return [...trials.byRound(OURS, pick)].flatMap(([round, sampled]) => {
    const [none, base] = [unsampled.get(round), without.get(round)]
    if (none === undefined || base === undefined) return []
    return [100 * ((none + (sampled - none) * share) / base - 1)]
  })
}
