import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { estimate, quantile, ratioEstimate } from '../../benchmarks/harness/statistics.mjs'

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
      const { value, low, high } = estimate(values)
      expect(low).toBeLessThanOrEqual(value)
      expect(high).toBeGreaterThanOrEqual(value)
      expect(estimate(values)).toEqual({ value, low, high })
    }),
    { numRuns: 20 },
  )
})

describe('the ratio of two costs', () => {
  test('draws rounds as pairs: what both share of the machine cancels out', () => {
    // The machine is five times as slow in some rounds, for both.
    const denominators = [1, 5, 2, 4, 1, 3, 5, 2, 1, 4]
    const numerators = denominators.map((cost) => 3 * cost)
    expect(ratioEstimate(numerators, denominators)).toEqual({ value: 3, low: 3, high: 3 })
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
