import { expect, test } from 'vitest'
import { Child } from '../support/child'

interface Told {
  /** How often JavaScript was called. */
  healthy: number
  /** That, then milliseconds that the loop had been busy, then whether an earlier look came along. */
  stuck: [number, number, number]
  torn: number
  whole: boolean
  error: string
  exitCode: number
  called: number
}

test('the addon looks at loops by itself, and calls for one that is busy for long', async () => {
  const child = new Child('loop-alarm.cjs', { args: ['60'] })
  const { healthy, stuck, torn, whole, error, exitCode, called } = await child.next<Told>()
  // That the thread is there.
  expect(healthy).toBe(1)
  const [calls, busyMs, before] = stuck
  expect([calls, before]).toEqual([2, 1])
  expect(busyMs).toBeGreaterThanOrEqual(3_000)
  // A block in the midst of an update is looked at later.
  expect([torn, whole]).toEqual([0, true])
  // What it calls may throw, and it keeps no thread alive and is in the way of none that is terminated.
  expect([error, exitCode]).toEqual(['from the callback', 0])
  expect(called).toBeGreaterThan(0)
  expect(await child.exited).toMatchObject({ code: 0, signal: null, stderr: '' })
}, 120_000)
