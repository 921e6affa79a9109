import { compare } from '../harness/compare.mjs'
import { ALL, NOTHING, OURS } from './contenders.mjs'

const SETUPS = ['a bare Worker', ...ALL]
const TIMEOUT_MS = 120_000
const OFTEN = 'offloop, sampled often'
const MORE_MB = 3
const MOMENTS = [
  { when: 'early', measure: 'at 4 s' },
  { when: 'settled', measure: 'at 24 s' },
  { when: 'resting', measure: 'at 80 s' },
]
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
    'Watched from outside, which wakes nobody. One sample is due in each window of ten seconds. Wake-ups are how often a thread went to sleep, by the kernel: the main one, and all of the process.',
    `Private memory is what no other process shares, more than without any tool: at 4 s, at 24 s, when V8 has shrunk the heap of the main thread, and at 80 s, when it has shrunk those of workers.`,
    'All rounds run side by side, some ninety processes that sleep: they push each other out of the caches, so that a wake-up costs rather more than alone.',
  ],
  rounds: 6,
  seconds: 89,
  atOnce: 6,
  variants: [
    ...SETUPS.map((name) => ({
      name,
      trial: 'resting.mjs',
      args: [name],
      sleeps: true,
      timeoutMs: TIMEOUT_MS,
    })),
    { name: OFTEN, trial: 'resting.mjs', args: [OURS, 'often'], sleeps: true, timeoutMs: TIMEOUT_MS },
    ...[NOTHING, OURS].map((name) => ({
      name: `${name}, alone`,
      trial: 'resting.mjs',
      args: [name, 'alone'],
      sleeps: true,
      timeoutMs: TIMEOUT_MS,
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
        notes: { [OURS]: note },
      }),
      ...compare(trials, SETUPS, {
        measure: 'main thread wakes up',
        unit: '×',
        group,
        pick: ({ windows }) => windows[index].mainWakeUps,
        references: [OURS],
      }),
      ...compare(trials, SETUPS, {
        measure: 'all threads wake up',
        unit: '×',
        group,
        pick: ({ windows }) => windows[index].allWakeUps,
        references: [OURS],
      }),
      {
        name: `offloop, ${group}, main thread wakes up, more than without any tool`,
        estimate: trials.difference(OURS, NOTHING, ({ windows }) => windows[index].mainWakeUps),
        unit: '×',
        aim: 1,
        note: 'one sample is due',
      },
    ]),
    {
      name: 'Node.js itself, private memory',
      estimate: trials.median(NOTHING, ({ settled }) => settled / 1e6),
      unit: 'MB',
      note: 'idle, at 24 s; the rest is more than this',
    },
    ...MOMENTS.flatMap(({ when, measure }) =>
      compare(
        trials,
        SETUPS.filter((name) => name !== NOTHING),
        {
          measure,
          unit: 'MB',
          group: 'private memory, more',
          pick: (result) => result[when] / 1e6,
          less: () => NOTHING,
          references: [OURS],
        },
      ),
    ),
    ...MOMENTS.map(({ when, measure }) => ({
      name: `offloop, private memory ${measure}, more than a bare Worker`,
      estimate: trials.difference(OURS, 'a bare Worker', (result) => result[when] / 1e6),
      unit: 'MB',
      ...(when === 'resting' && { aim: MORE_MB }),
    })),
    {
      name: 'offloop, private memory at 80 s, after 300 samples, more than after 8',
      estimate: trials.difference(OFTEN, OURS, ({ resting }) => resting / 1e6),
      unit: 'MB',
      note: 'the history, filled, and what a busier sampling thread keeps',
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
      title: 'Private memory at 80 s, more than without a tool',
      measure: 'at 80 s',
      group: 'private memory, more',
    },
  ],
  reasons: {
    'at 4 s': 'a worker thread has a heap and a stack of its own: the row of a bare Worker is that part',
    'at 24 s': 'a worker thread has a heap and a stack of its own: the row of a bare Worker is that part',
    'CPU of the process':
      'presumably the sample of all metrics that is taken and kept, in a thread of its own',
    'main thread wakes up':
      'a sample asks a main thread that has run since the last once for its heap figures; what is more than that is presumably the clean-up of V8 after the start',
    'at 80 s': 'a worker thread has a heap and a stack of its own: the row of a bare Worker is that part',
    'all threads wake up': 'presumably the timers of our sampling thread, and what V8 has its own threads do',
    ...Object.fromEntries([
      ...MOMENTS.map(({ measure }) => [
        `offloop, private memory ${measure}, more than a bare Worker`,
        'presumably compiled modules and the history, which a bare Worker that shrinks has not',
      ]),
      ...WINDOWS.map(({ group }) => [
        `offloop, ${group}, main thread wakes up, more than without any tool`,
        'presumably the clean-up of V8 after the start, by tasks of the main thread',
      ]),
    ]),
  },
}
