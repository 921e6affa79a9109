import { quantile } from '../harness/statistics.mjs'

const EDGES = ['prologue', 'epilogue']
const PLAIN = 'time and counts'
const BYTES = 'with bytes'
const BOTH = 'with both'
const WARM = 'with bytes, warm'
const SERVICE = 'a service as it is'
/** Of both edges at p50, in nanoseconds: time and counts alone, and with the bytes of the heap. */
const AIMS = { [PLAIN]: 500, [BYTES]: 15_000, [BOTH]: 15_000 }
const FEATURES = [PLAIN, BYTES, 'with objects', BOTH]

// A collection each megabyte or so, for enough of them: it is as much as a core's own cache holds, and more.
const OFTEN = ['--max-semi-space-size=1', '--expose-gc']
/** @type {readonly { heap: string, megabytes: number, seconds: number, phases: readonly string[], options?: object, nodeArgs?: readonly string[] }[]} */
const VARIANTS = [
  { heap: '30 MB heap', megabytes: 30, seconds: 0.25, phases: [...FEATURES, WARM], nodeArgs: OFTEN },
  { heap: '2 GB heap', megabytes: 2000, seconds: 0.3, phases: FEATURES, nodeArgs: OFTEN },
  {
    heap: '30 MB heap, without V8’s reasons',
    megabytes: 30,
    seconds: 0.25,
    phases: [PLAIN],
    options: { histograms: false },
    nodeArgs: OFTEN,
  },
  {
    heap: '30 MB heap, marking timed by brackets',
    megabytes: 30,
    seconds: 0.25,
    phases: [PLAIN],
    options: { longTaskStats: false },
    nodeArgs: OFTEN,
  },
  { heap: SERVICE, megabytes: 30, seconds: 1, phases: [BOTH] },
]

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export const gcHook = {
  name: 'gc-hook',
  question: 'how long our two callbacks take at a collection, timed by themselves',
  method: [
    'Real allocation (JSON in and out, some of it long-lived), the hooks read the clock themselves: from inside a read before the callback to inside one after it, less what a read takes, which is measured right before. The page of the clock is warm by then; what the callback itself touches is as the collection left it. The heap of 30 MB is all records, which hold pointers; larger ones have lists of numbers beside them.',
    `Bytes need a look at the size of the heap, and what that takes is what it takes to fetch V8's own figures from memory: the collection has just driven them out of the caches. How far out is the machine's: its caches, and who shares them. “Warm” is the same look on the same heap where nothing happens between collections but the next one, forced: a benchmark that does so is off by what lies between the two rows.`,
    'The share of a core is the sum of all edges over the time, of a process that serves JSON as fast as it can, with a young generation of the default size and with the defaults of offloop.',
  ],
  rounds: 6,
  seconds: 55,
  variants: VARIANTS.map(({ heap, megabytes, seconds, phases, options = {}, nodeArgs }) => ({
    name: heap,
    trial: 'gc-hook.mjs',
    args: [String(megabytes), JSON.stringify(options), String(seconds), ...phases],
    ...(nodeArgs !== undefined && { nodeArgs }),
  })),
  figures(trials) {
    const rows = VARIANTS.flatMap(({ heap, phases }) =>
      phases.flatMap((phase) => [
        ...EDGES.flatMap((edge) =>
          [50, 99].map((percent) => ({
            name: `${heap}, ${phase}, ${edge} p${percent}`,
            estimate: trials.median(heap, (result) => edgeNs(result, phase, edge, percent)),
            unit: 'ns',
          })),
        ),
        {
          name: `${heap}, ${phase}, both, p50`,
          estimate: trials.median(heap, (result) =>
            EDGES.reduce((sum, edge) => sum + edgeNs(result, phase, edge, 50), 0),
          ),
          unit: 'ns',
          ...(phase in AIMS && { aim: AIMS[/** @type {keyof typeof AIMS} */ (phase)] }),
          note: `of ${edgesSeen(trials, heap, phase)} collections a round`,
        },
      ]),
    )
    return [
      ...rows,
      {
        name: `${SERVICE}, ${BOTH}, share of a core`,
        estimate: trials.median(SERVICE, ({ phases }) => 100 * shareOf(phases[BOTH])),
        unit: '%',
        aim: 0.05,
        note: 'of a busy service, bytes and objects on',
      },
    ]
  },
  reasons: Object.fromEntries(
    VARIANTS.flatMap(({ heap, phases }) =>
      phases.map((phase) => [
        `${heap}, ${phase}, both, p50`,
        "presumably the misses of the caches: the rows “warm” are the same look at V8's figures without them",
      ]),
    ),
  ),
}

/** @param {any} result @param {string} phase @param {string} edge @param {number} percent */
function edgeNs({ phases }, phase, edge, percent) {
  return quantile(phases[phase]?.[`${edge}Ns`] ?? [], percent / 100)
}

/** @param {import('../harness/trials.mjs').Trials} trials @param {string} heap @param {string} phase */
function edgesSeen(trials, heap, phase) {
  const { value = 0 } = trials.median(heap, ({ phases }) => phases[phase].prologueNs.length) ?? {}
  return Math.round(value)
}

/** Of the time, what the callbacks took. @param {{ ms: number, prologueNs: number[], epilogueNs: number[] }} phase */
export function shareOf({ ms, prologueNs, epilogueNs }) {
  return [...prologueNs, ...epilogueNs].reduce((sum, ns) => sum + ns, 0) / 1e6 / ms
}
