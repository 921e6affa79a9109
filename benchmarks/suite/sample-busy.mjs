import { quantile } from '../harness/statistics.mjs'
import { estimated } from '../harness/trials.mjs'

const AIM_US = 25
const USUAL_INTERVAL_SECONDS = 10
/** How many samples one reading of the heap profile serves at the usual interval: one a minute. */
const SAMPLES_A_PROFILE = 60 / USUAL_INTERVAL_SECONDS

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export const sampleBusy = {
  name: 'sample-busy',
  question: 'how long a sample holds up a thread that is busy',
  method: [
    'The thread looks at the clock all the time, and sees how long each answer to our sampling thread takes. V8’s heap profile is read 10 s after the start and then each minute, which is not in these: one reading is timed by itself, in a service, and its share of a sample each 10 s is added.',
    'Where another thread wakes up, a machine may take the processor from this one for a moment, whatever that thread does: so beside ours is one that only wakes up as often, and the mean is told less that one’s.',
  ],
  rounds: 6,
  seconds: 25,
  thorough: { rounds: 12, seconds: 50 },
  atOnce: 6,
  variants: [
    { name: 'profile', trial: 'profile-read.mjs', sleeps: true },
    { name: 'busy', trial: 'sample-busy.mjs', args: ['2'] },
    { name: 'waking', trial: 'sample-busy.mjs', args: ['2', 'waking'] },
  ],
  figures: (trials) => [
    {
      name: 'held up p50',
      estimate: trials.median('busy', heldUp(0.5)),
      unit: 'µs',
      aim: AIM_US,
      note: 'as JavaScript sees it',
    },
    { name: 'held up p90', estimate: trials.median('busy', heldUp(0.9)), unit: 'µs' },
    { name: 'held up, mean', estimate: trials.median('busy', mean), unit: 'µs' },
    {
      name: 'held up by a thread that only wakes up, mean',
      estimate: trials.median('waking', mean),
      unit: 'µs',
      note: 'the machine’s own, in the figures above as well',
    },
    {
      name: 'mean, more than by a thread that only wakes up',
      estimate: trials.difference('busy', 'waking', mean),
      unit: 'µs',
      aim: AIM_US,
    },
    { name: 'held up, longest', estimate: trials.median('busy', heldUp(1)), unit: 'µs' },
    {
      name: 'as reported',
      estimate: trials.median('busy', ({ selfNs }) => selfNs / 1e3),
      unit: 'µs',
      note: 'offloop_probe_seconds_total',
    },
    {
      name: 'one reading of the heap profile',
      estimate: trials.median('profile', profileUs),
      unit: 'µs',
      note: 'once a minute: the worst sample; `heapObjects: false` does without',
    },
    {
      name: 'the same, with its share of the heap profile',
      estimate: estimated(withProfile(trials)),
      unit: 'µs',
      aim: AIM_US,
      note: `at a sample each ${USUAL_INTERVAL_SECONDS} s: a reading in ${SAMPLES_A_PROFILE} of them`,
    },
  ],
  reasons: {
    'mean, more than by a thread that only wakes up':
      'presumably the machine, whose part is another in each round; the median is what an answer takes',
    'the same, with its share of the heap profile':
      'the same, and the reading of the profile, once in six samples',
  },
}

/** @param {number} q */
function heldUp(q) {
  return (/** @type {{ heldUpNs: number[], lookNs: number }} */ { heldUpNs, lookNs }) =>
    (quantile(heldUpNs, q) - lookNs) / 1e3
}

/** Microseconds. @param {{ heldUpNs: readonly number[], lookNs: number }} result */
function mean({ heldUpNs, lookNs }) {
  return (heldUpNs.reduce((sum, ns) => sum + ns, 0) / heldUpNs.length - lookNs) / 1e3
}

/** @param {{ profileNs: number }} result */
function profileUs({ profileNs }) {
  return profileNs / 1e3
}

/** Microseconds, of each round. @param {import('../harness/trials.mjs').Trials} trials */
function withProfile(trials) {
  const profile = trials.byRound('profile', profileUs)
  const waking = trials.byRound('waking', mean)
  return [...trials.byRound('busy', mean)].flatMap(([round, us]) => {
    const [read, machine] = [profile, waking].map((values) => values.get(round))
    return read === undefined || machine === undefined ? [] : [us - machine + read / SAMPLES_A_PROFILE]
  })
}
