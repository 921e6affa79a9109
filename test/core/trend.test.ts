import { describe, expect, test } from 'vitest'
import { dist } from '../dist'

const { median, rises, trendOf } = dist<typeof import('../../src/core/trend')>('core/trend.js')

const series = (count: number, value: (index: number) => number, stepMs = 10_000) =>
  Array.from({ length: count }, (_, index) => ({ t: 1e12 + index * stepMs, v: value(index) }))
const rising = (count: number, value: (index: number) => number, least = 1) => {
  const trend = trendOf(series(count, value))
  return trend !== undefined && rises(trend, least)
}
/** From 0 to 1, the same each time. */
const noise = (index: number) => (Math.sin(index * 12.9898) * 43_758.5453) % 1

describe('a trend', () => {
  test('is the slope of a line, in units a second, however far its outliers are', () => {
    const trend = trendOf(series(50, (i) => 100 + 3 * i + (i % 10 === 0 ? 1e6 : 0)))
    expect(trend?.slope).toBeCloseTo(0.3, 2)
    expect(trend?.seconds).toBe(490)
    expect(trend?.growth).toBeCloseTo(147, 0)
    expect(trend?.noise).toBeLessThan(1)
  })

  test('is not known of too few points, or of points of one moment', () => {
    expect(trendOf([])).toBeUndefined()
    expect(trendOf(series(2, (i) => i))).toBeUndefined()
    expect(trendOf(series(10, (i) => i, 0))).toBeUndefined()
  })

  test('takes a day of points in no time, and the last one with them', () => {
    const trend = trendOf(series(8_640, (i) => i))
    expect(trend?.count).toBeLessThanOrEqual(100)
    expect(trend?.slope).toBeCloseTo(0.1)
  })
})

describe('rising', () => {
  test.each<[string, (index: number) => number]>([
    ['a line', (i) => i],
    ['a line with noise', (i) => i + 5 * noise(i)],
    ['steps', (i) => 10 * Math.floor(i / 10)],
    ['a line with a tooth now and then', (i) => i - (i % 12 === 0 ? 40 : 0)],
  ])('is %s', (_, value) => {
    expect(rising(60, value)).toBe(true)
  })

  test.each<[string, (index: number) => number]>([
    ['a constant', () => 5],
    ['noise', (i) => 20 * noise(i)],
    ['a fall', (i) => -i],
    ['a sawtooth', (i) => i % 10],
    ['a wave', (i) => 10 * Math.sin(i / 5)],
    ['a rise that has ended', (i) => Math.min(i, 25)],
    ['a rise that was undone', (i) => (i < 55 ? i : 0) * (i < 40 ? 1 : 0)],
    ['a rise within the noise', (i) => 0.05 * i + 20 * noise(i)],
  ])('is not %s', (_, value) => {
    expect(rising(60, value)).toBe(false)
  })

  test('is not what is less than the least', () => {
    expect(rising(60, (i) => i, 58)).toBe(true)
    expect(rising(60, (i) => i, 60)).toBe(false)
  })

  test('needs more than a handful of points', () => {
    expect(rising(4, (i) => i)).toBe(false)
    expect(rising(6, (i) => i)).toBe(true)
  })
})

test('median', () => {
  expect(median([3])).toBe(3)
  expect(median([10, 2, 9])).toBe(9)
  expect(median([1, 100, 2, 4])).toBe(3)
  expect(median([-1, -100, 0])).toBe(-1)
})
