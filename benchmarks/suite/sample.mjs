import { compare } from '../harness/compare.mjs'
import { quantile } from '../harness/statistics.mjs'
import { ratioOf } from '../harness/trials.mjs'
import { OURS, SAMPLERS } from './contenders.mjs'

const INTERVAL_MS = 100
const SECONDS = 4
const AIM_US = 25
// Never in that time.
const NEVER_MS = 3_600_000
const CONTENDERS = ['an empty timer', ...SAMPLERS]
const MEASURES = /** @type {const} */ ([
  { measure: 'main thread, CPU a sample', clock: 'mainCpuNs', aims: { [OURS]: AIM_US } },
  { measure: 'process, CPU a sample', clock: 'processCpuNs' },
])

const mainUs = aSample('mainCpuNs')

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export const sample = {
  name: 'sample',
  question: 'what a sample, or a scrape, costs',
  method: [
    `An idle process, watched from outside, is sampled each ${INTERVAL_MS} ms: its CPU time by samples, beyond that of the same process when it is never sampled (prom-client and OpenTelemetry run a timer of 10 ms besides, which is among the idle costs). The wake-up is in it: an empty timer has nothing else.`,
    'Held up: a busy thread looks at the clock all the time, and sees how long each answer to our sampling thread takes.',
  ],
  rounds: 3,
  seconds: 30,
  variants: [
    ...CONTENDERS.flatMap((name) =>
      [INTERVAL_MS, NEVER_MS].map((intervalMs) => ({
        name: variantOf(name, intervalMs),
        trial: 'idle.mjs',
        args: [name, JSON.stringify({ intervalMs }), '2', String(SECONDS)],
        sleeps: true,
      })),
    ),
    { name: 'busy', trial: 'sample-busy.mjs', args: ['2'] },
  ],
  figures: (trials) => [
    ...MEASURES.flatMap(({ clock, ...measure }) =>
      compare(trials, CONTENDERS, {
        ...measure,
        unit: 'µs',
        pick: aSample(clock),
        variantOf: (name) => variantOf(name, INTERVAL_MS),
        less: (name) => variantOf(name, NEVER_MS),
        references: [OURS],
      }),
    ),
    {
      name: 'offloop ÷ prom-client, main thread',
      estimate: ratioOf(
        trials.differences(OURS, variantOf(OURS, NEVER_MS), mainUs),
        trials.differences('prom-client', variantOf('prom-client', NEVER_MS), mainUs),
      ),
      unit: '×',
      aim: 0.1,
      note: 'the cheapest that samples as much',
    },
    {
      name: 'busy, held up p50',
      estimate: trials.median('busy', heldUp(0.5)),
      unit: 'µs',
      aim: AIM_US,
      note: 'as JavaScript sees it',
    },
    { name: 'busy, held up p90', estimate: trials.median('busy', heldUp(0.9)), unit: 'µs' },
    {
      name: 'busy, as reported',
      estimate: trials.median('busy', ({ selfNs }) => selfNs / 1e3),
      unit: 'µs',
      note: 'offloop_probe_seconds_total',
    },
  ],
  plots: [
    { file: 'sample', title: 'Main-thread CPU a sample', measure: 'main thread, CPU a sample', log: true },
  ],
  reasons: {
    'process, CPU a sample': 'presumably the batch of all metrics that our sampling thread builds and keeps',
    'main thread, CPU a sample':
      'presumably the wake-up of an idle thread, which is asked for its heap figures',
  },
}

/** Microseconds. @param {'mainCpuNs' | 'processCpuNs'} clock */
function aSample(clock) {
  return (/** @type {any} */ [window]) => window[clock] / 1e3 / ((SECONDS * 1000) / INTERVAL_MS)
}

/** @param {string} name @param {number} intervalMs */
function variantOf(name, intervalMs) {
  return intervalMs === NEVER_MS ? `${name}, never` : name
}

/** @param {number} q */
function heldUp(q) {
  return (/** @type {{ heldUpNs: number[], lookNs: number }} */ { heldUpNs, lookNs }) =>
    (quantile(heldUpNs, q) - lookNs) / 1e3
}
