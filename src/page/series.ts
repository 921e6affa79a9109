import type { Range } from './time'

export type Value = number | null

export interface Series {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly t: readonly number[]
  readonly v: readonly Value[]
  /** Where points were thinned: the least and the most of each part. */
  readonly min?: readonly Value[]
  readonly max?: readonly Value[]
}

export interface Description {
  readonly type: 'gauge' | 'counter' | 'histogram'
  readonly unit: string
  readonly description: string
}

/** What `/v1/series` answers. */
export interface SeriesAnswer extends Range {
  readonly metrics: Readonly<Record<string, Description>>
  readonly series: readonly Series[]
}

/** Points of one line. `undefined` stands where a line has no point but another of its chart has; `null` is a gap. */
export interface Points {
  readonly t: readonly number[]
  readonly v: readonly Value[]
  readonly min?: readonly Value[]
  readonly max?: readonly Value[]
}

export type Labels = Readonly<Record<string, string>>

/** The newest known points of all series. */
export class SeriesStore {
  /** By name, then by labels. */
  readonly #series = new Map<string, Map<string, Series>>()
  readonly #metrics = new Map<string, Description>()

  /**
   * What is known of this range gives way to what `answer` says. Where a sample had no value there is no point, and
   * `gapsOf` decides whether that is a gap: one collector that was late for once is none.
   */
  merge(answer: SeriesAnswer, { start, end }: Range): void {
    for (const [name, description] of Object.entries(answer.metrics)) this.#metrics.set(name, description)
    for (const [name, group] of this.#series) {
      for (const [key, known] of group) {
        const before = cut(known, Number.NEGATIVE_INFINITY, start - 1)
        const after = cut(known, end + 1, Number.POSITIVE_INFINITY)
        this.#set(name, key, joined(before, after))
      }
    }
    for (const series of answer.series) {
      const key = keyOf(series)
      const known = this.#series.get(series.name)?.get(key)
      const fresh = cut(series, start, end)
      const before = known && cut(known, Number.NEGATIVE_INFINITY, start - 1)
      const after = known && cut(known, end + 1, Number.POSITIVE_INFINITY)
      this.#set(
        series.name,
        key,
        before === undefined || after === undefined ? fresh : joined(joined(before, fresh), after),
      )
    }
  }

  /** Forgets what is older. */
  trim(start: number): void {
    for (const [name, group] of this.#series) {
      for (const [key, series] of group) {
        // One point before the window, so that lines and rates begin at its edge.
        const first = series.t.findIndex((t) => t >= start)
        if (first === -1) group.delete(key)
        else if (first > 1) this.#set(name, key, slice(series, first - 1, series.t.length))
      }
    }
  }

  /** When the newest point was taken; 0 where there is none. */
  get newest(): number {
    let newest = 0
    for (const { t } of this.#all()) newest = Math.max(newest, t.at(-1) ?? 0)
    return newest
  }

  /** When the oldest was. */
  get oldest(): number {
    let oldest = Number.POSITIVE_INFINITY
    for (const { t } of this.#all()) oldest = Math.min(oldest, t[0] ?? oldest)
    return oldest
  }

  get metrics(): ReadonlyMap<string, Description> {
    return this.#metrics
  }

  /** Series of `name` whose labels agree with `labels`, one that they lack included. */
  select(name: string, labels: Labels): Series[] {
    return [...(this.#series.get(name)?.values() ?? [])].filter((one) => agree(one.labels, labels))
  }

  /** The series of exactly these labels. */
  get(name: string, labels: Labels): Series | undefined {
    return this.#series.get(name)?.get(keyOf({ name, labels }))
  }

  *#all(): Generator<Series> {
    for (const group of this.#series.values()) yield* group.values()
  }

  #set(name: string, key: string, series: Series): void {
    const group = this.#series.get(name) ?? new Map<string, Series>()
    this.#series.set(name, group)
    if (series.t.length === 0) group.delete(key)
    else group.set(key, series)
  }
}

/**
 * What a counter grew by a second, point by point. A counter that fell began anew, unless it `falls`, and how much it grew
 * meanwhile nobody knows; neither across a gap.
 */
export function rate(points: Points, falls = false): Points {
  const gap = gapsOf(points.t)
  const v = points.v.map((value, i): Value => {
    const before = points.v[i - 1]
    if (i === 0 || value === null || before === null || before === undefined || gap.has(i)) return null
    const grown = value - before
    return grown < 0 && !falls
      ? null
      : grown / (((points.t[i] as number) - (points.t[i - 1] as number)) / 1000)
  })
  return { t: points.t, v }
}

/** What the counters `took` grew by for each by which `of` did: a share, or a mean. 0 where `of` did not grow. */
export function ratio(took: readonly Points[], of: readonly Points[]): Points | undefined {
  const [first] = of
  if (first === undefined || took.length === 0) return undefined
  const rates = (counters: readonly Points[]) =>
    counters.map((counter) => {
      const { t, v } = rate(counter)
      return new Map(t.map((at, i) => [at, v[i] ?? null]))
    })
  const [above, below] = [rates(took), rates(of)]
  const sum = (all: readonly ReadonlyMap<number, Value>[], at: number) =>
    all.reduce<number>((total, one) => total + (one.get(at) ?? Number.NaN), 0)
  const v = first.t.map((at) => {
    const by = sum(below, at)
    const value = by === 0 ? 0 : sum(above, at) / by
    return Number.isNaN(value) ? null : value
  })
  return { t: first.t, v }
}

/**
 * The mean of what came between two samples, by the count and the sum of a histogram; none where nothing came. The sum may
 * fall, of what is negative: that all began anew is told by the count.
 */
export function mean(sum: Points, count: Points): Points {
  const counts = rate(count)
  const came = new Map(counts.t.map((at, i) => [at, counts.v[i] ?? 0]))
  const { t, v } = rate(sum, true)
  return {
    t,
    v: t.map((at, i) => {
      const [by, value] = [came.get(at) ?? 0, v[i] ?? null]
      return by === 0 || value === null ? null : value / by
    }),
  }
}

/** When a counter was seen to have grown, and by how much. One that fell began anew, and tells nothing of before. */
export function growths({ t, v }: Points): { t: number; by: number }[] {
  return t.flatMap((at, i) => {
    const by = (v[i] ?? Number.NaN) - (v[i - 1] ?? Number.NaN)
    return by > 0 ? [{ t: at, by }] : []
  })
}

/**
 * Which points come after a gap: where time went on for more than the usual. What is usual may differ along a line,
 * since old points are thinned, so it is that of the neighbours, and of the side where they are farther apart.
 */
export function gapsOf(t: readonly number[]): ReadonlySet<number> {
  const gaps = new Set<number>()
  const steps = t.slice(1).map((at, i) => at - (t[i] as number))
  for (const [i, step] of steps.entries()) {
    const before = median(steps.slice(Math.max(0, i - 5), i))
    const after = median(steps.slice(i + 1, i + 6))
    // Two points alone are no rhythm.
    if (before === 0 && after === 0) continue
    if (step > 2.5 * Math.max(before, after)) gaps.add(i + 1)
  }
  return gaps
}

/** The newest value in the range; undefined where it has no point. */
export function newestIn({ t, v }: Points, { start, end }: Range): number | null | undefined {
  let last = t.length - 1
  while (last >= 0 && (t[last] as number) > end) last--
  return (t[last] ?? Number.NEGATIVE_INFINITY) < start ? undefined : v[last]
}

/** The value of the nearest point; none within a gap, and before the first point and behind the last one. */
export function valueAt({ t, v }: Points, at: number): number | null | undefined {
  const after = t.findIndex((time) => time >= at)
  const [first = 0, second = first] = t
  if (after === -1) return at - (t.at(-1) ?? 0) > (t.at(-1) ?? 0) - (t.at(-2) ?? 0) ? undefined : v.at(-1)
  if (after === 0) return first - at > second - first ? undefined : v[0]
  const behind = (t[after] as number) - at
  const before = at - (t[after - 1] as number)
  if (behind > 0 && gapsOf(t).has(after)) return undefined
  return v[before < behind ? after - 1 : after]
}

/** Lines on one time axis, as uPlot wants them. */
export function align(lines: readonly Points[]): [number[], ...(Value | undefined)[][]] {
  const withGaps = lines.map(({ t, v }) => {
    const gaps = gapsOf(t)
    const at = new Map<number, Value>()
    for (const [i, time] of t.entries()) {
      // A point in the middle of the gap, which no line goes through.
      if (gaps.has(i)) at.set((time + (t[i - 1] as number)) / 2, null)
      at.set(time, v[i] ?? null)
    }
    return at
  })
  const times = [...new Set(withGaps.flatMap((at) => [...at.keys()]))].sort((a, b) => a - b)
  return [times, ...withGaps.map((at) => times.map((time) => at.get(time)))]
}

/** Which values of an aligned line have none on either side. `undefined` is in no line's way. */
export function alone(values: ArrayLike<Value | undefined>): number[] {
  const known = Array.from(values, (value, i) => ({ value, i })).filter(({ value }) => value !== undefined)
  return known.flatMap(({ value, i }, k) =>
    value !== null && (known[k - 1]?.value ?? null) === null && (known[k + 1]?.value ?? null) === null
      ? [i]
      : [],
  )
}

function agree(labels: Labels, wanted: Labels): boolean {
  return Object.entries(wanted).every(([label, value]) => (labels[label] ?? value) === value)
}

function keyOf({ name, labels }: Pick<Series, 'name' | 'labels'>): string {
  return JSON.stringify([name, ...Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))])
}

/** The points from `from` to `to` that have a value. */
function cut(series: Series, from: number, to: number): Series {
  return picked(series, (t, v) => v !== null && t >= from && t <= to)
}

function slice(series: Series, from: number, to: number): Series {
  return picked(series, (_, __, i) => i >= from && i < to)
}

function picked(
  { name, labels, t, v, min, max }: Series,
  wanted: (t: number, v: Value, index: number) => boolean,
): Series {
  const of = (column: readonly Value[]) => column.filter((_, i) => wanted(t[i] as number, v[i] ?? null, i))
  return {
    name,
    labels,
    t: of(t) as number[],
    v: of(v),
    ...(min && max ? { min: of(min), max: of(max) } : {}),
  }
}

function joined(a: Series, b: Series): Series {
  if (b.t.length === 0) return a
  const thinned = a.min !== undefined || b.min !== undefined
  return {
    name: b.name,
    labels: b.labels,
    t: [...a.t, ...b.t],
    v: [...a.v, ...b.v],
    ...(thinned
      ? { min: [...(a.min ?? a.v), ...(b.min ?? b.v)], max: [...(a.max ?? a.v), ...(b.max ?? b.v)] }
      : {}),
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}
