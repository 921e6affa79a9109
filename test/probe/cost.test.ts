import { expect, test } from 'vitest'
import { Child } from '../support/child'

test('reading the heap profile is part of what the probe says it costs', async () => {
  const child = new Child('probe-cost.cjs')
  const { usual, reading } = await child.next<{ usual: number[]; reading: number }>()
  expect((await child.exited).code).toBe(0)
  expect(usual.length).toBeGreaterThan(0)
  // 30 to 300 times a usual answer; the median is none that lost its processor.
  expect(reading).toBeGreaterThan(5 * (usual[usual.length >> 1] as number))
}, 120_000)
