import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Counts } from '../../src/probe/durations'
import { dist } from '../dist'

const { delaysOf } = dist<typeof import('../../src/probe/delays')>('probe/delays.js')
const { countsIn, durationBucket } = dist<typeof import('../../src/probe/durations')>('probe/durations.js')
const { BLOCK_LENGTH, Table } = dist<typeof import('../../src/probe/layout')>('probe/layout.js')

function countsOf(turnsNs: readonly number[]): Counts {
  const figures = new Float64Array(BLOCK_LENGTH)
  for (const ns of turnsNs) {
    const at = (Table.loopTurnDurations as number) + durationBucket(ns)
    figures[at] = (figures[at] as number) + 1
  }
  return countsIn(figures, 'loopTurnDurations') as Counts
}

/** What arrivals, evenly spread over the time, would have waited: shortest first. */
function waitsOf(turnsNs: readonly number[], waitedNs: number): number[] {
  const elapsed = turnsNs.reduce((sum, ns) => sum + ns, waitedNs)
  const step = elapsed / 20_000
  const waits: number[] = []
  let at = step / 2
  let begins = 0
  for (const ns of turnsNs) {
    for (; at < begins + ns; at += step) waits.push(begins + ns - at)
    begins += ns
  }
  for (; at < elapsed; at += step) waits.push(0)
  return waits.sort((a, b) => a - b)
}

describe('how long one had to wait for the loop', () => {
  test('is nothing in a loop that only waited, and unknown without any time', () => {
    const none = delaysOf(countsOf([]), 1e9, 0)
    expect(none).toMatchObject({ min: 0, max: 0, mean: 0, stddev: 0 })
    expect(none?.quantile(0.99)).toBe(0)
    expect(delaysOf(countsOf([]), 0, 0)).toBeUndefined()
    expect(delaysOf(countsOf([]), Number.NaN, 0)).toBeUndefined()
  })

  test('goes by the time that a turn took, not by how many there were', () => {
    // A tenth of the time is one block, beside ten thousand turns of 10 µs.
    const turns = [...Array<number>(10_000).fill(10_000), 1e8]
    const delays = delaysOf(countsOf(turns), 1e9 - 2e8, 1e8)
    expect(delays?.max).toBeCloseTo(0.1, 9)
    // One in ten comes in the block, of those nine in ten wait for more than a tenth of it.
    expect(delays?.quantile(0.91)).toBeCloseTo(0.01, 2)
    expect(delays?.quantile(0.99)).toBeCloseTo(0.09, 2)
    expect(delays?.quantile(0.5)).toBeLessThan(0.000_02)
  })

  test('is what evenly spread arrivals wait, for any turns', () => {
    const turns = fc.array(
      fc.double({ min: 3, max: 10, noNaN: true }).map((digits) => 10 ** digits),
      { minLength: 1, maxLength: 40 },
    )
    const waited = fc.double({ min: 0, max: 1e10, noNaN: true })
    fc.assert(
      fc.property(turns, waited, (turnsNs, waitedNs) => {
        const longest = Math.max(...turnsNs)
        const delays = delaysOf(countsOf(turnsNs), waitedNs, longest)
        if (delays === undefined) throw new Error('nothing found')
        const waits = waitsOf(turnsNs, waitedNs)
        const mean = waits.reduce((sum, wait) => sum + wait, 0) / waits.length
        const near = (found: number, truth: number) =>
          expect(Math.abs(found * 1e9 - truth)).toBeLessThanOrEqual(0.04 * longest)
        near(delays.mean, mean)
        near(
          delays.stddev,
          Math.sqrt(waits.reduce((sum, wait) => sum + (wait - mean) ** 2, 0) / waits.length),
        )
        for (const q of [0.5, 0.9, 0.99]) {
          near(delays.quantile(q), waits[Math.ceil(q * waits.length) - 1] as number)
          expect(delays.quantile(q)).toBeLessThanOrEqual(delays.max)
        }
        expect(delays.max * 1e9).toBeCloseTo(longest, 0)
      }),
    )
  })
})
