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
  // Each went on until it had counted 20; what was collected after its last message counts too.
  expect(told.inProcess).toBeGreaterThanOrEqual(80)
  // A worker that runs out of memory takes its messages with it.
  if (way !== 'out-of-memory') {
    expect(told.counted).toBeGreaterThanOrEqual(80)
    expect(told.inProcess - told.counted).toBeGreaterThanOrEqual(0)
    expect(told.inProcess - told.counted).toBeLessThan(40)
  }
  expect((await child.exited).code).toBe(0)
})
