import { expect, test } from 'vitest'
import { Child } from '../support/child'

test('threads that are terminated in the middle of collections leave no probe, no crash, and their totals', async () => {
  const workers = 200
  const child = new Child('terminated-workers.cjs', { args: [String(workers)] })
  const told = await child.next<{ left: number; counted: number }>()
  expect(told.left).toBe(1)
  // Some are terminated before their first collection.
  expect(told.counted).toBeGreaterThan(workers / 4)
  expect(await child.exited).toMatchObject({ code: 0, signal: null, stderr: '' })
}, 120_000)
