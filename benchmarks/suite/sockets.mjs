import { compare } from '../harness/compare.mjs'
import { OURS } from './contenders.mjs'

const COUNTS = [0, 1000, 10_000, 50_000]
// Those that tell of open handles.
const SETUPS = ['prom-client', 'OpenTelemetry', OURS, 'offloop, fallback']

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export const sockets = {
  name: 'sockets',
  question: 'what a sample costs the main thread of a server with many open sockets',
  method: [
    'Nothing is sent over them. Unix sockets, since there are too few ports for so many. Where a process may not open 50,000 files, the last column has as many as it may, less 200.',
  ],
  rounds: 2,
  seconds: 22,
  variants: SETUPS.map((name) => ({
    name,
    trial: 'sockets.mjs',
    args: [name, ...COUNTS.map(String)],
    sleeps: true,
  })),
  figures: (trials) => [
    ...COUNTS.flatMap((count, at) =>
      compare(trials, SETUPS, {
        measure: `${at === COUNTS.length - 1 ? 'up to ' : ''}${count.toLocaleString('en')} sockets`,
        unit: 'µs',
        pick: (looks) => looks[at].perSampleNs / 1e3,
        references: [OURS],
      }),
    ),
    {
      name: 'sockets in the last column',
      estimate: trials.median(OURS, (looks) => looks.at(-1).count),
      unit: '×',
    },
  ],
  plots: [
    {
      file: 'sockets',
      title: 'Main-thread CPU a sample, with up to 50,000 sockets',
      measure: 'up to 50,000 sockets',
      log: true,
    },
  ],
}
