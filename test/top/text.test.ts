import { describe, expect, test } from 'vitest'
import { dist } from '../dist'

const { cut, cutAtWord, cutStart, pad, padStart, printable, width, wrap } =
  dist<typeof import('../../src/top/text')>('top/text.js')
const { scaleOf, sparkline, inColumns } = dist<typeof import('../../src/top/sparkline')>('top/sparkline.js')

describe('printable', () => {
  test.each([
    ['plain text, ÄÖÜ 注文 🛒', 'plain text, ÄÖÜ 注文 🛒'],
    ['\x1b[2J\x07\r\n\t', '\\x1b[2J\\x07\\x0d\\x0a\\x09'],
    ['\x9b31m \x7f', '\\x9b31m \\x7f'],
    ['user\u202etxt.exe', 'user\\u{202e}txt.exe'],
    ['\u200b\ufeff\u2028', '\\u{200b}\\u{feff}\\u{2028}'],
    ['\ud800', '\\u{d800}'],
  ])('%j is %s', (text, safe) => {
    expect(printable(text)).toBe(safe)
  })

  test('leaves no character that commands, of all there are', () => {
    for (let code = 0; code <= 0x10ffff; code++) {
      const safe = printable(String.fromCodePoint(code))
      if (/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(safe)) throw new Error(`U+${code.toString(16)}`)
    }
  })

  test('has an end', () => {
    expect(printable('x'.repeat(1e6))).toHaveLength(1_000)
  })
})

describe('width', () => {
  test.each([
    ['', 0],
    ['abc', 3],
    ['Ärger', 5],
    ['注文', 4],
    ['ｱｲｳ', 3],
    ['ＡＢ', 4],
    ['한국', 4],
    ['🛒', 2],
    ['e\u0301', 1],
    ['█▁', 2],
  ])('of %j is %i', (text, columns) => {
    expect(width(text)).toBe(columns)
  })
})

describe('cut', () => {
  test.each([
    ['abcdef', 6, 'abcdef'],
    ['abcdef', 5, 'abcd…'],
    ['注文注文', 7, '注文注…'],
    ['注文注文', 6, '注文…'],
    ['abc', 1, '…'],
    ['abc', 0, ''],
  ])('%s to %i columns is %s', (text, columns, part) => {
    expect(cut(text, columns, '…')).toBe(part)
  })

  test.each([
    ['one two three', 13, 'one two three'],
    ['one two three', 12, 'one two…'],
    ['one two three', 8, 'one two…'],
    ['one two three', 7, 'one…'],
    ['one two: three', 10, 'one two…'],
    ['one', 2, 'o…'],
    [' one two', 4, ' on…'],
    ['one two', 0, ''],
  ])('of %j to %i columns at a word is %j', (text, columns, part) => {
    expect(cutAtWord(text, columns, '…')).toBe(part)
  })

  test('of the start, for paths', () => {
    expect(cutStart('/srv/shop/orders.js:1:2', 12, '…')).toBe('…ders.js:1:2')
    expect(cutStart('a.js', 12, '…')).toBe('a.js')
    expect(cutStart('abc', 0, '…')).toBe('')
  })
})

test('padding counts columns and not characters', () => {
  expect(pad('注文', 6)).toBe('注文  ')
  expect(padStart('注文', 6)).toBe('  注文')
  expect(pad('abc', 2)).toBe('abc')
})

test('wrapping', () => {
  expect(wrap('one two three', 8)).toEqual(['one two', 'three'])
  expect(wrap('abcdefgh ij', 4)).toEqual(['abcd', 'efgh', 'ij'])
  expect(wrap('注文注文', 5)).toEqual(['注文', '注文'])
  expect(wrap('注', 1)).toEqual(['注'])
  expect(wrap('', 4)).toEqual([''])
})

describe('a sparkline', () => {
  test('goes from the least to the greatest', () => {
    const values = [0, 1, 2, 3, 4, 5, 6, 7]
    expect(sparkline(values, scaleOf(values), true)).toBe('▁▂▃▄▅▆▇█')
    expect(sparkline(values, scaleOf(values), false)).toBe('_.-~=+*#')
  })

  test('has a gap where nothing is known', () => {
    expect(sparkline([1, null, 0], scaleOf([1, null, 0]), true)).toBe('█ ▁')
    expect(sparkline([null, null], scaleOf([null, null]), true)).toBe('  ')
  })

  test('makes no mountains of differences below a tenth', () => {
    const values = [1000, 1001, 1000]
    const steps = new Set(sparkline(values, scaleOf(values), true))
    expect(steps).toEqual(new Set('█'))
  })

  test('keeps a fixed scale', () => {
    expect(sparkline([0.5], scaleOf([0.5], { low: 0, high: 1 }), true)).toBe('▅')
    expect(sparkline([0], scaleOf([0], { low: 0 }), true)).toBe('▁')
  })

  describe('in columns of time', () => {
    const values = [9, 1, 2, 3, null, null, 8, 4]
    const times = values.map((_, index) => index + 1)
    const columns = (count: number, pick: 'last' | 'greatest', from = 0, to = 8) =>
      inColumns(times, values, { from, to, columns: count }, pick)

    test('has of each the last, or the greatest', () => {
      expect(columns(4, 'last')).toEqual([1, 3, null, 4])
      expect(columns(4, 'greatest')).toEqual([9, 3, null, 8])
      expect(columns(8, 'last')).toEqual(values)
    })

    test('has a value also in the time since the one before, and none in other times', () => {
      expect(columns(16, 'last')).toEqual([null, 9, 1, 1, 2, 2, 3, 3, null, null, null, null, 8, 8, 4, 4])
      expect(columns(4, 'last', 6, 10)).toEqual([8, 4, null, null])
      expect(columns(4, 'last', -4, 0)).toEqual([null, null, null, null])
    })
  })
})
