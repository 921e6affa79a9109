import { expect, test } from 'vitest'
import { Child } from '../support/child'

interface Counted {
  readonly cycles: number
  readonly turns: number
}

test('hooks that are taken away count nothing, count again when they are back, and harm no thread that ends', async () => {
  const child = new Child('hooks-away.cjs', { execArgv: ['--expose-gc'] })
  const told = await child.next<Record<'hooked' | 'away' | 'back', Counted> & { workerExit: number }>()
  expect(told.hooked.cycles).toBeGreaterThanOrEqual(10)
  expect(told.hooked.turns).toBeGreaterThanOrEqual(10)
  expect(told.away).toEqual({ cycles: 0, turns: 0 })
  expect(told.back.cycles).toBeGreaterThanOrEqual(10)
  expect(told.back.turns).toBeGreaterThanOrEqual(10)
  expect(told.workerExit).toBe(0)
  expect((await child.exited).code).toBe(0)
})
