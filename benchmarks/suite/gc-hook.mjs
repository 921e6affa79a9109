import { estimate, quantile } from '../harness/statistics.mjs'

const EDGES = ['prologue', 'epilogue']
const AIM_NS = 500

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export const gcHook = {
  name: 'gc-hook',
  question: 'how long our two callbacks take at a collection, timed by themselves',
  rounds: 4,
  variants: [
    { name: 'small heap', trial: 'gc-hook.mjs', args: ['1000', '3'] },
    { name: '500 MB heap', trial: 'gc-hook.mjs', args: ['2000000', '4'] },
  ],
  figures(trials) {
    const rows = ['small heap', '500 MB heap'].flatMap((heap) => [
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
        aim: AIM_NS,
      },
    ])
    // From inside the first read to inside the second: what a callback does, and one read. A callback that is not
    // timed has one read as well, its own; so that read stands for it, and nothing is to be subtracted.
    const clockReads = trials.all.map(({ result }) => result.clockReadNs)
    const note = 'warm, from JavaScript; each callback above includes one'
    return [...rows, { name: 'a clock read', estimate: estimate(clockReads), unit: 'ns', note }]
  },
}

/**
 * @param {Record<string, number[]>} result
 * @param {string} edge
 * @param {number} percent
 */
function edgeNs(result, edge, percent) {
  return quantile(result[`${edge}Ns`], percent / 100)
}
