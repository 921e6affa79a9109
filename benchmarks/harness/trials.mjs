import { estimate, ratioEstimate } from './statistics.mjs'

/**
 * @typedef {object} Trial
 * @property {string} variant
 * @property {number} round
 * @property {any} [result] what the trial printed
 * @property {string} [missing] why it printed nothing
 */

/** @typedef {(result: any) => number} Pick */
/** @typedef {import('./statistics.mjs').Estimate} Estimate */

/** The trials of one benchmark. Comparisons are made within a round, where the machine was in one mood. */
export class Trials {
  /** @param {readonly Trial[]} all */
  constructor(all) {
    this.recorded = all
    this.all = all.filter(({ missing }) => missing === undefined)
    this.broken = all.filter(({ missing }) => missing !== undefined)
  }

  /**
   * Why a variant has no figure. The first reason: what fails once is not tried again.
   * @param {string} variant
   */
  missing(variant) {
    return this.broken.find((trial) => trial.variant === variant)?.missing ?? 'it gave no figure'
  }

  /**
   * A figure without an estimate says why, if only that something broke.
   * @param {import('./benchmark.mjs').Figure} figure
   */
  explained(figure) {
    if (figure.estimate !== null || figure.missing !== undefined) return figure
    return { ...figure, missing: this.broken[0]?.missing ?? 'no trial gave it' }
  }

  /**
   * A value of each round, by round.
   * @param {string} variant
   * @param {Pick} pick
   * @returns {Map<number, number>}
   */
  byRound(variant, pick) {
    return new Map(
      this.all
        .filter((trial) => trial.variant === variant)
        .sort((a, b) => a.round - b.round)
        .map(({ round, result }) => /** @type {[number, number]} */ ([round, pick(result)]))
        // A trial may have nothing to say of what a contender does not measure.
        .filter(([, value]) => Number.isFinite(value)),
    )
  }

  /**
   * A value of each round, in order.
   * @param {string} variant
   * @param {Pick} pick
   */
  values(variant, pick) {
    return [...this.byRound(variant, pick).values()]
  }

  /**
   * @param {string} variant
   * @param {Pick} pick
   */
  median(variant, pick) {
    return estimated(this.values(variant, pick))
  }

  /**
   * What `variant` costs more than `baseline`.
   * @param {string} variant
   * @param {string} baseline
   * @param {Pick} pick
   */
  difference(variant, baseline, pick) {
    return estimated([...this.differences(variant, baseline, pick).values()])
  }

  /**
   * @param {string} variant
   * @param {string} baseline
   * @param {Pick} pick
   * @returns {Map<number, number>}
   */
  differences(variant, baseline, pick) {
    const base = this.byRound(baseline, pick)
    const own = [...this.byRound(variant, pick)]
    return new Map(
      own.flatMap(([round, value]) => {
        const less = base.get(round)
        return less === undefined ? [] : [[round, value - less]]
      }),
    )
  }

  /**
   * How many times `variant` costs what `baseline` does.
   * @param {string} variant
   * @param {string} baseline
   * @param {Pick} pick
   */
  ratio(variant, baseline, pick) {
    return ratioOf(this.byRound(variant, pick), this.byRound(baseline, pick))
  }
}

/**
 * The ratio of two costs, of the rounds that have both.
 * @param {Map<number, number>} numerators by round
 * @param {Map<number, number>} denominators by round
 * @returns {Estimate | null}
 */
export function ratioOf(numerators, denominators) {
  const rounds = [...numerators.keys()].filter((round) => denominators.has(round))
  if (rounds.length === 0) return null
  return ratioEstimate(
    rounds.map((round) => /** @type {number} */ (numerators.get(round))),
    rounds.map((round) => /** @type {number} */ (denominators.get(round))),
  )
}

/** @param {readonly number[]} values @returns {Estimate | null} */
export function estimated(values) {
  return values.length === 0 ? null : estimate(values)
}
