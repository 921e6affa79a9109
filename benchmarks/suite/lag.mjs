const LENGTHS_MS = [1, 5, 20, 100, 1000]
const FIGURES = ['mean', 'p50', 'p90', 'p99', 'max']
/** @type {readonly { by: 'truth' | 'ours' | 'theirs', name: string }[]} */
const SOURCES = [
  { by: 'truth', name: 'truth' },
  { by: 'ours', name: 'offloop' },
  { by: 'theirs', name: 'monitorEventLoopDelay' },
]

/** What docs/event-loop.md shows. @type {import('../harness/benchmark.mjs').Benchmark} */
export const lag = {
  name: 'lag',
  question: 'what is said of blocks of known lengths, each 20 to 60 ms after the last',
  rounds: 3,
  seconds: 60,
  apart: true,
  variants: [{ name: 'blocks', trial: 'lag.mjs', args: ['1'] }],
  figures: (trials) =>
    LENGTHS_MS.flatMap((ms, phase) =>
      FIGURES.flatMap((figure) =>
        SOURCES.map(({ by, name }) => ({
          name: `${ms} ms, ${figure}, ${name}`,
          estimate: trials.median('blocks', ({ phases }) => phases[phase][by][figure] / 1e6),
          unit: 'ms',
        })),
      ),
    ),
}
