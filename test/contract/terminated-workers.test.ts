import { expect, test } from 'vitest'
import { Child } from '../support/child'

test.each([
  ['LongTaskStats', [], 1],
  ['brackets around steps of marking', ['brackets'], 2],
])(
  'threads that are terminated in the middle of collections leave no probe, no crash, and their totals (%s)',
  async (_, args, source) => {
    const workers = 200
    const child = new Child('terminated-workers.cjs', { args: [String(workers), ...args] })
    const told = await child.next<{ left: number; counted: number; sources: number[] }>()
    expect(told.left).toBe(1)
    expect(told.sources).toEqual([source])
    // Some are terminated before their first collection.
    expect(told.counted).toBeGreaterThan(workers / 4)
    expect(await child.exited).toMatchObject({ code: 0, signal: null, stderr: '' })
  },
  120_000,
)

test('threads that are terminated while they load the addon, or attach, leave the process running', async () => {
  const child = new Child('terminated-loading.cjs', { args: ['300'] })
  const { count, attached } = await child.next<{ count: number; attached: number }>()
  expect(await child.exited).toMatchObject({ code: 0, signal: null, stderr: '' })
  // Some came that far, and some did not.
  expect(attached).toBeGreaterThan(0)
  expect(attached).toBeLessThan(count)
}, 120_000)

test('threads that are terminated about when the profile of their heap begins anew leave no probe, and no crash', async () => {
  const child = new Child('terminated-restarts.cjs')
  const told = await child.next<{ left: number; profile: object }>()
  expect(told).toEqual({ left: 1, profile: { before: true, after: false, objects: 200_000 } })
  expect(await child.exited).toMatchObject({ code: 0, signal: null, stderr: '' })
}, 240_000)
