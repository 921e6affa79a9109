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
  readonly #series = new Map<string, Series>()
  readonly #metrics = new Map<string, Description>()

  /** What is known of this range gives way to what `answer` says. */
  merge(answer: SeriesAnswer, { start, end }: Range): void {
    for (const [name, description] of Object.entries(answer.metrics)) this.#metrics.set(name, description)
    const fresh = new Map(answer.series.map((series) => [keyOf(series), cut(series, start, end)]))
    for (const [key, known] of this.#series) {
      const before = cut(known, Number.NEGATIVE_INFINITY, start - 1)
      const after = cut(known, end + 1, Number.POSITIVE_INFINITY)
      const next = fresh.get(key)
      this.#series.set(key, joined(next === undefined ? before : joined(before, next), after))
      fresh.delete(key)
    }
    for (const [key, series] of fresh) this.#series.set(key, series)
  }

  /** Forgets what is older. */
  trim(start: number): void {
    for (const [key, series] of this.#series) {
      // One point before the window, so that lines and rates begin at its edge.
      const first = series.t.findIndex((t) => t >= start)
      if (first === -1) this.#series.delete(key)
      else if (first > 1) this.#series.set(key, slice(series, first - 1, series.t.length))
    }
  }

  /** When the newest point was taken; 0 where there is none. */
  get newest(): number {
    let newest = 0
    for (const { t } of this.#series.values()) newest = Math.max(newest, t.at(-1) ?? 0)
    return newest
  }

  /** When the oldest was. */
  get oldest(): number {
    let oldest = Number.POSITIVE_INFINITY
    for (const { t } of this.#series.values()) oldest = Math.min(oldest, t[0] ?? oldest)
    return oldest
  }

  get metrics(): ReadonlyMap<string, Description> {
    return this.#metrics
  }

  /** Series of `name` whose labels agree with `labels`, one that they lack included. */
  select(name: string, labels: Labels): Series[] {
    return [...this.#series.values()].filter((one) => one.name === name && agree(one.labels, labels))
  }

  /** What series with this label have as another: the worker of a process. */
  other(label: string, value: string, wanted: string): string | undefined {
    for (const { labels } of this.#series.values()) {
      if (labels[label] === value && labels[wanted] !== undefined) return labels[wanted]
    }
    return undefined
  }

  /** The values of a label, sorted, `main` first. */
  values(label: string, among: Labels = {}): string[] {
    const found = new Set<string>()
    for (const { labels } of this.#series.values()) {
      const value = labels[label]
      if (value !== undefined && agree(labels, among)) found.add(value)
    }
    return [...found].sort(
      (a, b) => Number(b === 'main') - Number(a === 'main') || a.localeCompare(b, 'en', { numeric: true }),
    )
  }
}

/**
 * What a counter grew by a second, point by point. A counter that fell began anew, and how much it grew meanwhile
 * nobody knows; neither across a gap.
 */
export function rate(points: Points): Points {
  const gap = gapsOf(points.t)
  const v = points.v.map((value, i): Value => {
    const before = points.v[i - 1]
    if (i === 0 || value === null || before === null || before === undefined || gap.has(i)) return null
    const grown = value - before
    return grown < 0 ? null : grown / (((points.t[i] as number) - (points.t[i - 1] as number)) / 1000)
  })
  return { t: points.t, v }
}

/** The times at which a counter was seen to have grown. */
export function growths({ t, v }: Points): number[] {
  return t.filter((_, i) => {
    const before = v[i - 1]
    const value = v[i]
    return before !== null && before !== undefined && value !== null && value !== undefined && value > before
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

function agree(labels: Labels, wanted: Labels): boolean {
  return Object.entries(wanted).every(([label, value]) => (labels[label] ?? value) === value)
}

function keyOf({ name, labels }: Series): string {
  return JSON.stringify([name, ...Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))])
}

function cut(series: Series, from: number, to: number): Series {
  const first = series.t.findIndex((t) => t >= from)
  if (first === -1) return slice(series, 0, 0)
  const last = series.t.findIndex((t) => t > to)
  return slice(series, first, last === -1 ? series.t.length : last)
}

function slice({ name, labels, t, v, min, max }: Series, from: number, to: number): Series {
  return {
    name,
    labels,
    t: t.slice(from, to),
    v: v.slice(from, to),
    ...(min && max ? { min: min.slice(from, to), max: max.slice(from, to) } : {}),
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
