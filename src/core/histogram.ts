import type { Histogram } from './batch'

/** What was observed between `before` and `after`, two readings of one cumulative histogram. */
export function since(after: Histogram, before: Histogram | undefined): Histogram {
  // Fewer than before: another thread's, or one that was started again.
  if (before === undefined || before.count > after.count) return after
  return {
    count: after.count - before.count,
    sum: after.sum - before.sum,
    buckets: after.buckets.map(({ le, count }, index) => ({
      le,
      count: count - (before.buckets[index]?.count ?? 0),
    })),
  }
}

/** The same with those bounds alone that are in `bounds`: exact, because buckets are cumulative. */
export function withBounds(histogram: Histogram, bounds: readonly number[]): Histogram {
  return { ...histogram, buckets: histogram.buckets.filter(({ le }) => bounds.includes(le)) }
}
