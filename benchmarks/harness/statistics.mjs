// Order statistics and their uncertainty. Tails and medians: an average says nothing about a latency.

const RESAMPLES = 2000

/**
 * @typedef {object} Estimate
 * @property {number} value
 * @property {number} low end of the 95% interval
 * @property {number} high
 */

/**
 * The `q` quantile, between neighbours by interpolation.
 * @param {ArrayLike<number>} values
 * @param {number} q from 0 to 1
 */
export function quantile(values, q) {
  const sorted = Float64Array.from(values).sort()
  if (sorted.length === 0) return Number.NaN
  const at = (sorted.length - 1) * q
  const below = Math.floor(at)
  const above = Math.min(below + 1, sorted.length - 1)
  const [low, high] = [nth(sorted, below), nth(sorted, above)]
  // Ratios may be infinite, and infinity less infinity is no number.
  return at === below || low === high ? low : low + (high - low) * (at - below)
}

/** @param {ArrayLike<number>} values */
export function median(values) {
  return quantile(values, 0.5)
}

/**
 * The median of one value a round, with a bootstrap 95% interval. Rounds are what is drawn again, not single readings
 * of a trial: those share a process, and so its luck with addresses and compilation.
 * @param {readonly number[]} rounds
 * @returns {Estimate}
 */
export function estimate(rounds) {
  const random = generator(rounds.length)
  const medians = new Float64Array(RESAMPLES)
  for (let i = 0; i < RESAMPLES; i++) {
    medians[i] = median(rounds.map(() => nth(rounds, Math.floor(random() * rounds.length))))
  }
  return { value: median(rounds), low: quantile(medians, 0.025), high: quantile(medians, 0.975) }
}

/**
 * How many times the second the first is: the ratio of their medians, with a bootstrap 95% interval. A round is drawn
 * with both of its values, since the machine's mood was the same for them. Costs that vanish in the noise are below
 * zero now and then: as a denominator such a one says nothing of how large the ratio may be, so its end is infinite.
 * @param {readonly number[]} numerators one a round
 * @param {readonly number[]} denominators of the same rounds
 * @returns {Estimate}
 */
export function ratioEstimate(numerators, denominators) {
  const random = generator(numerators.length)
  const lows = new Float64Array(RESAMPLES)
  const highs = new Float64Array(RESAMPLES)
  for (let i = 0; i < RESAMPLES; i++) {
    const drawn = numerators.map(() => Math.floor(random() * numerators.length))
    const above = Math.max(0, median(drawn.map((round) => nth(numerators, round))))
    const below = median(drawn.map((round) => nth(denominators, round)))
    lows[i] = below > 0 ? above / below : above > 0 ? Number.POSITIVE_INFINITY : 0
    highs[i] = below > 0 ? above / below : Number.POSITIVE_INFINITY
  }
  const above = Math.max(0, median(numerators))
  const below = median(denominators)
  const value = below > 0 ? above / below : above > 0 ? Number.POSITIVE_INFINITY : Number.NaN
  return { value, low: quantile(lows, 0.025), high: quantile(highs, 0.975) }
}

/** Of an index that there is. @param {ArrayLike<number>} values @param {number} index */
function nth(values, index) {
  return /** @type {number} */ (values[index])
}

/**
 * Mulberry32. Seeded, so that the same raw data gives the same interval.
 * @param {number} seed
 */
function generator(seed) {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
