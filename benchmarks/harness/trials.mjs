import { estimate } from './statistics.mjs'

/**
 * @typedef {object} Trial
 * @property {string} variant
 * @property {number} round
 * @property {any} result what the trial printed
 */

/** @typedef {(result: any) => number} Pick */

/** The trials of one benchmark. Comparisons are made within a round, where the machine was in one mood. */
export class Trials {
  /** @param {readonly Trial[]} all */
  constructor(all) {
    this.all = all
  }

  /**
   * A value of each round, in order.
   * @param {string} variant
   * @param {Pick} pick
   */
  values(variant, pick) {
    return this.all
      .filter((trial) => trial.variant === variant)
      .sort((a, b) => a.round - b.round)
      .map(({ result }) => pick(result))
  }

  /**
   * @param {string} variant
   * @param {Pick} pick
   */
  median(variant, pick) {
    return estimate(this.values(variant, pick))
  }

  /**
   * What `variant` costs more than `baseline`.
   * @param {string} variant
   * @param {string} baseline
   * @param {Pick} pick
   */
  difference(variant, baseline, pick) {
    return estimate(this.differences(variant, baseline, pick))
  }

  /**
   * @param {string} variant
   * @param {string} baseline
   * @param {Pick} pick
   */
  differences(variant, baseline, pick) {
    const base = this.values(baseline, pick)
    return this.values(variant, pick).map((value, round) => value - base[round])
  }

  /**
   * How many times `variant` costs what `baseline` does.
   * @param {string} variant
   * @param {string} baseline
   * @param {Pick} pick
   */
  ratio(variant, baseline, pick) {
    const base = this.values(baseline, pick)
    return estimate(this.values(variant, pick).map((value, round) => value / base[round]))
  }
}
