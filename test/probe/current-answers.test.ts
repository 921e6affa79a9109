import { expect, test } from 'vitest'
import { Child } from '../support/child'

interface Told {
  /** States of workers that were not asked at least once. */
  seen: string[]
  /** How often the loop of the idle one turned while it was asked 20 times. */
  turnsAsked: number
  /** By how many bytes answers that were said to hold differed from what the thread said when it was asked all the same. */
  differences: number[]
}

test('only a thread on which nothing ran since its answer is not asked, and would say the same', async () => {
  const child = new Child('current-answers.cjs')
  const { seen, turnsAsked, differences } = await child.next<Told>()
  // One that is parked in Atomics.wait, one in an endless loop and one that never waits are asked each time.
  expect(seen).toEqual(['idle'])
  expect(turnsAsked).toBe(0)
  expect(differences.length).toBeGreaterThan(50)
  // Each round keeps a megabyte; being asked leaves some bytes by itself.
  expect(Math.max(...differences.map(Math.abs))).toBeLessThan(10_000)
  expect((await child.exited).code).toBe(0)
})
