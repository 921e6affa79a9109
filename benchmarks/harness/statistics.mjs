// Order statistics and their uncertainty. Tails and medians: an average says nothing about a latency.

/** Fewer rounds than these have no 95% interval of their median, and nothing is decided by them. */
export const LEAST_ROUNDS = 6
const COVERAGE = 0.95

/**
 * @typedef {object} Estimate
 * @property {number} value
 * @property {number} low end of the 95% interval; of fewer than six rounds, the least of them
 * @property {number} high
 * @property {number} n of how many rounds
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
 * Which of `n` sorted rounds are the ends of the interval that holds the median: `rank` from either end, the innermost
 * that hold it with a probability of 95%, whatever the distribution is. `coverage` is that probability, exact: each
 * round is above the median as often as it is below, so that it is a matter of tossed coins. A bootstrap of so few
 * rounds promises 95% and holds 80 to 90.
 * @param {number} n
 */
export function medianInterval(n) {
  // How likely it is that at most `rank` rounds are below.
  let term = 0.5 ** n
  let tail = term
  let found = { rank: 0, coverage: Math.max(0, 1 - 2 * tail) }
  for (let rank = 1; rank < n / 2; rank++) {
    term *= (n - rank + 1) / rank
    tail += term
    if (1 - 2 * tail < COVERAGE) break
    found = { rank, coverage: 1 - 2 * tail }
  }
  return found
}

/**
 * The median of one value a round, with its interval. Rounds are what is counted, not single readings of a trial: those
 * share a process, and so its luck with addresses and compilation.
 * @param {readonly number[]} rounds
 * @returns {Estimate}
 */
export function estimate(rounds) {
  const { low, high } = ends(rounds, rounds)
  return { value: median(rounds), low, high, n: rounds.length }
}

/**
 * How many times the second the first is: the median of the rounds' ratios, with its interval. The two of a round are
 * compared with each other, since the machine's mood was the same for them. Costs that vanish in the noise are below
 * zero now and then: as a denominator such a one says nothing of how large the ratio may be, so it counts as 0 at the low
 * end and as infinite at the high one.
 * @param {readonly number[]} numerators one a round
 * @param {readonly number[]} denominators of the same rounds
 * @returns {Estimate}
 */
export function ratioEstimate(numerators, denominators) {
  const pairs = numerators.map((numerator, round) => ({
    above: Math.max(0, numerator),
    below: nth(denominators, round),
  }))
  const lows = pairs.map(({ above, below }) =>
    below > 0 ? above / below : above > 0 ? Number.POSITIVE_INFINITY : 0,
  )
  const highs = pairs.map(({ above, below }) => (below > 0 ? above / below : Number.POSITIVE_INFINITY))
  const known = lows.filter((low, round) => low === highs[round])
  return {
    value: known.length > pairs.length / 2 ? median(known) : Number.NaN,
    ...ends(lows, highs),
    n: pairs.length,
  }
}

/** Whether an interval is one, and may decide something. @param {Estimate | null | undefined} estimate */
export function decides(estimate) {
  // Results from before rounds were counted have none.
  return estimate != null && (estimate.n ?? 0) >= LEAST_ROUNDS
}

/** @param {readonly number[]} lows @param {readonly number[]} highs */
function ends(lows, highs) {
  const { rank } = medianInterval(lows.length)
  const sorted = (/** @type {readonly number[]} */ values) => Float64Array.from(values).sort()
  return { low: nth(sorted(lows), rank), high: nth(sorted(highs), highs.length - 1 - rank) }
}

/** Of an index that there is. @param {ArrayLike<number>} values @param {number} index */
function nth(values, index) {
  return /** @type {number} */ (values[index])
}

/**
 * Mulberry32. Seeded, so that the same is drawn each time.
 * @param {number} seed
 */
export function generator(seed) {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A copy in an order by chance. @template T @param {readonly T[]} items @param {() => number} random @returns {T[]} */
export function shuffled(items, random) {
  const copy = [...items]
  for (let i = copy.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    ;[copy[i], copy[j]] = [/** @type {T} */ (copy[j]), /** @type {T} */ (copy[i])]
  }
  return copy
}

/**
 * The mean without a fifth of the values at either end: of many noisy differences it tells more than their median, and
 * no single one decides it.
 * @param {readonly number[]} values
 */
export function trimmedMean(values) {
  const sorted = Float64Array.from(values).sort()
  const cut = Math.floor(sorted.length / 5)
  const kept = sorted.subarray(cut, sorted.length - cut)
  return kept.reduce((sum, value) => sum + value, 0) / kept.length
}
