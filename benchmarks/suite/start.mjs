import { compare } from '../harness/compare.mjs'
import { CONTENDERS, NOTHING, OURS } from './contenders.mjs'

const AIM_MS = 8
const STARTED = ['a bare Worker', ...CONTENDERS.filter((name) => name !== 'offloop, all on')]
const both = (/** @type {any} */ { load, start }) => load.wallNs + start.wallNs

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export const start = {
  name: 'start',
  question: 'how long loading and starting keeps the main thread',
  method: [
    'Wall time of `require`, and of what starts it, in a process that has just begun; CPU time of the main thread for both, and in the 300 ms after.',
  ],
  rounds: 6,
  seconds: 47,
  variants: [NOTHING, ...STARTED].map((name) => ({ name, trial: 'start.mjs', args: [name] })),
  figures: (trials) => [
    ...compare(trials, STARTED, {
      measure: 'require',
      unit: 'ms',
      pick: ({ load }) => load.wallNs / 1e6,
      references: [OURS],
    }),
    ...compare(trials, STARTED, {
      measure: 'start',
      unit: 'ms',
      pick: ({ start }) => start.wallNs / 1e6,
      references: [OURS],
    }),
    ...compare(trials, STARTED, {
      measure: 'both',
      unit: 'ms',
      pick: (result) => both(result) / 1e6,
      references: [OURS],
      aims: { [OURS]: AIM_MS },
    }),
    // The clock itself costs some, and as much with nothing to measure.
    ...compare(trials, STARTED, {
      measure: 'both, CPU',
      unit: 'ms',
      pick: ({ load, start }) => (load.cpuNs + start.cpuNs) / 1e6,
      less: () => NOTHING,
      references: [OURS],
      aims: { [OURS]: AIM_MS },
    }),
    ...compare(trials, STARTED, {
      measure: 'CPU in the 300 ms after',
      unit: 'ms',
      pick: ({ settling }) => settling.cpuNs / 1e6,
      less: () => NOTHING,
      references: [OURS],
    }),
    {
      name: 'offloop, both, more than a bare Worker',
      estimate: trials.difference(OURS, 'a bare Worker', (result) => both(result) / 1e6),
      unit: 'ms',
      aim: 2,
    },
  ],
  plots: [{ file: 'start', title: 'require and start, wall time', measure: 'both', log: true }],
  reasons: {
    'offloop, both, more than a bare Worker':
      'modules to load, an addon to open, options to check and the first sample are beside the thread itself',
    require:
      'ours loads an addon and checks it against our JavaScript; these are built into Node.js or are one small file',
    start: 'ours starts a worker thread, which no tool without one has to: a bare Worker is the floor',
    both: 'ours starts a worker thread, which no tool without one has to: a bare Worker is the floor',
    'both, CPU': 'ours starts a worker thread, which no tool without one has to: a bare Worker is the floor',
    'CPU in the 300 ms after':
      'Node.js sets up the streams and messages of a new worker thread on the main thread',
  },
}
