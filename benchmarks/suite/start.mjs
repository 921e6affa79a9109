import { compare } from '../harness/compare.mjs'
import { CONTENDERS, NOTHING, OURS } from './contenders.mjs'

const WORKER = 'a bare Worker'
const LEAST = 'a Worker and our addon'
const STARTED = [WORKER, LEAST, ...CONTENDERS]
const both = (/** @type {any} */ { loadNs, startNs }) => loadNs + startNs

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export const start = {
  name: 'start',
  question: 'how long loading and starting keeps the main thread',
  method: [
    'Wall time of `require`, and of what starts it, in a process that has just begun, and has loaded some fifty files of other packages, the last three just before; CPU time of the main thread for both, and in the 300 ms after. How much of V8’s young generation is in use when that begins is another share each round, and the same for all: a collection falls into it as often as it would by chance.',
  ],
  rounds: 6,
  seconds: 32,
  // The scheduler gives some rounds' main thread 2 to 4 ms less, whatever was started.
  thorough: { rounds: 40, seconds: 240 },
  variants: [NOTHING, ...STARTED].map((name) => ({
    name,
    trial: 'start.mjs',
    args: (round) => [name, String(round), 'plain'],
  })),
  figures: (trials) => [
    ...compare(trials, STARTED, {
      measure: 'require',
      unit: 'ms',
      pick: ({ loadNs }) => loadNs / 1e6,
      references: [OURS],
    }),
    ...compare(trials, STARTED, {
      measure: 'start',
      unit: 'ms',
      pick: ({ startNs }) => startNs / 1e6,
      references: [OURS],
    }),
    ...compare(trials, STARTED, {
      measure: 'both',
      unit: 'ms',
      pick: (result) => both(result) / 1e6,
      references: [OURS],
    }),
    // The clock itself costs some, and as much with nothing to measure.
    ...compare(trials, STARTED, {
      measure: 'both, CPU',
      unit: 'ms',
      pick: ({ cpuNs }) => cpuNs / 1e6,
      less: () => NOTHING,
      references: [OURS],
    }),
    ...compare(trials, STARTED, {
      measure: 'CPU in the 300 ms after',
      unit: 'ms',
      pick: ({ settlingCpuNs }) => settlingCpuNs / 1e6,
      less: () => NOTHING,
      references: [OURS],
    }),
    {
      name: 'offloop, start, more than a bare Worker',
      estimate: trials.difference(OURS, WORKER, ({ startNs }) => startNs / 1e6),
      unit: 'ms',
      aim: 2,
    },
    {
      name: 'offloop, both, more than a bare Worker',
      estimate: trials.difference(OURS, WORKER, (result) => both(result) / 1e6),
      unit: 'ms',
      aim: 2,
    },
    {
      name: 'a Worker and our addon, both, more than a bare Worker',
      estimate: trials.difference(LEAST, WORKER, (result) => both(result) / 1e6),
      unit: 'ms',
      note: 'from a package with no JavaScript in it',
    },
  ],
  plots: [{ file: 'start', title: 'require and start, wall time', measure: 'both', log: true }],
  reasons: {
    require: 'presumably the addon and our modules, which are to be found and loaded',
    start:
      'a worker thread is started: the row of a bare Worker is that part; the rest is presumably modules and the addon',
    both: 'a worker thread is started: the row of a bare Worker is that part; the rest is presumably modules and the addon',
    'both, CPU':
      'a worker thread is started: the row of a bare Worker is that part; the rest is presumably modules and the addon',
    'CPU in the 300 ms after': 'presumably the messages and streams of a new worker thread',
    'offloop, both, more than a bare Worker':
      'Node.js finds a package and loads its addon, which alone is the row below; then it compiles our JavaScript (40 KB), with what every start calls, and runs each function for the first time. What is left where nothing need be compiled is in “versions”: Node.js’s own cache of compiled code, from Node.js 22 on',
  },
}
