import { expect, test } from 'vitest'
import { dist } from '../dist'

const { sameLabels, seriesKey } = dist<typeof import('../../src/core/batch')>('core/batch.js')

test('a series has one key, whatever the order of its labels', () => {
  expect(seriesKey('m', { a: '1', b: '2', c: '3' })).toBe(seriesKey('m', { c: '3', a: '1', b: '2' }))
})

test('different series have different keys, however their texts run together', () => {
  const keys = [
    seriesKey('m', {}),
    seriesKey('m', { a: '' }),
    seriesKey('m', { a: 'b' }),
    seriesKey('m', { b: 'a' }),
    seriesKey('m', { a: 'b', c: 'd' }),
    seriesKey('m', { a: 'b,c' }),
    seriesKey('m', { a: 'b","c' }),
    seriesKey('m', { a: 'b"],["c","d' }),
    seriesKey('m,a', { b: '' }),
    seriesKey('ma', {}),
  ]
  expect(new Set(keys).size).toBe(keys.length)
})

test('labels are the same by names and values, whatever their order', () => {
  expect(sameLabels({ a: '1', b: '2' }, { b: '2', a: '1' })).toBe(true)
  expect(sameLabels({}, {})).toBe(true)
  for (const [one, other] of [
    [{}, { a: '1' }],
    [{ a: '1' }, { a: '2' }],
    [{ a: '1' }, { b: '1' }],
    [{ a: '1', b: '2' }, { a: '1' }],
    [{ a: '1' }, { a: '1', constructor: 'x' }],
  ] as const) {
    expect(sameLabels(one, other)).toBe(false)
    expect(sameLabels(other, one)).toBe(false)
  }
})
