// Where others are cheaper, or see more, than we do: told with the reason, never left out.
import { decides } from '../harness/statistics.mjs'
import { isMissed, verdict } from '../harness/words.mjs'
import { isPeer, OURS } from '../suite/contenders.mjs'

/** @typedef {import('../harness/benchmark.mjs').Figure} Figure */

/**
 * @typedef {object} Loss
 * @property {string} what
 * @property {string} reason
 */

/**
 * By measure: what lies outside the noise, against the interval of the ratio.
 * @param {readonly Figure[]} figures of one benchmark
 * @param {Record<string, string>} reasons
 * @returns {Loss[]}
 */
export function losses(figures, reasons) {
  /** @type {Map<string, { figure: Figure, winners: string[] }>} */
  const lost = new Map()
  for (const figure of figures.filter(beatsUs)) {
    const key = [figure.group, figure.measure].join('|')
    const known = lost.get(key) ?? { figure, winners: [] }
    known.winners.push(figure.contender ?? '')
    lost.set(key, known)
  }
  const toOthers = [...lost.values()].map(({ figure: { group, measure = '', more }, winners }) => ({
    what: `${[group, measure].filter(Boolean).join(', ')}: ${winners.join(', ')} ${words(winners, more)}`,
    reason: reasonFor(measure, reasons),
  }))
  const aims = figures.filter(isMissed).map((figure) => ({
    what: `${figure.name}: ${verdict(figure)}`,
    reason: reasonFor(figure.measure ?? figure.name, reasons),
  }))
  return [...toOthers, ...aims]
}

/** Whether a peer is better than we are with the whole interval of the ratio. @param {Figure} figure */
export function beatsUs({ contender = '', ratios = {}, more }) {
  const ratio = ratios[OURS]
  if (!isPeer(contender) || ratio == null || !decides(ratio)) return false
  // What JSON has as null was infinite.
  if (more) return ratio.low === null || ratio.low > 1
  return ratio.high !== null && ratio.high < 1
}

/** @param {readonly string[]} winners @param {boolean} [more] */
function words({ length }, more) {
  if (more) return length > 1 ? 'have more' : 'has more'
  return length > 1 ? 'take less' : 'takes less'
}

/** @param {string} key @param {Record<string, string>} reasons */
function reasonFor(key, reasons) {
  return reasons[key] ?? 'the reason is not known yet'
}
