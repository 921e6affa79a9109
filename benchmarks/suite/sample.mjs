import { compare } from '../harness/compare.mjs'
import { ratioOf } from '../harness/trials.mjs'
import { OURS, SAMPLERS } from './contenders.mjs'

const INTERVAL_MS = 100
const SECONDS = 3
const AIM_US = 25
// Never in that time.
const NEVER_MS = 3_600_000
const CONTENDERS = ['an empty timer', ...SAMPLERS]
const GROUPS = [
  { group: 'working process', wishes: { works: INTERVAL_MS } },
  { group: 'idle process', wishes: {} },
]
const MEASURES = /** @type {const} */ ([
  { measure: 'main thread, CPU a sample', clock: 'mainCpuNs', aims: { [OURS]: AIM_US } },
  { measure: 'process, CPU a sample', clock: 'processCpuNs' },
])

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export const sample = {
  name: 'sample',
  question: 'what a sample, or a scrape, costs',
  method: [
    `A process, watched from outside, is sampled each ${INTERVAL_MS} ms: its CPU time by samples, beyond that of the same process when it is never sampled (prom-client and OpenTelemetry run a timer of 10 ms besides, which is among the idle costs). The wake-up is in it: an empty timer has nothing else. The working process has something to do each ${INTERVAL_MS} ms, so that its figures change, and it is asked for them; the idle one is not asked by us, since nothing can have changed.`,
    'All of a round run side by side. Each sleeps nearly all the time; but they push each other out of the caches, so that a sample costs rather more than alone.',
  ],
  rounds: 3,
  seconds: 23,
  thorough: { rounds: 6, seconds: 46 },
  variants: [
    ...GROUPS.flatMap(({ group, wishes }) =>
      CONTENDERS.flatMap((name) =>
        [INTERVAL_MS, NEVER_MS].map((intervalMs) => ({
          name: variantOf(name, group, intervalMs),
          trial: 'idle.mjs',
          args: [name, JSON.stringify({ intervalMs, ...wishes }), '2', String(SECONDS)],
          sleeps: true,
        })),
      ),
    ),
  ],
  figures: (trials) => [
    ...GROUPS.flatMap(({ group }) => [
      ...MEASURES.flatMap(({ clock, ...measure }) =>
        compare(trials, CONTENDERS, {
          ...measure,
          unit: 'µs',
          group,
          pick: aSample(clock),
          variantOf: (name) => variantOf(name, group, INTERVAL_MS),
          less: (name) => variantOf(name, group, NEVER_MS),
          references: [OURS],
        }),
      ),
      {
        name: `offloop ÷ prom-client, main thread, ${group}`,
        estimate: ratioOf(costs(trials, OURS, group), costs(trials, 'prom-client', group)),
        unit: '×',
        aim: 0.1,
        note: 'the cheapest that samples as much',
      },
    ]),
  ],
  plots: GROUPS.map(({ group }) => ({
    file: group === 'working process' ? 'sample' : 'sample-idle',
    title: `Main-thread CPU a sample, ${group}`,
    measure: 'main thread, CPU a sample',
    group,
    log: true,
  })),
  reasons: {
    'process, CPU a sample': 'presumably the batch of all metrics that our sampling thread builds and keeps',
    'main thread, CPU a sample': 'presumably the answer with all figures of the heap, its spaces included',
    ...Object.fromEntries(
      GROUPS.map(({ group }) => [
        `offloop ÷ prom-client, main thread, ${group}`,
        'presumably the wake-up of the main thread, which both pay',
      ]),
    ),
  },
}

/** Of the main thread, by round. @param {import('../harness/trials.mjs').Trials} trials @param {string} name @param {string} group */
function costs(trials, name, group) {
  return trials.differences(
    variantOf(name, group, INTERVAL_MS),
    variantOf(name, group, NEVER_MS),
    aSample('mainCpuNs'),
  )
}

/** Microseconds. @param {'mainCpuNs' | 'processCpuNs'} clock */
function aSample(clock) {
  return (/** @type {any} */ [window]) => window[clock] / 1e3 / ((SECONDS * 1000) / INTERVAL_MS)
}

/** @param {string} name @param {string} group @param {number} intervalMs */
function variantOf(name, group, intervalMs) {
  return `${name}, ${group}${intervalMs === NEVER_MS ? ', never' : ''}`
}
