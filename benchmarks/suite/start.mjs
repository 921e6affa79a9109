const AIM_MS = 8
const CANDIDATES = ['offloop', 'worker', 'prom-client']
const NOTES = {
  worker: 'new Worker of an empty file',
  'prom-client': 'collectDefaultMetrics()',
}

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export const start = {
  name: 'start',
  question: 'how long loading and starting keeps the main thread',
  rounds: 10,
  variants: ['nothing', ...CANDIDATES].map((name) => ({ name, trial: 'start.mjs', args: [name] })),
  figures(trials) {
    const rows = CANDIDATES.flatMap((candidate) => [
      {
        name: `${candidate}, require`,
        estimate: trials.median(candidate, ({ load }) => load.wallNs / 1e6),
        unit: 'ms',
      },
      {
        name: `${candidate}, start`,
        estimate: trials.median(candidate, ({ start }) => start.wallNs / 1e6),
        unit: 'ms',
        note: NOTES[candidate],
      },
      {
        name: `${candidate}, both`,
        estimate: trials.median(candidate, ({ load, start }) => (load.wallNs + start.wallNs) / 1e6),
        unit: 'ms',
        aim: candidate === 'offloop' ? AIM_MS : undefined,
      },
      {
        name: `${candidate}, both, CPU`,
        // The clock itself costs some, and as much with nothing to measure.
        estimate: trials.difference(
          candidate,
          'nothing',
          ({ load, start }) => (load.cpuNs + start.cpuNs) / 1e6,
        ),
        unit: 'ms',
        aim: candidate === 'offloop' ? AIM_MS : undefined,
      },
      {
        name: `${candidate}, CPU in the 500 ms thereafter`,
        estimate: trials.difference(candidate, 'nothing', ({ settling }) => settling.cpuNs / 1e6),
        unit: 'ms',
      },
    ])
    return [
      ...rows,
      {
        name: 'prom-client ÷ offloop',
        estimate: trials.ratio('prom-client', 'offloop', ({ load, start }) => load.wallNs + start.wallNs),
        unit: '×',
      },
    ]
  },
}
