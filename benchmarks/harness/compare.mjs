import { estimated, ratioOf } from './trials.mjs'

/**
 * @typedef {object} Comparison
 * @property {string} measure
 * @property {string} unit
 * @property {import('./trials.mjs').Pick} pick
 * @property {(contender: string) => string} [variantOf] the variant that is this contender's
 * @property {(contender: string) => string} [less] the variant whose own figure is taken off, within each round
 * @property {readonly string[]} references the contenders that all are compared with
 * @property {Record<string, number>} [aims] by contender
 * @property {Record<string, string>} [notes] by contender
 * @property {string} [group]
 * @property {boolean} [more] the more the better
 */

/**
 * One measure of all contenders: a figure each, with its ratios, rounds paired.
 * @param {import('./trials.mjs').Trials} trials
 * @param {readonly string[]} contenders
 * @param {Comparison} comparison
 * @returns {import('./benchmark.mjs').Figure[]}
 */
export function compare(trials, contenders, comparison) {
  const { measure, unit, pick, variantOf = (name) => name, less, references } = comparison
  const { aims = {}, notes = {}, group, more } = comparison
  /** @param {string} contender */
  const costs = (contender) => {
    const variant = variantOf(contender)
    return less === undefined
      ? trials.byRound(variant, pick)
      : trials.differences(variant, less(contender), pick)
  }
  return contenders.map((contender) => {
    const own = costs(contender)
    const estimate = estimated([...own.values()])
    return {
      name: [contender, group, measure].filter((part) => part !== undefined).join(', '),
      contender,
      measure,
      ...(group !== undefined && { group }),
      estimate,
      unit,
      ...(more === true && { more }),
      ...(aims[contender] !== undefined && { aim: aims[contender] }),
      ...(notes[contender] !== undefined && { note: notes[contender] }),
      ...(estimate === null && { missing: trials.missing(variantOf(contender)) }),
      ratios: Object.fromEntries(
        references
          .filter((reference) => reference !== contender)
          .map((reference) => [reference, ratioOf(own, costs(reference))]),
      ),
    }
  })
}
