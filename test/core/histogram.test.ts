import { describe, expect, test } from 'vitest'
import { dist } from '../dist'
import { histogramOf } from '../support/canonical'

const { since, withBounds } = dist<typeof import('../../src/core/histogram')>('core/histogram.js')

describe('the difference of two readings', () => {
  test('is what was observed in between', () => {
    expect(since(histogramOf(0.5, 0.25, 0.001), histogramOf(0.5))).toEqual(histogramOf(0.25, 0.001))
  })

  test('is all of it where there is no reading before, or one of something else', () => {
    expect(since(histogramOf(0.5), undefined)).toEqual(histogramOf(0.5))
    expect(since(histogramOf(0.5), histogramOf(1, 2, 3))).toEqual(histogramOf(0.5))
    // As many in all, but fewer of one length.
    expect(since(histogramOf(0.5, 0.6), histogramOf(0.001))).toEqual(histogramOf(0.5, 0.6))
    const other = withBounds(histogramOf(0.5), [1])
    expect(since(histogramOf(0.5, 0.6), other)).toEqual(histogramOf(0.5, 0.6))
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
