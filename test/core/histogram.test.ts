import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dist } from '../dist'
import { BOUNDS, histogramOf } from '../support/canonical'

const { distribution, since, withBounds } =
  dist<typeof import('../../src/core/histogram')>('core/histogram.js')

describe('the difference of two readings', () => {
  test('is what was observed in between', () => {
    expect(since(histogramOf(0.5, 0.25, 0.001), histogramOf(0.5))).toEqual(histogramOf(0.25, 0.001))
  })

  test('is all of it where there is no reading before, or one of something else', () => {
    expect(since(histogramOf(0.5), undefined)).toEqual(histogramOf(0.5))
    expect(since(histogramOf(0.5), histogramOf(1, 2, 3))).toEqual(histogramOf(0.5))
  })
})

test('fewer bounds count the same observations', () => {
  expect(withBounds(histogramOf(0.0002, 0.3, 20), [0.001, 1])).toEqual({
    count: 3,
    sum: 20.3002,
    buckets: [
      { le: 0.001, count: 1 },
      { le: 1, count: 2 },
    ],
  })
})

describe('a distribution', () => {
  test('is none of nothing', () => {
    expect(distribution(histogramOf())).toBeUndefined()
  })

  test('ends with the longest that is known, and only where that can be', () => {
    expect(distribution(histogramOf(0.3, 0.4), 0.4)?.max).toBe(0.4)
    expect(distribution(histogramOf(0.3, 0.4))?.max).toBe(0.5)
    // Of an earlier time than the histogram.
    expect(distribution(histogramOf(0.3, 0.4), 7)?.max).toBe(0.5)
    expect(distribution(histogramOf(60), 60)?.max).toBe(60)
    expect(distribution(histogramOf(60))?.max).toBe(20)
  })

  test('is within the bucket of the truth, for any observations', () => {
    const values = fc.array(fc.double({ min: 0, max: 9.9, noNaN: true }), { minLength: 1, maxLength: 60 })
    const q = fc.constantFrom(0, 0.5, 0.9, 0.99, 1)
    fc.assert(
      fc.property(values, q, (observed, at) => {
        const sorted = observed.toSorted((a, b) => a - b)
        const longest = sorted.at(-1) as number
        const found = distribution(histogramOf(...observed), longest)
        if (found === undefined) throw new Error('nothing found')
        const mean = observed.reduce((a, b) => a + b, 0) / observed.length
        expect(found.mean).toBeCloseTo(mean, 9)
        expect(found.max).toBe(longest)
        expect(found.min).toBeLessThanOrEqual(found.mean)
        expect(found.stddev).toBeGreaterThanOrEqual(0)
        const truth = sorted[Math.max(0, Math.ceil(at * sorted.length) - 1)] as number
        const above = BOUNDS.findIndex((bound) => truth <= bound)
        expect(found.quantile(at)).toBeGreaterThanOrEqual(BOUNDS[above - 1] ?? 0)
        expect(found.quantile(at)).toBeLessThanOrEqual(BOUNDS[above] as number)
      }),
    )
  })

  test('has about the true deviation', () => {
    const observed = Array.from({ length: 1_000 }, (_, index) => 0.1 + index * 0.0008)
    expect(distribution(histogramOf(...observed))?.stddev).toBeCloseTo(0.8 / Math.sqrt(12), 1)
  })
})
