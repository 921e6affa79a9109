import { describe, expect, test } from 'vitest'
import type { SlotName } from '../../src/probe/layout'
import type { ThreadFigures } from '../../src/sampler/probes'
import { dist } from '../dist'

const { MAX_THREADS, ThreadSeries } =
  dist<typeof import('../../src/sampler/thread-series')>('sampler/thread-series.js')
const { ObservedProbe } = dist<typeof import('../../src/sampler/probes')>('sampler/probes.js')
const { BatchBuilder } = dist<typeof import('../../src/sampler/build')>('sampler/build.js')
const { metrics } = dist<typeof import('../../src/core/metrics')>('core/metrics.js')
const { BlockWriter } = dist<typeof import('../../src/probe/block')>('probe/block.js')
const { Slot, BLOCK_LENGTH } = dist<typeof import('../../src/probe/layout')>('probe/layout.js')

/** A thread and its block, of which the newest copy is taken. */
function thread(name: string, slots: Partial<Record<SlotName, number>> = {}) {
  const block = new BlockWriter()
  const probe = new ObservedProbe(name, 'native', block.memory)
  const count = (counted: Partial<Record<SlotName, number>>) => {
    for (const [slot, value] of Object.entries(counted)) block.set(slot as SlotName, value)
  }
  count(slots)
  probe.read()
  return { probe, count }
}

const crowd = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => thread(`worker#${from + index}`).probe)
const names = (figures: readonly ThreadFigures[]) => figures.map(({ thread: name }) => name)
const other = (figures: readonly ThreadFigures[], slot: SlotName) =>
  figures.find(({ thread: name }) => name === 'other')?.slots[Slot[slot]]

describe('places', () => {
  test(`${MAX_THREADS} threads have series of their own, and there is no other`, () => {
    const probes = [thread('main').probe, ...crowd(1, MAX_THREADS)]
    expect(names(new ThreadSeries().assign(probes))).toEqual(probes.map(({ thread: name }) => name))
  })

  test('are given in the order of arrival and kept for life', () => {
    const series = new ThreadSeries()
    const main = thread('main').probe
    const first = crowd(1, MAX_THREADS)
    const late = crowd(100, 102)
    expect(names(series.assign([main, ...first, ...late])).slice(-2)).toEqual(['worker#63', 'other'])
    // Two end; those who came too late stay where they are, and newcomers get the places.
    const fresh = crowd(200, 203)
    const now = names(series.assign([main, ...first.slice(2), ...late, ...fresh]))
    expect(now).toHaveLength(MAX_THREADS + 1)
    expect(now.slice(-3)).toEqual(['worker#200', 'worker#201', 'other'])
    expect(now).not.toContain('worker#100')
    expect(now).not.toContain('worker#202')
  })

  test('one is the main thread’s, also where it comes last', () => {
    const series = new ThreadSeries()
    const workers = crowd(1, 100)
    series.assign(workers)
    const now = names(series.assign([...workers, thread('main').probe]))
    expect(now).toHaveLength(MAX_THREADS + 1)
    expect(now).toContain('main')
  })
})

describe('other', () => {
  test('has no counter that is counted nowhere now, whatever its ended members had', () => {
    const series = new ThreadSeries()
    const main = thread('main', { heapAllocatedBytes: 1 })
    const late = thread('worker#99', { heapAllocatedBytes: 7 })
    const full = [main.probe, ...crowd(1, MAX_THREADS)]
    expect(other(series.assign([...full, late.probe]), 'heapAllocatedBytes')).toBe(7)
    expect(other(series.assign(full), 'heapAllocatedBytes')).toBe(7)
    for (const { slots } of full) slots[Slot.heapAllocatedBytes] = Number.NaN
    const off = series.assign(full)
    expect(other(off, 'heapAllocatedBytes')).toBeNaN()
    expect(other(off, 'gcMinorCycles')).toBe(0)
    main.count({ heapAllocatedBytes: 2 })
    main.probe.read()
    expect(other(series.assign(full), 'heapAllocatedBytes')).toBe(7)
  })

  const full = [thread('main').probe, ...crowd(1, MAX_THREADS)]

  test('is the sum of counters, and of gauges that can be summed, and nothing else', () => {
    const slots = {
      gcMinorCycles: 3,
      heapUsedBytes: 10,
      sampledAtNs: 7,
      gcStartedAtNs: 5,
      answeredRequest: 2,
    }
    const a = thread('worker#100', slots)
    const b = thread('worker#101', { ...slots, sampledAtNs: 9 })
    const figures = new ThreadSeries().assign([...full, a.probe, b.probe])
    expect(other(figures, 'gcMinorCycles')).toBe(6)
    expect(other(figures, 'heapUsedBytes')).toBe(20)
    expect(other(figures, 'sampledAtNs')).toBe(7)
    for (const slot of ['gcStartedAtNs', 'answeredRequest'] as const) expect(other(figures, slot)).toBeNaN()
  })

  test('has no gauge of which a part is not known', () => {
    const a = thread('worker#100', { heapUsedBytes: 10, heapObjects: 5, sampledAtNs: 7 })
    const b = thread('worker#101', { heapObjects: Number.NaN, sampledAtNs: 8 })
    const never = thread('worker#102')
    const series = new ThreadSeries()
    expect(other(series.assign([...full, a.probe, b.probe]), 'heapObjects')).toBeNaN()
    expect(other(series.assign([...full, a.probe, b.probe, never.probe]), 'sampledAtNs')).toBe(0)
    // Nobody left: nothing to be sampled.
    expect(other(series.assign(full), 'sampledAtNs')).toBe(0)
  })

  test('keeps what its members counted, to the last, when they end', () => {
    const series = new ThreadSeries()
    const a = thread('worker#100', { gcMinorCycles: 3, heapUsedBytes: 10, sampledAtNs: 7 })
    expect(other(series.assign([...full, a.probe]), 'gcMinorCycles')).toBe(3)
    // After the last look at it.
    a.count({ gcMinorCycles: 5 })
    expect(other(series.assign(full), 'gcMinorCycles')).toBe(5)
    expect(other(series.assign(full), 'gcMinorCycles')).toBe(5)
    const b = thread('worker#101', { gcMinorCycles: 2, heapUsedBytes: 4, sampledAtNs: 8 })
    const figures = series.assign([...full, b.probe])
    expect(other(figures, 'gcMinorCycles')).toBe(7)
    expect(other(figures, 'heapUsedBytes')).toBe(4)
  })

  test('never goes down, whoever comes, counts and goes', () => {
    const series = new ThreadSeries()
    let seed = 1
    const random = (below: number) => {
      seed = (seed * 16_807) % 2_147_483_647
      return seed % below
    }
    const live = new Map<ReturnType<typeof thread>, number>()
    const identities = new Map<unknown, boolean>()
    let before = 0
    for (let step = 0; step < 500; step++) {
      for (let i = random(8); i > 0; i--) live.set(thread(`worker#${step}-${i}`), 0)
      for (const [one, counted] of live) {
        const now = counted + random(5)
        live.set(one, now)
        one.count({ gcCycles: now })
        if (random(3) === 0) one.probe.read()
        if (random(20) === 0) live.delete(one)
      }
      const figures = series.assign([...live.keys()].map(({ probe }) => probe))
      const sum = other(figures, 'gcCycles') ?? 0
      expect(sum).toBeGreaterThanOrEqual(before)
      before = sum
      const own = new Set(names(figures))
      expect(own.size).toBeLessThanOrEqual(MAX_THREADS + 1)
      for (const { probe } of live.keys()) {
        expect(own.has(probe.thread)).toBe(identities.get(probe) ?? own.has(probe.thread))
        identities.set(probe, own.has(probe.thread))
      }
    }
    expect(before).toBeGreaterThan(0)
  })

  test('has every counter that a thread has', () => {
    const perThread = metrics.filter(
      ({ name, type, labels }) =>
        type === 'counter' &&
        (labels as readonly string[]).includes('thread') &&
        // A sum of spans of time of many threads says nothing.
        !/^nodejs_(thread|eventloop)_/.test(name),
    )
    const known = thread('worker#100')
    known.probe.slots.fill(1)
    const probes = [...full, known.probe]
    const threads = new ThreadSeries().assign(probes)
    const builder = new BatchBuilder({ service: 'api', labels: {} })
    const self = { read: () => [] } as unknown as Parameters<typeof builder.build>[3]
    const observation = { probes, threads, ended: new Float64Array(BLOCK_LENGTH), atNs: 2 }
    const batch = builder.build(1, 0, observation, self, [])
    const ofOther = new Set(
      batch.metrics.filter(({ labels }) => labels.thread === 'other').map(({ name }) => name),
    )
    expect(perThread.map(({ name }) => name).filter((name) => !ofOther.has(name))).toEqual([])
    // The totals of the process are of all threads.
    const total = batch.metrics.find(({ name }) => name === 'nodejs_process_gc_cycles_total')
    expect(total?.value).toBe(1)
  })
})
