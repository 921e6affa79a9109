import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Counts } from '../../src/probe/durations'
import { dist } from '../dist'

const {
  BOUNDS,
  bucketsBelow,
  CountedTables,
  countsIn,
  countsSince,
  durationBucket,
  histogramOf,
  keepLongest,
  longestOf,
  quantileOf,
  UPPER_NS,
} = dist<typeof import('../../src/probe/durations')>('probe/durations.js')
const { BLOCK_LENGTH, DURATION_BUCKETS, LONGEST_SLOTS, Slot, Table } =
  dist<typeof import('../../src/probe/layout')>('probe/layout.js')

const duration = fc.oneof(
  fc.integer({ min: 0, max: 2e5 }),
  fc.double({ min: 3, max: 11.5, noNaN: true }).map((exponent) => Math.round(10 ** exponent)),
)

describe('buckets', () => {
  test('a duration lies in its bucket, which is at most 5% wide', () => {
    fc.assert(
      fc.property(duration, (ns) => {
        const bucket = durationBucket(ns)
        const lower = bucket === 0 ? 0 : (UPPER_NS[bucket - 1] as number)
        const upper = UPPER_NS[bucket] as number
        expect(ns).toBeGreaterThanOrEqual(lower)
        expect(ns).toBeLessThan(upper)
        if (bucket > 0 && bucket < DURATION_BUCKETS - 1)
          expect((upper - lower) / lower).toBeLessThanOrEqual(0.0501)
      }),
      { numRuns: 2_000 },
    )
  })

  test('cover 1 µs to 100 s, and the rest is in the first and the last', () => {
    expect(UPPER_NS).toHaveLength(562)
    expect(durationBucket(999)).toBe(0)
    expect(durationBucket(1_000)).toBe(1)
    expect(durationBucket(99_999_999_999)).toBe(DURATION_BUCKETS - 2)
    expect(durationBucket(100e9)).toBe(DURATION_BUCKETS - 1)
    expect(durationBucket(1e15)).toBe(DURATION_BUCKETS - 1)
  })

  test('have an edge at every bound that exporters use', () => {
    // prom-client, OpenTelemetry's conventions, OpenTelemetry's default.
    for (const bounds of [
      [0.001, 0.01, 0.1, 1, 2, 5],
      [0.01, 0.1, 1, 10],
      [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
    ]) {
      for (const bound of bounds) expect(UPPER_NS).toContain(Math.round(bound * 1e9))
      expect(bucketsBelow(bounds)).toHaveLength(bounds.length)
    }
    expect(() => bucketsBelow([0.0012345])).toThrow(RangeError)
  })
})

/** Minor pauses that took so long. */
function figuresOf(all: readonly number[], figures: Float64Array = new Float64Array(BLOCK_LENGTH)) {
  for (const ns of all) {
    for (const at of [Slot.gcMinorCycles, Table.gcMinorDurations + durationBucket(ns)]) {
      figures[at] = (figures[at] as number) + 1
    }
  }
  return figures
}

const countsOf = (all: readonly number[]) => countsIn(figuresOf(all), 'gcMinorDurations') as Counts

describe('what is counted', () => {
  test('since a moment is what came after it', () => {
    fc.assert(
      fc.property(fc.array(duration), fc.array(duration), (before, after) => {
        expect(countsSince(countsOf([...before, ...after]), countsOf(before))).toEqual(countsOf(after))
      }),
    )
  })

  test('is read again where something came, and is unknown where nobody counts', () => {
    const tables = new CountedTables()
    const figures = figuresOf([5_000, 5_000, 1e9])
    const counted = tables.of(figures, 'gcMinorDurations')
    expect(counted).toEqual(countsOf([5_000, 5_000, 1e9]))
    expect(tables.of(figures, 'gcMinorDurations')).toBe(counted)
    expect(tables.of(figuresOf([2e6], figures), 'gcMinorDurations')).toEqual(
      countsOf([5_000, 5_000, 2e6, 1e9]),
    )
    figures.fill(Number.NaN)
    expect(tables.of(figures, 'gcMinorDurations')).toBeUndefined()
    expect(histogramOf(undefined, 0)).toBeUndefined()
  })
})

describe('what is made of them', () => {
  test('a histogram counts exactly what is below each bound', () => {
    fc.assert(
      fc.property(fc.array(duration, { maxLength: 200 }), (all) => {
        const sum = all.reduce((total, ns) => total + ns, 0)
        const histogram = histogramOf(countsOf(all), sum)
        expect(histogram?.count).toBe(all.length)
        expect(histogram?.sum).toBeCloseTo(sum / 1e9, 9)
        expect(histogram?.buckets.map(({ le }) => le)).toEqual(BOUNDS)
        for (const { le, count } of histogram?.buckets ?? []) {
          expect(count).toBe(all.filter((ns) => ns < Math.round(le * 1e9)).length)
        }
      }),
    )
  })

  test('quantiles are within 2.5% of the sorted list', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 2_000, max: 5e9 }), { minLength: 1, maxLength: 300 }), (all) => {
        const counts = countsOf(all)
        const sorted = [...all].sort((a, b) => a - b)
        for (const q of [0.5, 0.9, 0.99, 0.999, 1]) {
          const truth = sorted[Math.max(1, Math.ceil(q * all.length)) - 1] as number
          expect(Math.abs((quantileOf(counts, q) as number) / truth - 1)).toBeLessThanOrEqual(0.0251)
        }
      }),
    )
    expect(quantileOf(countsOf([]), 0.5)).toBeUndefined()
  })

  test.each(['gcMinorLongest', 'gcMajorLongest', 'gcIncrementalStartLongest', 'loopTurnLongest'] as const)(
    'the longest of the last minute is forgotten after 65 s, and not before 60 s: %s',
    (table) => {
      const figures = new Float64Array(BLOCK_LENGTH)
      const keep = (ns: number, nowNs: number) =>
        keepLongest(
          (index) => figures[Table[table] + index] as number,
          (index, value) => {
            figures[Table[table] + index] = value
          },
          ns,
          nowNs,
        )
      expect(longestOf(figures, table, 1e12)).toBe(0)
      keep(7e6, 1e12)
      keep(3e6, 1e12 + 1e9)
      keep(5e6, 1e12 + 30e9)
      expect(longestOf(figures, table, 1e12 + 60e9)).toBe(7e6)
      expect(longestOf(figures, table, 1e12 + 65e9)).toBe(5e6)
      expect(longestOf(figures, table, 1e12 + 90e9)).toBe(5e6)
      expect(longestOf(figures, table, 1e12 + 95e9)).toBe(0)
      // One that comes at the very end of its window is there for 60 s, too.
      keep(9e6, 2e12 + 4.999e9)
      expect(longestOf(figures, table, 2e12 + 64.998e9)).toBe(9e6)
      figures.fill(Number.NaN, Table[table], Table[table] + LONGEST_SLOTS)
      expect(longestOf(figures, table, 1e12)).toBeNaN()
    },
  )
})
