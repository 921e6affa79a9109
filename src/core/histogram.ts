import type { Histogram } from './batch'

/** What was observed between `before` and `after`, two readings of one cumulative histogram; all of `after` where they are not. */
export function since(after: Histogram, before: Histogram | undefined): Histogram {
  return (before && growth(after, before)) ?? after
}

/**
 * The same, undefined where they are of two: a bound has changed, or one bucket has less in it, as of another thread, or of
 * one that was started again.
 */
export function growth(after: Histogram, before: Histogram): Histogram | undefined {
  if (after.buckets.length !== before.buckets.length) return undefined
  if (after.buckets.some(({ le }, index) => le !== before.buckets[index]?.le)) return undefined
  const grown = {
    count: after.count - before.count,
    sum: after.sum - before.sum,
    buckets: after.buckets.map(({ le, count }, index) => ({
      le,
      count: count - (before.buckets[index]?.count ?? 0),
    })),
  }
  return falls(grown) ? undefined : grown
}

/** Whether it has a bucket with less in it than in a lower one, which includes that: no cumulative histogram has. */
export function falls({ buckets, count }: Histogram): boolean {
  const counts = [...buckets.map((bucket) => bucket.count), count]
  return counts.some((count, index) => !(count >= (counts[index - 1] ?? 0)))
}

/** The same with those bounds alone that are in `bounds`: exact, because buckets are cumulative. */
export function withBounds(histogram: Histogram, bounds: readonly number[]): Histogram {
  return { ...histogram, buckets: histogram.buckets.filter(({ le }) => bounds.includes(le)) }
}
