import { type Batch, type Labels, type MetricType, seriesKey } from '../core/batch'
import type { StoredSeries } from '../server/source'

const CAPACITY = 360
const MAX_BYTES = 2 * 1024 * 1024
const MAX_SERIES = Math.floor(MAX_BYTES / (CAPACITY * Float64Array.BYTES_PER_ELEMENT))

interface Series {
  readonly name: string
  readonly type: MetricType
  readonly labels: Labels
  /** One value a column of the ring, NaN where there was none. */
  readonly values: Float64Array
  /** Sequence number of the column that was written last. */
  last: number
}

/**
 * The newest samples in memory: a ring of columns, one a batch, the same for all series. An hour at 10 s. Bounded:
 * 2 MiB of values; a series beyond that takes the place of one that has left the window, or is not kept.
 */
export class Store {
  readonly #times = new Float64Array(CAPACITY)
  readonly #series = new Map<string, Series>()
  #columns = 0

  /** Returns how many values found no room. Histograms are not kept. */
  add(batch: Batch): number {
    const column = this.#columns++
    const at = column % CAPACITY
    this.#times[at] = batch.timestamp
    for (const { values } of this.#series.values()) values[at] = Number.NaN
    let dropped = 0
    for (const { name, type, value, labels } of batch.metrics) {
      if (typeof value !== 'number') continue
      const series = this.#open(name, type, labels, column)
      if (series === undefined) dropped++
      else {
        series.values[at] = value
        series.last = column
      }
    }
    return dropped
  }

  /** Series of `metric` with their points from `start` to `end`; undefined where the name is not known. */
  query(metric: string, start: number, end: number): readonly StoredSeries[] | undefined {
    const found = [...this.#series.values()].filter(({ name }) => name === metric)
    if (found.length === 0) return undefined
    return found.map(({ name, type, labels, values }) => {
      const points: { t: number; v: number }[] = []
      for (let column = Math.max(0, this.#columns - CAPACITY); column < this.#columns; column++) {
        const at = column % CAPACITY
        const t = this.#times[at] as number
        const v = values[at] as number
        if (t >= start && t <= end && !Number.isNaN(v)) points.push({ t, v })
      }
      // The wall clock may have been set back meanwhile.
      points.sort((a, b) => a.t - b.t)
      return { name, type, labels, points }
    })
  }

  #open(name: string, type: MetricType, labels: Labels, column: number): Series | undefined {
    const key = seriesKey(name, labels)
    const known = this.#series.get(key)
    if (known !== undefined) return known
    if (this.#series.size >= MAX_SERIES && !this.#evict(column)) return undefined
    const values = new Float64Array(CAPACITY).fill(Number.NaN)
    const series = { name, type, labels, values, last: column }
    this.#series.set(key, series)
    return series
  }

  /** Makes room by forgetting a series with no point left in the window. */
  #evict(column: number): boolean {
    for (const [key, { last }] of this.#series) {
      if (last > column - CAPACITY) continue
      this.#series.delete(key)
      return true
    }
    return false
  }
}
