import { expect, test } from 'vitest'
import { dist } from '../dist'

const { metricNameFault } = dist<typeof import('../../src/core/format')>('core/format.js')

// What labels may be called and hold is tested where they come from: options and collectors.

test.each(['a', '_', ':', 'A1_:b', '__x', 'n'.repeat(256)])('a metric can be called %s', (name) => {
  expect(metricNameFault(name)).toBeUndefined()
})

test.each(['', '1a', 'a-b', 'a.b', 'a b', 'é', 'a\n', '\na'])('a metric cannot be called %j', (name) => {
  expect(metricNameFault(name)).toMatch(/^must match /)
})

test('a metric cannot have a name of 257 characters', () => {
  expect(metricNameFault('n'.repeat(257))).toBe('must have at most 256 characters')
})
