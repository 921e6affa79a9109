import { trimmedMean } from '../harness/statistics.mjs'
import { ratioOf } from '../harness/trials.mjs'

const NONE = 'nothing'
const OBSERVER = 'PerformanceObserver'
const PLAIN = 'time and counts'
const SETUPS = [PLAIN, 'with bytes', 'with objects', 'with both', OBSERVER]
const HEAPS = [
  { heap: 'small heap', megabytes: 0 },
  { heap: '100 MB heap', megabytes: 100 },
]
/** By set-up: microseconds at most, and at most that part of what an observer takes. */
const AIMS = {
  [PLAIN]: { us: 0.5, part: 1 / 40 },
  'with bytes': { us: 15, part: 1 / 3 },
}

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export const gcPaired = {
  name: 'gc-paired',
  question: 'what our hooks take of the main thread at a collection, with and without them in one process',
  method: [
    "What a process happens to have (addresses, compiled code) is the same for both sides here. Blocks of the same work with real allocation, each with another set-up in force, in an order by chance within each set of one of each; the thread's own CPU clock, by the kernel. A set-up costs what its block takes more than the one without any in its set; a round's figure is the mean of these, a fifth of them cut off at either end. The young generation is 1 MB, and there is little work between two scavenges, so that there are many and little hides their cost. In this all is that a collection costs: calls, cold caches, what V8 does because somebody listens.",
  ],
  rounds: 6,
  seconds: 22,
  thorough: { rounds: 12, seconds: 44 },
  variants: HEAPS.map(({ heap, megabytes }) => ({
    name: heap,
    trial: 'gc-paired.mjs',
    args: [String(megabytes), '1.6'],
    nodeArgs: ['--max-semi-space-size=1', '--expose-gc'],
  })),
  figures: (trials) =>
    HEAPS.flatMap(({ heap }) => [
      ...SETUPS.map((setup) => ({
        name: `${heap}, ${setup}`,
        estimate: trials.median(heap, moreUs(setup)),
        unit: 'µs',
        note: setup === OBSERVER ? "Node.js's own, for `gc`, with a callback that does nothing" : '',
        ...(setup in AIMS && { aim: AIMS[/** @type {keyof typeof AIMS} */ (setup)].us }),
      })),
      ...Object.entries(AIMS).map(([setup, { part }]) => ({
        name: `${heap}, ${setup} ÷ ${OBSERVER}`,
        estimate: ratioOf(trials.byRound(heap, moreUs(setup)), trials.byRound(heap, moreUs(OBSERVER))),
        unit: '×',
        aim: part,
      })),
      {
        name: `${heap}, the work and its collection`,
        estimate: trials.median(
          heap,
          ({ cpuNs, cyclesPerBlock }) => trimmedMean(cpuNs[NONE]) / cyclesPerBlock / 1e3,
        ),
        unit: 'µs',
        note: 'without any tool',
      },
    ]),
  reasons: Object.fromEntries(
    HEAPS.flatMap(({ heap }) => [
      [`${heap}, ${PLAIN}`, 'presumably two calls and two cold lines of memory, which no timer inside sees'],
      [`${heap}, ${PLAIN} ÷ ${OBSERVER}`, 'presumably the same'],
      [
        `${heap}, with bytes`,
        "the look at the size of the heap, for which V8's figures must come from memory",
      ],
      [`${heap}, with bytes ÷ ${OBSERVER}`, 'the same look'],
    ]),
  ),
}

/** Microseconds a collection, more than without. @param {string} setup */
function moreUs(setup) {
  return (/** @type {{ cpuNs: Record<string, number[]>, cyclesPerBlock: number }} */ result) => {
    const { cpuNs, cyclesPerBlock } = result
    const bare = cpuNs[NONE] ?? []
    const more = (cpuNs[setup] ?? []).map((ns, at) => ns - /** @type {number} */ (bare[at]))
    return trimmedMean(more) / cyclesPerBlock / 1e3
  }
}
