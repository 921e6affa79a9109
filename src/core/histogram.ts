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

/** Figures of a distribution. All but `mean` are approximations: a bucket says between which bounds, and no more. */
export interface Distribution {
  readonly min: number
  readonly max: number
  readonly mean: number
  readonly stddev: number
  quantile(q: number): number
}

interface Part {
  readonly from: number
  readonly to: number
  readonly count: number
}

/**
 * What a histogram of durations tells of their distribution; undefined where nothing was observed. `longest`, where it
 * is known, is the true maximum. Observations are taken for evenly spread within their bucket, as Prometheus's
 * `histogram_quantile` does; those above the last bound for no longer than twice of it, where `longest` is not known.
 */
export function distribution(histogram: Histogram, longest?: number): Distribution | undefined {
  const { count, sum } = histogram
  const parts = partsOf(histogram, longest)
  const first = parts[0]
  const last = parts.at(-1)
  if (first === undefined || last === undefined) return undefined
  const mean = sum / count
  const variance =
    parts.reduce(
      (total, { from, to, count: n }) => total + n * (((from + to) / 2 - mean) ** 2 + (to - from) ** 2 / 12),
      0,
    ) / count
  return {
    min: Math.min(first.from, mean),
    max: last.to,
    mean,
    stddev: Math.sqrt(variance),
    quantile(q) {
      let below = 0
      for (const { from, to, count: n } of parts) {
        if (below + n >= q * count) return from + ((to - from) * Math.max(0, q * count - below)) / n
        below += n
      }
      return last.to
    },
  }
}

/** The buckets that hold something, ascending; the last one cut to `longest` where that lies in it. */
function partsOf({ count, buckets }: Histogram, longest: number | undefined): Part[] {
  const parts: Part[] = []
  let from = 0
  let below = 0
  for (const { le, count: upTo } of [...buckets, { le: Number.POSITIVE_INFINITY, count }]) {
    if (upTo > below)
      parts.push({ from, to: le === Number.POSITIVE_INFINITY ? 2 * from : le, count: upTo - below })
    from = le
    below = upTo
  }
  const last = parts.at(-1)
  if (last === undefined || longest === undefined) return parts
  const open = last.from === buckets.at(-1)?.le
  if (longest >= last.from && (open || longest < last.to)) parts[parts.length - 1] = { ...last, to: longest }
  return parts
}
