import { compare } from '../harness/compare.mjs'
import { ALL, NOTHING, OURS } from './contenders.mjs'

const SETUPS = ['a bare Worker', ...ALL]
const WINDOWS = [
  {
    index: 0,
    group: '4 to 14 s',
    note: "with V8's clean-up of what starting left, which it does once, after 8 s",
  },
  { index: 1, group: '14 to 24 s', note: 'from then on' },
]

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export const idle = {
  name: 'idle',
  question: 'what an idle process costs: CPU, wake-ups, private memory',
  method: [
    'Watched from outside, which wakes nobody. One sample is due in each window of ten seconds. Wake-ups are how often the main thread went to sleep, by the kernel.',
    'Private memory is what no other process shares, more than without any tool: at 4 s, and at 24 s, when V8 has shrunk its idle heaps.',
  ],
  rounds: 2,
  seconds: 56,
  variants: [
    ...SETUPS.map((name) => ({ name, trial: 'resting.mjs', args: [name], sleeps: true })),
    ...[NOTHING, OURS].map((name) => ({
      name: `${name}, alone`,
      trial: 'resting.mjs',
      args: [name, 'alone'],
      sleeps: true,
    })),
  ],
  figures: (trials) => [
    ...WINDOWS.flatMap(({ index, group, note }) => [
      ...compare(trials, SETUPS, {
        measure: 'CPU of the process',
        unit: 'ms',
        group,
        pick: ({ windows }) => windows[index].processCpuNs / 1e6,
        references: [OURS],
        aims: { [OURS]: 5 },
        notes: { [OURS]: note },
      }),
      ...compare(trials, SETUPS, {
        measure: 'main thread wakes up',
        unit: '×',
        group,
        pick: ({ windows }) => windows[index].mainWakeUps,
        references: [OURS],
        aims: { [OURS]: 1 },
      }),
    ]),
    {
      name: 'Node.js itself, private memory',
      estimate: trials.median(NOTHING, ({ settled }) => settled / 1e6),
      unit: 'MB',
      note: 'idle, at 24 s; the rest is more than this',
    },
    ...['early', 'settled'].flatMap((when) =>
      compare(
        trials,
        SETUPS.filter((name) => name !== NOTHING),
        {
          measure: when === 'early' ? 'at 4 s' : 'at 24 s',
          unit: 'MB',
          group: 'private memory, more',
          pick: (result) => result[when] / 1e6,
          less: () => NOTHING,
          references: [OURS],
        },
      ),
    ),
    {
      name: 'offloop, private memory at 24 s, more than a bare Worker',
      estimate: trials.difference(OURS, 'a bare Worker', ({ settled }) => settled / 1e6),
      unit: 'MB',
      aim: 3,
    },
    {
      name: 'offloop, private memory at 24 s, alone',
      estimate: trials.difference(`${OURS}, alone`, `${NOTHING}, alone`, ({ settled }) => settled / 1e6),
      unit: 'MB',
      note: 'the only Node.js process: pages of its binary are private too',
    },
  ],
  plots: [
    {
      file: 'idle-cpu',
      title: 'CPU of an idle process in ten seconds (14 to 24 s)',
      measure: 'CPU of the process',
      group: '14 to 24 s',
      log: true,
    },
    {
      file: 'memory',
      title: 'Private memory at 24 s, more than without a tool',
      measure: 'at 24 s',
      group: 'private memory, more',
    },
  ],
  reasons: {
    'at 4 s': 'a worker thread has a heap and a stack of its own: the row of a bare Worker is that part',
    'at 24 s': 'a worker thread has a heap and a stack of its own: the row of a bare Worker is that part',
    'CPU of the process':
      'presumably the sample of all metrics that is taken and kept, in a thread of its own',
    'main thread wakes up':
      'a sample asks the main thread once for its heap figures; what is more than that is presumably the clean-up of V8 after the start',
    'offloop, private memory at 24 s, more than a bare Worker': 'presumably compiled modules and the history',
  },
}
