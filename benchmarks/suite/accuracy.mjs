import { compare } from '../harness/compare.mjs'
import { GC_CONTENDERS } from './contenders.mjs'

const SETUPS = GC_CONTENDERS.filter((name) => name !== 'offloop, all on')
const PATTERNS = [
  { pattern: 'requests', measure: 'short turns' },
  { pattern: 'growth', measure: 'a growing heap' },
  { pattern: 'burst', measure: 'one long turn' },
]

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export const accuracy = {
  name: 'accuracy',
  question: "how much of the collector's time on the main thread each sees, against V8's own tracer",
  method: [
    "`--trace-gc-nvp` is the truth: pauses, and the marking that V8 does in steps between them. Each tool's total of the collector's time, by the truth; 100% is right, and more is too much. PerformanceObserver is read as it should be, all entries of each list.",
    'On Node.js 26 the tracer formats its line inside the hooks of all tools, which makes their pauses read some percent long.',
  ],
  rounds: 2,
  seconds: 50,
  variants: SETUPS.map((name) => ({ name, trial: 'accuracy.mjs', args: [name] })),
  figures: (trials) =>
    PATTERNS.flatMap(({ pattern, measure }) =>
      compare(trials, SETUPS, {
        measure,
        unit: '%',
        pick: (result) => (100 * result[pattern].seenMs) / result[pattern].truthMs,
        references: [],
        more: true,
      }),
    ),
  plots: [
    {
      file: 'accuracy',
      title: "Share of the collector's time seen: one long turn",
      measure: 'one long turn',
    },
    {
      file: 'accuracy-growth',
      title: "Share of the collector's time seen: a growing heap",
      measure: 'a growing heap',
    },
  ],
}
