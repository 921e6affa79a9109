import { expect, test } from 'vitest'
import { Child } from '../support/child'

test.each([
  ['natural', 0],
  ['process.exit', 0],
  ['throws', 1],
  ['out-of-memory', 1],
])('a worker thread that ends by %s leaves its totals, no probe and no crash', async (way, code) => {
  const child = new Child('workers.cjs', { args: [way] })
  const told = await child.next<{ codes: number[]; counted: number; live: number; inProcess: number }>()
  expect(told.codes).toEqual([code, code, code, code])
  expect(told.live).toBe(1)
  expect(told.counted).toBeGreaterThanOrEqual(80)
  // What was collected after the last message counts too.
  expect(told.inProcess).toBeGreaterThanOrEqual(told.counted)
  expect(told.inProcess).toBeLessThan(told.counted + 80)
  expect((await child.exited).code).toBe(0)
})
