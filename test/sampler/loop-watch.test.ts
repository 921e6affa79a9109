import { describe, expect, test } from 'vitest'
import { dist } from '../dist'

const { LoopWatch } = dist<typeof import('../../src/sampler/loop-watch')>('sampler/loop-watch.js')

const MS = 1e6
const HOUR = 3_600_000

/** In milliseconds. `waitedMs`: in the turn, after as much as 500 before it. */
function look(atMs: number, turnMs: number, waitedMs: number, { runnableMs = atMs } = {}) {
  return {
    atNs: atMs * MS,
    turnNs: turnMs * MS,
    idleNs: (500 + waitedMs) * MS,
    busyNs: (atMs - turnMs - waitedMs) * MS,
    runnableNs: runnableMs * MS,
  }
}

describe('the main thread', () => {
  test('is stuck where it did nothing but that since the look before', () => {
    const loop = new LoopWatch(undefined)
    loop.look(look(1_000, 900, 100), 0)
    // It waited until 1,200.
    loop.look(look(1_500, 900, 300), 0)
    expect([loop.stuck, loop.busyNs]).toEqual([false, 300 * MS])
    loop.look(look(1_900, 900, 300), 0)
    expect([loop.stuck, loop.busyNs]).toEqual([true, 700 * MS])
  })

  test('a new turn begins anew', () => {
    const loop = new LoopWatch(undefined)
    loop.look(look(1_900, 900, 0), 0)
    loop.look(look(2_900, 2_890, 0), 0)
    expect([loop.stuck, loop.busyNs]).toEqual([false, 10 * MS])
  })

  test('what is parked is stuck, where it is the main thread', () => {
    const loop = new LoopWatch(undefined)
    for (const atMs of [1_000, 1_500, 2_000]) loop.look(look(atMs, 900, 0, { runnableMs: 50 }), 0)
    expect([loop.stuck, loop.busyNs]).toEqual([true, 1_100 * MS])
  })

  test('what the process was stopped for does not count', () => {
    const loop = new LoopWatch(undefined)
    loop.look(look(1_000, 900, 0), 0)
    loop.look(look(11_500, 900, 0), 10_000 * MS)
    expect([loop.stuck, loop.busyNs]).toEqual([true, 600 * MS])
    loop.look(look(12_000, 900, 0), 0)
    expect(loop.busyNs).toBe(1_100 * MS)
    loop.look(look(13_000, 12_990, 0), 0)
    expect(loop.busyNs).toBe(10 * MS)
  })

  test('a turn that began after the stop is not credited with it', () => {
    const loop = new LoopWatch(undefined)
    loop.look(look(1_000, 900, 0), 0)
    loop.look(look(11_510, 11_505, 0), 10_500 * MS)
    loop.look(look(12_505, 11_505, 0), 0)
    expect([loop.stuck, loop.busyNs]).toEqual([true, 995 * MS])
  })

  test('a turn in which the process was stopped, and that no look saw before', () => {
    const loop = new LoopWatch(undefined)
    loop.look(look(1_000, 900, 0), 0)
    // It was time to look at 1,500; stopped from 1,490 to 3,990.
    loop.look(look(3_995, 1_470, 0), 2_495 * MS)
    loop.look(look(4_000, 1_470, 0), 0)
    expect([loop.stuck, loop.busyNs]).toEqual([true, 35 * MS])
  })
})

describe('a worker', () => {
  test('that is parked in its turn is not busy', () => {
    const loop = new LoopWatch(500 * MS)
    for (let atMs = 1_000; atMs <= 10_000; atMs += 500) {
      loop.look(look(atMs, 900, 0, { runnableMs: 50 }), 0)
      expect(loop.busyNs).toBeLessThanOrEqual(600 * MS)
    }
  })

  test('that runs a task now and then in one and the same turn is not busy', () => {
    const loop = new LoopWatch(500 * MS)
    for (let atMs = 1_000; atMs <= 10_000; atMs += 100) {
      loop.look(look(atMs, 900, 0, { runnableMs: atMs / 5 }), 0)
      expect(loop.busyNs).toBeLessThan(1_000 * MS)
    }
  })

  test('is busy from when it runs on, after it was parked for an hour', () => {
    const loop = new LoopWatch(500 * MS)
    for (let atMs = 1_000; atMs <= HOUR; atMs += 500) loop.look(look(atMs, 900, 0, { runnableMs: 50 }), 0)
    const busy = []
    for (let ranMs = 500; ranMs <= 2_000; ranMs += 500) {
      loop.look(look(HOUR + ranMs, 900, 0, { runnableMs: 50 + ranMs }), 0)
      busy.push(loop.busyNs / MS)
    }
    expect(busy).toEqual([500, 1_000, 1_500, 2_000])
  })

  test('that was stopped in its stall goes on being busy', () => {
    const loop = new LoopWatch(500 * MS)
    for (let atMs = 1_000; atMs <= 3_000; atMs += 500) loop.look(look(atMs, 900, 0), 0)
    expect(loop.busyNs).toBe(2_100 * MS)
    // From 3,100 to 8,100, and twice in one window.
    loop.look(look(8_100, 900, 0, { runnableMs: 3_100 }), 5_000 * MS)
    loop.look(look(12_200, 900, 0, { runnableMs: 3_200 }), 4_000 * MS)
    loop.look(look(12_600, 900, 0, { runnableMs: 3_600 }), 0)
    expect([loop.stuck, loop.busyNs]).toEqual([true, 2_700 * MS])
  })

  test('that was busy for half of the time and is parked then is not certain', () => {
    const loop = new LoopWatch(500 * MS)
    loop.look(look(1_000, 990, 0, { runnableMs: 10 }), 0)
    // A look that was late, in a turn that is new.
    loop.look(look(1_700, 1_010, 0, { runnableMs: 600 }), 0)
    loop.look(look(2_100, 1_010, 0, { runnableMs: 600 }), 0)
    expect([loop.stuck, loop.certain]).toEqual([true, false])
    loop.look(look(2_205, 1_010, 0, { runnableMs: 600 }), 0)
    expect([loop.certain, loop.busyNs]).toEqual([false, 0])
  })

  test('of which it was not known at first is known from the next look on', () => {
    const loop = new LoopWatch(500 * MS)
    loop.look(look(1_000, 900, 0, { runnableMs: Number.NaN }), 0)
    for (const atMs of [1_500, 2_000]) loop.look(look(atMs, 900, 0), 0)
    expect([loop.stuck, loop.certain, loop.busyNs]).toEqual([true, true, 1_100 * MS])
  })

  test('of which nothing can be known is never busy', () => {
    const loop = new LoopWatch(500 * MS)
    for (let atMs = 1_000; atMs <= 10_000; atMs += 500) {
      loop.look(look(atMs, 900, 0, { runnableMs: Number.NaN }), 0)
      expect(loop.busyNs).toBeLessThan(1_000 * MS)
    }
  })
})
