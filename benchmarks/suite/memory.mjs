const AIM_MB = 12

/** @type {readonly { setup: string, name: string, aim?: number, note?: string }[]} */
const SETUPS = [
  {
    setup: 'everything',
    name: 'offloop, everything on',
    aim: AIM_MB,
    note: 'HTTP server, scraped 3 times; TinyObs exporter',
  },
  { setup: 'started', name: 'offloop, started only' },
  { setup: 'worker', name: 'a Worker with a timer' },
  { setup: 'prom-client', name: 'prom-client, default metrics' },
]

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export const memory = {
  name: 'memory',
  question: 'how much private memory the process has more, before and after V8 shrinks idle heaps (8 s)',
  rounds: 3,
  variants: [
    ...['nothing', ...SETUPS.map(({ setup }) => setup)].map((name) => variant(name, [name])),
    ...['nothing', 'everything'].map((name) => variant(`${name}, alone`, [name, 'alone'])),
  ],
  figures: (trials) => [
    {
      name: 'Node.js itself',
      estimate: trials.median('nothing', settledMb),
      unit: 'MB',
      note: 'idle; the rest is more than this',
    },
    ...SETUPS.flatMap(({ setup, name, aim, note }) => [
      { name: `${name}, at 4 s`, estimate: trials.difference(setup, 'nothing', earlyMb), unit: 'MB', note },
      { name: `${name}, at 17 s`, estimate: trials.difference(setup, 'nothing', settledMb), unit: 'MB', aim },
    ]),
    {
      name: 'offloop, everything on, at 17 s, alone',
      estimate: trials.difference('everything, alone', 'nothing, alone', settledMb),
      unit: 'MB',
      note: 'the only Node.js process: pages of its binary are private too',
    },
  ],
}

/**
 * @param {string} name
 * @param {readonly string[]} args
 */
function variant(name, args) {
  return { name, trial: 'memory.mjs', args, sleeps: true }
}

/** @param {{ bytes: { early: number } }} result */
function earlyMb({ bytes }) {
  return bytes.early / 1e6
}

/** @param {{ bytes: { settled: number } }} result */
function settledMb({ bytes }) {
  return bytes.settled / 1e6
}
