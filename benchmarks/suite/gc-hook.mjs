import { quantile } from '../harness/statistics.mjs'
import { estimated } from '../harness/trials.mjs'

const EDGES = ['prologue', 'epilogue']
const HEAPS = ['small heap', '100 MB heap', '2 GB heap']
/** Of both edges at p50, in nanoseconds: time and counts alone, and with the bytes of the heap. */
const AIMS = { '': 500, ', accounting': 15_000 }

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export const gcHook = {
  name: 'gc-hook',
  question: 'how long our two callbacks take at a collection, timed by themselves',
  method: [
    'Real allocation (JSON in and out, some of it long-lived), the hooks read the clock themselves: from inside the first read to inside the second.',
  ],
  rounds: 2,
  seconds: 32,
  variants: [
    ...[0, 1].flatMap((accounting) => {
      const ending = accounting === 1 ? ', accounting' : ''
      return [
        { name: `small heap${ending}`, trial: 'gc-hook.mjs', args: ['0', '1', `${accounting}`] },
        { name: `100 MB heap${ending}`, trial: 'gc-hook.mjs', args: ['100', '1', `${accounting}`] },
        { name: `2 GB heap${ending}`, trial: 'gc-hook.mjs', args: ['2000', '2', `${accounting}`] },
      ]
    }),
  ],
  figures(trials) {
    const heaps = Object.keys(AIMS).flatMap((ending) => HEAPS.map((heap) => heap + ending))
    const rows = heaps.flatMap((heap) => [
      ...EDGES.flatMap((edge) =>
        [50, 99].map((percent) => ({
          name: `${heap}, ${edge} p${percent}`,
          estimate: trials.median(heap, (result) => edgeNs(result, edge, percent)),
          unit: 'ns',
        })),
      ),
      {
        name: `${heap}, both, p50`,
        estimate: trials.median(
          heap,
          (result) => edgeNs(result, 'prologue', 50) + edgeNs(result, 'epilogue', 50),
        ),
        unit: 'ns',
        aim: heap.endsWith('accounting') ? AIMS[', accounting'] : AIMS[''],
      },
    ])
    // From inside a read before the callback to inside a read after it: what it does, its own read included, and one
    // more read. The pages of its code and of its timings have been touched by then, and nothing else of it.
    const clockReads = trials.all.map(({ result }) => result.clockReadNs)
    const note = 'warm, from JavaScript; each callback above includes one of its own and one to time it'
    return [...rows, { name: 'a clock read', estimate: estimated(clockReads), unit: 'ns', note }]
  },
}

/**
 * @param {Record<string, number[]>} result
 * @param {string} edge
 * @param {number} percent
 */
function edgeNs(result, edge, percent) {
  return quantile(result[`${edge}Ns`] ?? [], percent / 100)
}
