// Figures once more, from the raw data of a results file and the suite as it is.
import { Trials } from '../harness/trials.mjs'
import { suite } from '../suite/suite.mjs'

/** @typedef {import('../harness/results.mjs').Results} Results */

/**
 * Of each benchmark: the figures that the file has, and those that its trials give.
 * @param {Pick<Results, 'benchmarks'>} results
 */
export function recomputed({ benchmarks }) {
  return benchmarks.map(({ name, figures, trials }) => {
    const benchmark = suite.find((one) => one.name === name)
    if (benchmark === undefined) throw new Error(`no benchmark is called ${name}`)
    const all = new Trials(trials)
    const again = benchmark.figures(all).map((figure) => all.explained(figure))
    // As a file has them: what is no finite number is null there, and what is undefined is absent.
    return { name, stored: figures, again: JSON.parse(JSON.stringify(again)) }
  })
}
