import { describe, expect, test } from 'vitest'
import type { Clock } from '../../src/core/clock'
import { dist } from '../dist'

const { systemClock } = dist<typeof import('../../src/core/clock')>('core/clock.js')
const { Schedule } = dist<typeof import('../../src/sampler/schedule')>('sampler/schedule.js')

const INTERVAL = 10_000
const HOUR = 3_600_000

/** Time that only `run` moves. Timers come `lateness()` after the instant that they were set for. */
class SimulatedClock implements Clock {
  #now: number
  readonly #lateness: () => number
  readonly #timers = new Set<{ at: number; callback: () => void }>()
  /** Timers that came. */
  fired = 0

  constructor({ start = 0, lateness = () => 0 }: { start?: number; lateness?: () => number } = {}) {
    this.#now = start
    this.#lateness = lateness
  }

  get pending(): number {
    return this.#timers.size
  }

  now(): number {
    return this.#now
  }

  timer(ms: number, callback: () => void): () => void {
    // What Node.js would refuse, or make 1 ms of.
    expect(ms === 0 || (Number.isInteger(ms) && ms >= 1 && ms < 2 ** 31)).toBe(true)
    const timer = { at: this.#now + Math.max(0, ms + this.#lateness()), callback }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  run(until: number): void {
    for (;;) {
      const next = [...this.#timers].sort((a, b) => a.at - b.at)[0]
      if (next === undefined || next.at > until) break
      this.#timers.delete(next)
      this.#now = next.at
      this.fired++
      next.callback()
    }
    this.#now = until
  }

  /** The machine sleeps: time passes and no timer comes. */
  suspend(ms: number): void {
    const until = this.#now + ms
    for (const timer of this.#timers) timer.at = Math.max(timer.at, until)
    this.#now = until
  }
}

function record(clock: SimulatedClock, interval = INTERVAL) {
  const ticks: { at: number; missed: number }[] = []
  const schedule = new Schedule(clock, interval, (missed) => ticks.push({ at: clock.now(), missed }))
  return { ticks, schedule }
}

/** The same numbers at each run, from 0 to below 1. */
function pseudoRandom(): () => number {
  let state = 42
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    return state / 2 ** 31
  }
}

describe('an hour of ticks', () => {
  const random = pseudoRandom()
  test.each<[string, () => number, number]>([
    ['on time', () => 0, 0],
    ['each 4 ms late', () => 4, 4],
    ['late by up to 50 ms', () => random() * 50, 50],
    ['early by up to 0.9 ms', () => -random() * 0.9, 1],
    ['early or late by a fraction', () => random() * 1.8 - 0.9, 2],
    ['now and then 900 ms late', () => (random() < 0.1 ? 900 : 0), 900],
    ['each almost an interval late', () => INTERVAL - 2, INTERVAL - 2],
  ])('of timers that are %s', (_, lateness, most) => {
    const start = 1_234.567
    const clock = new SimulatedClock({ start, lateness })
    const { ticks } = record(clock)
    clock.run(start + HOUR + most)

    expect(ticks).toHaveLength(HOUR / INTERVAL + 1)
    ticks.forEach(({ at, missed }, n) => {
      expect(missed).toBe(0)
      // Never before its time; late only by its own timer, and by the millisecond that timers count in.
      const due = start + n * INTERVAL
      expect(at).toBeGreaterThanOrEqual(due)
      expect(at).toBeLessThanOrEqual(due + most + 1)
    })
  })

  test('takes no more wake-ups than ticks', () => {
    const clock = new SimulatedClock({ lateness: () => 0.3 })
    record(clock)
    clock.run(HOUR + 2)
    expect(clock.fired).toBe(HOUR / INTERVAL + 1)
  })

  test('of intervals that are no whole number of milliseconds', () => {
    const clock = new SimulatedClock()
    const { ticks } = record(clock, 333.3)
    clock.run(HOUR)
    expect(ticks).toHaveLength(Math.floor(HOUR / 333.3) + 1)
    expect(ticks.at(-1)?.at).toBe(Math.ceil(10_801 * 333.3))
  })
})

describe('missed ticks', () => {
  test('a suspension of ten minutes is one tick that says so, and no flood', () => {
    const clock = new SimulatedClock()
    const { ticks } = record(clock)
    clock.run(25_000)
    clock.suspend(600_000)
    clock.run(660_000)
    expect(ticks).toEqual([
      { at: 0, missed: 0 },
      { at: 10_000, missed: 0 },
      { at: 20_000, missed: 0 },
      // Due at 30, 40, … 620 s: the first is this one, 59 are lost.
      { at: 625_000, missed: 59 },
      { at: 630_000, missed: 0 },
      { at: 640_000, missed: 0 },
      { at: 650_000, missed: 0 },
      { at: 660_000, missed: 0 },
    ])
  })

  test.each([
    [9_999.5, 0],
    [10_000, 1],
    [19_999.5, 1],
    [20_000, 2],
  ])('late by %d ms misses %d', (lateMs, missed) => {
    const clock = new SimulatedClock()
    const { ticks } = record(clock)
    clock.run(5_000)
    clock.suspend(5_000 + lateMs)
    clock.run(clock.now())
    expect(ticks.at(-1)).toEqual({ at: 10_000 + lateMs, missed })
  })

  test('ticks and missed ticks together are what arithmetic says, however late timers come', () => {
    const random = pseudoRandom()
    const clock = new SimulatedClock({ lateness: () => random() * 35_000 })
    const { ticks } = record(clock)
    clock.run(HOUR)
    const last = ticks.at(-1)?.at as number
    const counted = ticks.reduce((sum, { missed }) => sum + 1 + missed, 0)
    expect(ticks.some(({ missed }) => missed > 0)).toBe(true)
    expect(counted).toBe(Math.floor(last / INTERVAL) + 1)
  })
})

test('the first tick comes at once, but not before the constructor is done', () => {
  const clock = new SimulatedClock({ start: 77 })
  const { ticks } = record(clock)
  expect(ticks).toEqual([])
  clock.run(77)
  expect(ticks).toEqual([{ at: 77, missed: 0 }])
})

test('a tick that throws does not end the schedule', () => {
  const clock = new SimulatedClock()
  let ticks = 0
  new Schedule(clock, INTERVAL, () => {
    ticks++
    throw new Error('no room')
  })
  expect(() => clock.run(0)).toThrow('no room')
  expect(() => clock.run(INTERVAL)).toThrow('no room')
  expect(ticks).toBe(2)
})

describe('stop', () => {
  test.each([
    ['before the first tick', -1],
    ['between ticks', 15_000],
    // Woken early, it has set a second timer for the rest.
    ['after a timer that came early', 19_999.5],
  ])('%s ends it, and leaves no timer', (_, at) => {
    const clock = new SimulatedClock({ lateness: () => (at === 19_999.5 ? -0.5 : 0) })
    const { ticks, schedule } = record(clock)
    clock.run(at)
    const before = ticks.length
    expect(clock.pending).toBe(1)
    schedule.stop()
    expect(clock.pending).toBe(0)
    clock.run(HOUR)
    expect(ticks).toHaveLength(before)
  })

  test('within a tick, and again', () => {
    const clock = new SimulatedClock()
    let ticks = 0
    const schedule = new Schedule(clock, INTERVAL, () => {
      ticks++
      schedule.stop()
    })
    clock.run(HOUR)
    expect(ticks).toBe(1)
    expect(clock.pending).toBe(0)
    expect(() => schedule.stop()).not.toThrow()
  })
})

test('the clock of the real thing goes forward, calls back once, and not when cancelled', async () => {
  const before = systemClock.now()
  const calls: string[] = []
  const cancel = systemClock.timer(2, () => calls.push('cancelled'))
  cancel()
  // Timers of one duration come in the order in which they were set.
  await new Promise<void>((resolve) => {
    systemClock.timer(2, () => calls.push('first'))
    systemClock.timer(2, resolve)
  })
  expect(calls).toEqual(['first'])
  expect(systemClock.now()).toBeGreaterThan(before)
})
