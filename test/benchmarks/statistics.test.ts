import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decides,
  estimate,
  LEAST_ROUNDS,
  medianInterval,
  quantile,
  ratioEstimate,
  trimmedMean,
} from '../../benchmarks/harness/statistics.mjs'

describe('quantiles', () => {
  test('lie between neighbours', () => {
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5)
    expect(quantile([4, 1, 3, 2], 0)).toBe(1)
    expect(quantile([4, 1, 3, 2], 1)).toBe(4)
    expect(quantile([], 0.5)).toBeNaN()
  })

  test('are no nonsense where values are infinite', () => {
    const infinity = Number.POSITIVE_INFINITY
    expect(quantile([1, infinity, infinity], 0.9)).toBe(infinity)
    expect(quantile([1, infinity], 0)).toBe(1)
  })
})

test('an interval holds its value, and is the same each time', () => {
  const rounds = fc.array(fc.double({ min: -1e9, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 12 })
  fc.assert(
    fc.property(rounds, (values) => {
      const { value, low, high, n } = estimate(values)
      expect(low).toBeLessThanOrEqual(value)
      expect(high).toBeGreaterThanOrEqual(value)
      expect(n).toBe(values.length)
      expect(estimate(values)).toEqual({ value, low, high, n })
    }),
    { numRuns: 20 },
  )
})

describe('the interval of a median', () => {
  // As costs are: never far below, now and then far above.
  const skewed = (random: () => number) =>
    Math.exp(2 * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()))

  test.each([6, 8, 10, 12, 16, 24])('of %i rounds holds it as often as it says, and in 95 of 100', (n) => {
    const RUNS = 4000
    const { rank, coverage } = medianInterval(n)
    expect(coverage).toBeGreaterThanOrEqual(0.95)
    const random = lcg(n)
    let covered = 0
    for (let run = 0; run < RUNS; run++) {
      const { low, high } = estimate(Array.from({ length: n }, () => skewed(random)))
      if (low <= 1 && high >= 1) covered++
    }
    // Four deviations of a count; the generator is seeded all the same.
    expect(Math.abs(covered / RUNS - coverage)).toBeLessThan(
      4 * Math.sqrt((coverage * (1 - coverage)) / RUNS) + 0.002,
    )
    // The next inner ones would hold it less often than 95 of 100.
    if (rank + 1 < n / 2) expect(coverage - (2 * choose(n, rank + 1)) / 2 ** n).toBeLessThan(0.95)
  })

  test('of fewer is their range, and decides nothing', () => {
    for (const n of [1, 2, 3, 5]) {
      expect(medianInterval(n).rank).toBe(0)
      expect(medianInterval(n).coverage).toBeLessThan(0.95)
      expect(decides(estimate(Array.from({ length: n }, (_, i) => i)))).toBe(false)
    }
    expect(medianInterval(LEAST_ROUNDS).coverage).toBeCloseTo(1 - 2 / 2 ** 6)
    expect(decides(estimate([1, 2, 3, 4, 5, 6]))).toBe(true)
  })

  function choose(n: number, k: number): number {
    return k === 0 ? 1 : (choose(n, k - 1) * (n - k + 1)) / k
  }
})

test('a trimmed mean leaves a fifth out at either end', () => {
  expect(trimmedMean([1e9, 1, 2, 3, -1e9])).toBe(2)
  expect(trimmedMean([4])).toBe(4)
})

describe('the ratio of two costs', () => {
  test('draws rounds as pairs: what both share of the machine cancels out', () => {
    // The machine is five times as slow in some rounds, for both.
    const denominators = [1, 5, 2, 4, 1, 3, 5, 2, 1, 4]
    const numerators = denominators.map((cost) => 3 * cost)
    expect(ratioEstimate(numerators, denominators)).toEqual({ value: 3, low: 3, high: 3, n: 10 })
    // Each of them alone says little.
    const { low, high } = estimate(numerators)
    expect(high / low).toBeGreaterThan(2)
  })

  test('has an interval that covers the truth about as often as it should', () => {
    let covered = 0
    const random = lcg(7)
    for (let run = 0; run < 60; run++) {
      const denominators = Array.from({ length: 10 }, () => 10 + random() * 4)
      const numerators = denominators.map((cost) => cost * (2 + (random() - 0.5)))
      const { low, high } = ratioEstimate(numerators, denominators)
      if (low <= 2 && high >= 2) covered++
    }
    // The generator is seeded: nothing here is left to chance.
    expect(covered).toBeGreaterThan(50)
  })

  test.each([6, 12])('in %i rounds that share their moods it does so in 95 of 100', (n) => {
    const RUNS = 2000
    const random = lcg(n + 1)
    let covered = 0
    for (let run = 0; run < RUNS; run++) {
      const denominators = Array.from({ length: n }, () => 10 * Math.exp(3 * random()))
      const { low, high } = ratioEstimate(
        denominators.map((cost) => cost * 2 ** (2 * random())),
        denominators,
      )
      if (low <= 2 && high >= 2) covered++
    }
    expect(covered / RUNS).toBeGreaterThanOrEqual(0.95)
  })

  test('has no end above where the denominator vanishes in the noise', () => {
    const { value, low, high } = ratioEstimate([9, 10, 11, 10], [0.2, -0.1, 0.1, -0.2])
    expect(value).toBe(Number.POSITIVE_INFINITY)
    expect(low).toBeGreaterThan(10)
    expect(high).toBe(Number.POSITIVE_INFINITY)
  })

  test('says nothing where both vanish', () => {
    const { value, low, high } = ratioEstimate([-0.1, 0.1, -0.2], [-0.2, 0.1, -0.1])
    expect(value).toBeNaN()
    expect([low, high]).toEqual([0, Number.POSITIVE_INFINITY])
  })
})

function lcg(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32
    return state / 2 ** 32
  }
}
