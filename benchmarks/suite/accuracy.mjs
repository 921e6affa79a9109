import { compare } from '../harness/compare.mjs'
import { GC_CONTENDERS, OURS } from './contenders.mjs'

const PATTERNS = [
  { pattern: 'requests', measure: 'short turns' },
  { pattern: 'growth', measure: 'a growing heap' },
  { pattern: 'burst', measure: 'one long turn' },
]
const ALL_TIME = 'all of its time'

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export const accuracy = {
  name: 'accuracy',
  question: "how much of the collector's time on the main thread each sees, against V8's own tracer",
  method: [
    "`--trace-gc-nvp` is the truth: pauses, and the marking that V8 does in steps between them. Each tool's total of the collector's time, by the truth; 100% is right, and more is too much. PerformanceObserver is read as it should be, all entries of each list.",
    'Those that time the callbacks of V8 claim pauses, and no more: “pauses alone” holds them to that. All of these, ours and those of the native packages of Datadog, New Relic and gc-stats too, are called by V8 at the same two moments, and the time of marking that we add comes from sums that V8 keeps in the same places as its tracer: the comparison shows what a tool loses or counts twice, not whether V8 itself is right.',
    'On Node.js 26 the tracer formats its line inside the hooks of all tools, which makes their pauses read some percent long. Three processes run side by side: truth and figure are of the same one.',
  ],
  rounds: 2,
  seconds: 18,
  thorough: { rounds: 6, seconds: 55 },
  beside: 3,
  variants: GC_CONTENDERS.map((name) => ({ name, trial: 'accuracy.mjs', args: [name], sleeps: true })),
  figures: (trials) => [
    ...PATTERNS.flatMap(({ pattern, measure }) =>
      compare(trials, GC_CONTENDERS, {
        measure,
        unit: '%',
        group: ALL_TIME,
        pick: (result) => (100 * result[pattern].seenMs) / result[pattern].truthMs,
        references: [],
      }),
    ),
    ...PATTERNS.flatMap(({ pattern, measure }) =>
      compare(trials, GC_CONTENDERS, {
        measure: `${measure}, off by`,
        unit: '%',
        group: ALL_TIME,
        pick: (result) => Math.abs((100 * result[pattern].seenMs) / result[pattern].truthMs - 100),
        references: [OURS],
      }),
    ),
    ...PATTERNS.flatMap(({ pattern, measure }) =>
      compare(
        trials,
        GC_CONTENDERS.filter((name) => name !== OURS),
        {
          measure,
          unit: '%',
          group: 'pauses alone',
          pick: (result) => (100 * result[pattern].seenMs) / result[pattern].pausesMs,
          references: [],
        },
      ),
    ),
  ],
  plots: [
    {
      file: 'accuracy',
      title: "Share of the collector's time seen: one long turn",
      measure: 'one long turn',
      group: ALL_TIME,
    },
    {
      file: 'accuracy-growth',
      title: "Share of the collector's time seen: a growing heap",
      measure: 'a growing heap',
      group: ALL_TIME,
    },
  ],
  reasons: Object.fromEntries(
    PATTERNS.map(({ measure }) => [
      `${measure}, off by`,
      'presumably what V8 does outside its callbacks at either end of a pause',
    ]),
  ),
}
