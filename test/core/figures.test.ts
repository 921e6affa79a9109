import { describe, expect, test } from 'vitest'
import { dist } from '../dist'

const { age, duration, figure, stepOf } = dist<typeof import('../../src/core/figures')>('core/figures.js')
const { bytesInWords, secondsInWords } = dist<typeof import('../../src/core/words')>('core/words.js')

const PAGE = { space: '\u202f', commas: true }

test.each([
  ['bytes', [0, 1023, 1024, 12.5 * 2 ** 20, 3 * 2 ** 30], ['0 B', '1023 B', '1 KiB', '12.5 MiB', '3 GiB']],
  ['bytes/s', [1.5 * 2 ** 40], ['1.50 TiB/s']],
  ['seconds', [0, 5e-6, 0.0123, 1.5, 90, 125], ['0 s', '5 µs', '12.3 ms', '1.50 s', '90 s', '2 min 5 s']],
  ['ratio', [0, 0.00004, 0.012, 1.4], ['0%', '0.004%', '1.20%', '140%']],
  ['number', [0, 42, 1_234_567], ['0', '42', '1.23 M']],
] as const)('%s have their unit', (unit, values, texts) => {
  expect(values.map((value) => figure(value, unit))).toEqual(texts)
})

test('what lasts', () => {
  expect([850, 5_240, 42_000, 185_000, 3_600_000].map((ms) => duration(ms))).toEqual([
    '850 ms',
    '5.2 s',
    '42 s',
    '3 min 5 s',
    '1 h',
  ])
  expect([900, 61_000, 3_600_000, 7_260_000, 100_000_000].map(age)).toEqual([
    '1 s',
    '1 min',
    '1 h',
    '2 h 1 min',
    '1 d 3 h',
  ])
})

describe('the same figure', () => {
  const sizes = Array.from({ length: 200 }, (_, i) => 10 ** (i / 10 - 7))

  test.each(['bytes', 'bytes/s', 'seconds', 'ratio', 'number'] as const)(
    'of %s is the same on the page and in the terminal, but for spaces and commas',
    (unit) => {
      const plain = (text: string) => text.replaceAll(/[\u202f ,]/g, '')
      for (const size of [0, ...sizes, ...sizes.map((one) => -one)])
        expect(plain(figure(size, unit, PAGE))).toBe(plain(figure(size, unit)))
    },
  )

  test('has in a sentence the unit that it has elsewhere', () => {
    for (const size of [0, ...sizes]) {
      const { suffix } = stepOf(size, 'bytes')
      expect(bytesInWords(size).split(' ')[1]).toBe(suffix === 'B' ? 'bytes' : suffix)
      if (size < 90) expect(secondsInWords(size).split(' ')[1]).toBe(stepOf(size, 'seconds').suffix)
    }
  })
})
