const AIM_MB = 12
const FULL = 'HTTP server, scraped 3 times; TinyObs exporter'

/** @type {readonly { setup: string, name: string, aim?: number, note?: string }[]} */
const SETUPS = [
  { setup: 'everything', name: 'offloop, everything on', aim: AIM_MB, note: FULL },
  { setup: 'started', name: 'offloop, started only' },
  { setup: 'worker', name: 'a Worker with a timer' },
  { setup: 'prom-client', name: 'prom-client, default metrics' },
]

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export const memory = {
  name: 'memory',
  question: 'how much private memory the process has more, before and after V8 shrinks idle heaps (8 s)',
  rounds: 3,
  variants: ['nothing', ...SETUPS.map(({ setup }) => setup)].map((name) => ({
    name,
    trial: 'memory.mjs',
    args: [name],
    sleeps: true,
  })),
  figures: (trials) => [
    {
      name: 'Node.js itself',
      estimate: trials.median('nothing', ({ bytes }) => bytes.settled / 1e6),
      unit: 'MB',
      note: 'idle; the rest is more than this',
    },
    ...SETUPS.flatMap(({ setup, name, aim, note }) => [
      {
        name: `${name}, at 4 s`,
        estimate: trials.difference(setup, 'nothing', ({ bytes }) => bytes.early / 1e6),
        unit: 'MB',
        note,
      },
      {
        name: `${name}, at 13 s`,
        estimate: trials.difference(setup, 'nothing', ({ bytes }) => bytes.settled / 1e6),
        unit: 'MB',
        aim,
      },
    ]),
  ],
}
