import { compare } from '../harness/compare.mjs'
import { quantile } from '../harness/statistics.mjs'
import { estimated, ratioOf } from '../harness/trials.mjs'
import { OURS, SAMPLERS } from './contenders.mjs'

const INTERVAL_MS = 100
const SECONDS = 4
const AIM_US = 25
// Never in that time.
const NEVER_MS = 3_600_000
const USUAL_INTERVAL_SECONDS = 10
/** How many samples one reading of the heap profile serves at the usual interval: one a minute. */
const SAMPLES_A_PROFILE = 60 / USUAL_INTERVAL_SECONDS
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
    'Held up: a busy thread looks at the clock all the time, and sees how long each answer to our sampling thread takes. V8’s heap profile is read 10 s after the start and then each minute, which is not in these: one reading is timed by itself, in a service, and its share of a sample each 10 s is added below.',
    'A few processes run side by side, each of which sleeps nearly all the time; they disturb each other’s caches as neighbours on a real machine do.',
  ],
  rounds: 6,
  seconds: 115,
  thorough: { rounds: 16, seconds: 300 },
  // One group of contenders at a time.
  beside: 16,
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
    { name: 'profile', trial: 'profile-read.mjs', sleeps: true },
    { name: 'busy', trial: 'sample-busy.mjs', args: ['2'] },
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
    {
      name: 'busy, held up p50',
      estimate: trials.median('busy', heldUp(0.5)),
      unit: 'µs',
      aim: AIM_US,
      note: 'as JavaScript sees it',
    },
    { name: 'busy, held up p90', estimate: trials.median('busy', heldUp(0.9)), unit: 'µs' },
    {
      name: 'busy, held up, mean',
      estimate: trials.median('busy', ({ heldUpNs, lookNs }) => mean(heldUpNs, lookNs)),
      unit: 'µs',
      aim: AIM_US,
    },
    { name: 'busy, held up, longest', estimate: trials.median('busy', heldUp(1)), unit: 'µs' },
    {
      name: 'busy, as reported',
      estimate: trials.median('busy', ({ selfNs }) => selfNs / 1e3),
      unit: 'µs',
      note: 'offloop_probe_seconds_total',
    },
    {
      name: 'one reading of the heap profile',
      estimate: trials.median('profile', profileUs),
      unit: 'µs',
      note: 'timed by itself, in a service; `heapObjects: false` does without',
    },
    {
      name: 'busy, mean, with its share of the heap profile',
      estimate: estimated(withProfile(trials)),
      unit: 'µs',
      aim: AIM_US,
      note: `at a sample each ${USUAL_INTERVAL_SECONDS} s: a reading in ${SAMPLES_A_PROFILE} of them`,
    },
    {
      name: 'the worst sample: one that reads the heap profile',
      estimate: trials.median('profile', (result) => profileUs(result)),
      unit: 'µs',
      note: 'once a minute',
    },
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
    'busy, mean, with its share of the heap profile': 'the reading of the profile, once in six samples',
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

/** @param {number} q */
function heldUp(q) {
  return (/** @type {{ heldUpNs: number[], lookNs: number }} */ { heldUpNs, lookNs }) =>
    (quantile(heldUpNs, q) - lookNs) / 1e3
}

/** Microseconds. @param {readonly number[]} heldUpNs @param {number} lookNs */
function mean(heldUpNs, lookNs) {
  return (heldUpNs.reduce((sum, ns) => sum + ns, 0) / heldUpNs.length - lookNs) / 1e3
}

/** @param {{ profileNs: number }} result */
function profileUs({ profileNs }) {
  return profileNs / 1e3
}

/** Microseconds, of each round. @param {import('../harness/trials.mjs').Trials} trials */
function withProfile(trials) {
  const profile = trials.byRound('profile', profileUs)
  return [...trials.byRound('busy', ({ heldUpNs, lookNs }) => mean(heldUpNs, lookNs))].flatMap(
    ([round, us]) => {
      const read = profile.get(round)
      return read === undefined ? [] : [us + read / SAMPLES_A_PROFILE]
    },
  )
}
