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
    'Nothing is sent over them. Unix sockets, since there are too few ports for so many. Where a process may not open 50,000 files, UDP sockets that are not bound make up for what is missing: they need no file, and are as good to walk over. Datadog and New Relic tell nothing of open handles.',
  ],
  rounds: 1,
  seconds: 15,
  variants: SETUPS.map((name) => ({
    name,
    trial: 'sockets.mjs',
    args: [name, ...COUNTS.map(String)],
    sleeps: true,
    // Some are held up by their own samples while the connections are opened.
    timeoutMs: 120_000,
  })),
  figures: (trials) => [
    ...COUNTS.flatMap((count, at) =>
      compare(trials, SETUPS, {
        measure: `${count.toLocaleString('en')} sockets`,
        unit: 'µs',
        pick: (looks) => looks[at].perSampleNs / 1e3,
        references: [OURS],
      }),
    ),
    {
      name: 'of the last column, with a file',
      estimate: trials.median(OURS, (looks) => looks.at(-1).connections),
      unit: '×',
    },
  ],
  plots: [
    {
      file: 'sockets',
      title: 'Main-thread CPU a sample, with 50,000 sockets',
      measure: '50,000 sockets',
      log: true,
    },
  ],
}
