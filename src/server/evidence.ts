import type { Labels } from '../core/batch'
import type { Stall } from '../core/stall'
import type { Point } from '../core/trend'
import type { SeriesColumns } from './source'

/** What verdicts on one thread rest on. */
export class Evidence {
  readonly #series: readonly SeriesColumns[]

  /** `series`: those of `EVIDENCE`; the end of the last column is now. */
  constructor(
    series: Iterable<SeriesColumns>,
    readonly thread: string,
    readonly now: number,
    readonly stalls: readonly Stall[] = [],
    /** A turn of so many seconds is a stall. */
    readonly stallSeconds = 1,
  ) {
    this.#series = [...series]
  }

  /** Points of the newest `ms` of a series that has these labels; those of the thread, where it is of one. */
  points(name: string, ms: number, labels: Labels = {}): Point[] {
    const found = this.#find(name, labels)
    if (found === undefined) return []
    const points: Point[] = []
    found.t.forEach((t, index) => {
      const v = found.v[index] as number
      if (t >= this.now - ms && !Number.isNaN(v)) points.push({ t, v })
    })
    return points
  }

  latest(name: string, labels: Labels = {}): number | undefined {
    const values = this.#find(name, labels)?.v ?? []
    for (let index = values.length - 1; index >= 0; index--) {
      if (!Number.isNaN(values[index])) return values[index]
    }
    return undefined
  }

  /** Milliseconds since its first point. */
  span(name: string): number {
    const found = this.#find(name, {})
    const first = found?.v.findIndex((value) => !Number.isNaN(value)) ?? -1
    return first === -1 ? 0 : this.now - (found?.t[first] as number)
  }

  /** Least and most of the newest `ms`, of all samples. */
  range(name: string, ms: number, labels: Labels = {}): { min: number; max: number } | undefined {
    const found = this.#find(name, labels)
    let range: { min: number; max: number } | undefined
    found?.t.forEach((t, index) => {
      const v = found.v[index] as number
      if (t < this.now - ms || Number.isNaN(v)) return
      const low = found.min?.[index] ?? v
      const high = found.max?.[index] ?? v
      range = { min: Math.min(low, range?.min ?? low), max: Math.max(high, range?.max ?? high) }
    })
    return range
  }

  /** What a counter grew by within the newest `ms`, and in which time. Undefined where it is not known. */
  growth(name: string, ms: number, labels: Labels = {}): { value: number; seconds: number } | undefined {
    const points = this.points(name, ms, labels)
    const first = points[0]
    const last = points.at(-1)
    if (first === undefined || last === undefined || last.t <= first.t || last.v < first.v) return undefined
    return { value: last.v - first.v, seconds: (last.t - first.t) / 1000 }
  }

  #find(name: string, labels: Labels): SeriesColumns | undefined {
    return this.#series.find(
      (one) =>
        one.name === name &&
        (one.labels.thread === undefined || one.labels.thread === this.thread) &&
        Object.entries(labels).every(([label, value]) => one.labels[label] === value),
    )
  }
}
