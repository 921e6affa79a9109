import fc from 'fast-check'
import type { Batch, Description, Histogram, Metric } from '../../src/core/batch'
import { FIRST_TIMESTAMP } from './batches'

/** What is special to one format or another, beside any Unicode that is well-formed. */
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.string({
    unit: fc.constantFrom(
      ...['"', '\\', '\n', '\r', '\t', '\u0000', '\u0001', '\u007f', '\u0085', '\u2028', '\ufeff', ' '],
      ...['{', '}', ',', '=', '#', 'n', 'é', '😀', '\\n', '\\"', ' # {'],
    ),
    maxLength: 12,
  }),
)

const number = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.constantFrom(0, 1e21, 5e-324, Number.MAX_VALUE, Number.NaN, Infinity, -Infinity),
)
const count = fc.oneof(fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }), fc.nat())

const histogram: fc.Arbitrary<Histogram> = fc
  .tuple(
    fc.uniqueArray(fc.double({ min: 0, max: 1e9, noNaN: true }), { maxLength: 6 }),
    fc.array(fc.nat({ max: 1_000 }), { minLength: 7, maxLength: 7 }),
    fc.double({ min: 0, max: 1e12, noNaN: true }),
  )
  .map(([bounds, counts, sum]) => {
    let total = 0
    const buckets = bounds
      // 0 and -0 are one bound.
      .map((bound) => bound + 0)
      .sort((a, b) => a - b)
      .map((le, index) => {
        total += counts[index] as number
        return { le, count: total }
      })
    return { count: total + (counts[6] as number), sum, buckets }
  })

const NAMES = ['a', 'kind', 'service', 'thread', '_x', 'quantile_', 'constructor', 'toString'] as const
const labels = fc.dictionary(fc.constantFrom(...NAMES), text, { maxKeys: 4, noNullPrototype: true })

/** Batches of gauges, counters and histograms under names that do not clash, each name with up to four series, none of them twice. */
export const batches: fc.Arbitrary<Batch> = fc
  .array(
    fc.tuple(
      fc.constantFrom('gauge', 'counter', 'histogram'),
      fc.constantFrom('', 'bytes', 'seconds'),
      text,
      fc.array(fc.tuple(labels, number, count, histogram), { minLength: 1, maxLength: 4 }),
    ),
    { maxLength: 6 },
  )
  .map((families) => {
    const descriptions: Record<string, Description> = {}
    const metrics = families.flatMap(([type, unit, description, series], index): Metric[] => {
      const ending = `${unit === '' ? '' : `_${unit}`}${type === 'counter' ? '_total' : ''}`
      const name = `metric:${'abcdef'[index]}${ending}`
      descriptions[name] = { type, unit, description }
      return series.map(([own, gauge, counter, distribution], nth) => ({
        name,
        type,
        value: { gauge, counter, histogram: distribution }[type],
        // The others may become the same in a format.
        labels: nth === 0 ? own : { ...own, nth: String(nth) },
      }))
    })
    return { sequence: 1, timestamp: FIRST_TIMESTAMP, service: 'api', metrics, descriptions }
  })
