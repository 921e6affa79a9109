import { describe, expect, test } from 'vitest'
import { dist } from '../dist'

const { LoopWatch } = dist<typeof import('../../src/sampler/loop-watch')>('sampler/loop-watch.js')

const MS = 1e6
const HOUR = 3_600_000

/** In milliseconds. */
function look(
  atMs: number,
  turnMs: number,
  waitedMs: number,
  { runnableMs = atMs, idleBeforeMs = 500 } = {},
) {
  return {
    atNs: atMs * MS,
    turnNs: turnMs * MS,
    idleAtTurnNs: idleBeforeMs * MS,
    idleNs: (idleBeforeMs + waitedMs) * MS,
    runnableNs: runnableMs * MS,
  }
}

describe('the main thread', () => {
  test('a loop that waits is not busy, however old its turn', () => {
    const loop = new LoopWatch(undefined)
    for (const atMs of [1_000, HOUR, 2 * HOUR]) {
      loop.look(look(atMs, 990, atMs - 990), 0)
      expect([loop.stuck, loop.busyNs]).toEqual([false, 0])
    }
  })

  test('its turn is busy from the end of the waiting on, to the nanosecond', () => {
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

  test('a gap in which nothing ran does not count: the process was stopped', () => {
    const loop = new LoopWatch(undefined)
    loop.look(look(1_000, 900, 0, { runnableMs: 50 }), 0)
    loop.look(look(11_500, 900, 0, { runnableMs: 60 }), 10_000 * MS)
    expect([loop.stuck, loop.busyNs]).toEqual([true, 600 * MS])
    loop.look(look(12_000, 900, 0, { runnableMs: 560 }), 0)
    expect(loop.busyNs).toBe(1_100 * MS)
    loop.look(look(13_000, 12_990, 0, { runnableMs: 570 }), 0)
    expect(loop.busyNs).toBe(10 * MS)
  })

  test('a gap in which only the watcher was late counts', () => {
    const loop = new LoopWatch(undefined)
    loop.look(look(1_000, 900, 0, { runnableMs: 50 }), 0)
    loop.look(look(3_000, 900, 0, { runnableMs: 1_900 }), 1_500 * MS)
    expect(loop.busyNs).toBe(2_100 * MS)
  })

  test('a thread that ran until the process was stopped did not run in the gap', () => {
    const loop = new LoopWatch(undefined)
    loop.look(look(1_000, 900, 0, { runnableMs: 100 }), 0)
    // It was time to look at 1,500; stopped from 1,490 to 3,990.
    loop.look(look(3_995, 1_470, 0, { runnableMs: 595 }), 2_495 * MS)
    loop.look(look(4_000, 1_470, 0, { runnableMs: 600 }), 0)
    expect(loop.stuck).toBe(true)
    expect(loop.busyNs).toBeLessThan(50 * MS)
  })

  test('a gap in which the thread waited for a CPU, as the scheduler tells later, counts', () => {
    const loop = new LoopWatch(undefined)
    loop.look(look(1_000, 900, 0, { runnableMs: 50 }), 0)
    loop.look(look(2_000, 900, 0, { runnableMs: 50 }), 500 * MS)
    expect(loop.busyNs).toBe(600 * MS)
    // Still in the queue, and another gap.
    loop.look(look(2_025, 900, 0, { runnableMs: 50 }), 0)
    expect(loop.busyNs).toBe(625 * MS)
    loop.look(look(2_350, 900, 0, { runnableMs: 50 }), 300 * MS)
    expect(loop.busyNs).toBe(650 * MS)
    loop.look(look(2_400, 900, 0, { runnableMs: 1_400 }), 0)
    expect(loop.busyNs).toBe(1_500 * MS)
    loop.look(look(2_500, 900, 0, { runnableMs: 1_500 }), 0)
    expect(loop.busyNs).toBe(1_600 * MS)
  })

  test('where the platform does not tell every gap is left out', () => {
    const loop = new LoopWatch(undefined)
    loop.look(look(1_000, 900, 0, { runnableMs: Number.NaN }), 0)
    loop.look(look(3_000, 900, 0, { runnableMs: Number.NaN }), 1_500 * MS)
    expect(loop.busyNs).toBe(600 * MS)
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

  test('of which nothing can be known is never busy', () => {
    const loop = new LoopWatch(500 * MS)
    for (let atMs = 1_000; atMs <= 10_000; atMs += 500) {
      loop.look(look(atMs, 900, 0, { runnableMs: Number.NaN }), 0)
      expect(loop.busyNs).toBeLessThan(1_000 * MS)
    }
  })
})
