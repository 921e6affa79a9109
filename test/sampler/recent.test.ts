import { describe, expect, test } from 'vitest'
import { dist } from '../dist'

const { Recent } = dist<typeof import('../../src/sampler/recent')>('sampler/recent.js')
const { durationBucket, keepLongest } = dist<typeof import('../../src/probe/durations')>('probe/durations.js')
const { BLOCK_LENGTH, Slot, Table } = dist<typeof import('../../src/probe/layout')>('probe/layout.js')

/** A thread whose loop turns, on a clock of its own. */
class Thread {
  readonly figures = new Float64Array(BLOCK_LENGTH)
  readonly recent = new Recent()
  atNs = 1e12
  idleNs = 0

  constructor() {
    this.figures[Slot.attachedAtNs as number] = this.atNs
  }

  waits(ns: number): void {
    this.atNs += ns
    this.idleNs += ns
  }

  turns(ns: number): void {
    this.atNs += ns
    const at = (Table.loopTurnDurations as number) + durationBucket(ns)
    this.figures[at] = (this.figures[at] as number) + 1
    this.figures[Slot.loopTurns as number] = (this.figures[Slot.loopTurns as number] as number) + 1
    this.keepLongest('loopTurnLongest', ns)
  }

  keepLongest(table: 'loopTurnLongest' | 'gcIncrementalStartLongest', ns: number): void {
    const first = Table[table] as number
    keepLongest(
      (index) => this.figures[first + index] as number,
      (index, value) => {
        this.figures[first + index] = value
      },
      ns,
      this.atNs,
    )
  }

  look(): void {
    this.recent.look(this.figures, this.idleNs, this.atNs)
  }

  quantiles(): Record<string, number> {
    const found = this.recent.lastMinute(this.figures, this.idleNs, this.atNs).quantiles.turn
    return Object.fromEntries(found.map(({ quantile, ns }) => [quantile, ns]))
  }

  delays() {
    return this.recent.lastMinute(this.figures, this.idleNs, this.atNs).delays
  }
}

describe('the turns of the last minute', () => {
  test('have quantiles within 5% of a sorted list, whatever came before', () => {
    const thread = new Thread()
    // A minute of long ones, which must be forgotten.
    for (let second = 0; second < 60; second++) {
      thread.turns(5e8)
      thread.waits(5e8)
      thread.look()
    }
    for (let looks = 0; looks < 8; looks++) {
      thread.waits(10e9)
      thread.look()
    }
    const turns: number[] = []
    for (let second = 0; second < 59; second++) {
      for (let turn = 0; turn < 50; turn++) {
        // From 10 µs to 100 ms.
        const ns = 10 ** (4 + 4 * Math.random() ** 2)
        turns.push(ns)
        thread.turns(ns)
      }
      thread.waits(1e9 - turns.slice(-50).reduce((sum, ns) => sum + Math.min(ns, 1e7), 0))
      if (second % 10 === 9) thread.look()
    }
    turns.sort((a, b) => a - b)
    for (const [quantile, ns] of Object.entries(thread.quantiles())) {
      const truth = turns[Math.ceil(Number(quantile) * turns.length) - 1] as number
      expect(Math.abs(ns / truth - 1), quantile).toBeLessThan(0.05)
    }
    expect(Object.keys(thread.quantiles())).toEqual(['0.5', '0.9', '0.99', '0.999'])
    // What is known exactly is that of the last 60 to 65 seconds.
    expect(((thread.delays()?.max as number) * 1e9) / (turns.at(-1) as number)).toBeCloseTo(1, 1)
  })

  test('are none in a loop that slept, where one waits for nothing', () => {
    const thread = new Thread()
    thread.waits(30e9)
    thread.look()
    thread.waits(10e9)
    expect(thread.quantiles()).toEqual({})
    expect(thread.delays()).toMatchObject({ max: 0, mean: 0 })
  })

  test('have no quantile above the longest of them', () => {
    const thread = new Thread()
    thread.waits(30e9)
    thread.look()
    for (let turn = 0; turn < 100; turn++) thread.turns(1e6)
    // Its bucket goes to 210 ms.
    for (let turn = 0; turn < 20; turn++) thread.turns(201e6)
    for (const quantile of ['0.9', '0.99', '0.999']) {
      const ns = thread.quantiles()[quantile] as number
      expect(ns).toBeLessThanOrEqual(201e6)
      expect(ns).toBeGreaterThan(201e6 * 0.975)
    }
    expect(thread.quantiles()['0.5']).toBeLessThan(1.06e6)
  })

  test('say nothing of a thread that neither turned nor waited, nor where turns are not seen', () => {
    const parked = new Thread()
    parked.atNs += 30e9
    parked.look()
    parked.atNs += 10e9
    expect(parked.delays()).toBeUndefined()
    const fallback = new Thread()
    fallback.figures.fill(Number.NaN, Table.loopTurnDurations, (Table.loopTurnDurations as number) + 562)
    fallback.waits(30e9)
    fallback.look()
    expect(fallback.delays()).toBeUndefined()
    expect(fallback.quantiles()).toEqual({})
  })

  test('of a thread that was found late count from then on', () => {
    const thread = new Thread()
    for (let i = 0; i < 100; i++) {
      thread.turns(1e9)
      thread.waits(1e9)
    }
    thread.look()
    thread.waits(10e9)
    expect(thread.delays()).toMatchObject({ max: 0 })
    thread.turns(1e9)
    thread.waits(9e9)
    // A twentieth of the time.
    expect((thread.delays()?.mean as number) / 0.025).toBeCloseTo(1, 1)
  })
})

test('starts of incremental marking have quantiles, as pauses have, and none is above the longest', () => {
  const thread = new Thread()
  const at = (Table.gcIncrementalStartDurations as number) + durationBucket(3.02e6)
  thread.figures[at] = 7
  thread.keepLongest('gcIncrementalStartLongest', 3.02e6)
  const { quantiles } = thread.recent.lastMinute(thread.figures, 0, thread.atNs)
  expect(quantiles.minor).toEqual([])
  expect(quantiles.incremental.map(({ quantile }) => quantile)).toEqual([0.5, 0.9, 0.99, 0.999])
  for (const { ns } of quantiles.incremental) {
    expect(ns).toBeLessThanOrEqual(3.02e6)
    expect(ns / 3.02e6).toBeGreaterThan(0.975)
  }
})
