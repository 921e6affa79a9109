import type { Labels, MetricType } from '../core/batch'
import type { SeriesColumns, StoredSeries } from '../server/source'
import type { Level } from './levels'
import type { Pages, Track } from './pages'

/** What has been kept of one series. */
export interface Kept {
  readonly name: string
  readonly type: MetricType
  readonly labels: Labels
  /** By level. A part of a gauge is its two extremes in order of time, and its last value; one of what is cumulative that alone. */
  readonly tracks: readonly Track[]
}

/** Which points of a level are in a window of time: no others are looked at. */
interface Reach {
  readonly level: Level
  readonly from: number
  readonly to: number
}

export interface Window {
  readonly start: number
  readonly end: number
  readonly reaches: readonly Reach[]
}

/** Points for a kept series. `early` and `late` are the extremes of a part in order of time. */
type Emit = (first: number, last: number, value: number, early: number, late: number, stepMs: number) => void

/** More than so many steps without a sample are a gap. */
const GAP_STEPS = 2.5

/** The window from `start` to `end` as it is now; what comes later is not in it. */
export function windowOf(levels: readonly Level[], pages: Pages, start: number, end: number): Window {
  const reaches = levels.map((level) => {
    let from = Number.POSITIVE_INFINITY
    let to = -1
    // Not a search: the clock may have been set back.
    for (let index = level.times.empty ? level.count : level.times.start; index < level.count; index++) {
      const last = level.lastTime(index, pages)
      if (!(last >= start && last <= end)) continue
      from = Math.min(from, index)
      to = index
    }
    return { level, from, to }
  })
  return { start, end, reaches }
}

/**
 * All points of a series in the window, in the order in which they came; each stretch of time from the finest level that
 * has it.
 */
function walk({ tracks }: Kept, { start, end, reaches }: Window, pages: Pages, emit: Emit): void {
  const { values } = pages
  const starts = reaches.map(({ level }, at) => {
    const start = Math.max((tracks[at] as Track).start, level.times.start)
    return level.firstColumn(start, pages) ?? Number.POSITIVE_INFINITY
  })
  /** The first column that has not been shown. */
  let next = 0
  for (let at = reaches.length - 1; at >= 0; at--) {
    const { level, from, to } = reaches[at] as Reach
    const track = tracks[at] as Track
    const until = Math.min(...starts.slice(0, at), Number.POSITIVE_INFINITY)
    for (let index = track.empty ? to + 1 : Math.max(from, track.start); index <= to; index++) {
      const column = level.firstColumn(index, pages)
      if (column === undefined || column < next) continue
      if (column >= until) break
      const after = index + 1 < level.count ? level.firstColumn(index + 1, pages) : Number.POSITIVE_INFINITY
      next = Math.min(after ?? Number.POSITIVE_INFINITY, until)
      const where = track.at(index)
      if (where === undefined) continue
      const first = level.firstTime(index, pages)
      // The end of this part is known more finely. Its extremes may have been in the rest, so they stay.
      const split = next !== after && until < Number.POSITIVE_INFINITY
      const last = split ? first : level.lastTime(index, pages)
      if (!(last >= start && last <= end)) continue
      const newest = values[where + track.width - 1] as number
      if (track.width > 1) {
        const early = values[where] as number
        emit(first, last, split ? early : newest, early, values[where + 1] as number, level.stepMs)
      } else if (!split) emit(last, last, newest, newest, newest, level.stepMs)
    }
  }
}

/** In columns, with NaN for gaps; undefined where the window has no value. */
export function columnsOf(
  kept: Kept,
  window: Window,
  pages: Pages,
  intervalMs: number,
): SeriesColumns | undefined {
  const { name, type, labels } = kept
  const t: number[] = []
  const v: number[] = []
  const min: number[] = []
  const max: number[] = []
  let before = Number.NaN
  let stepBefore = 0
  let thinned = false
  let ascending = true
  const push = (at: number, value: number, low: number, high: number): void => {
    // Where nothing has been yet, or a gap is open, nothing more need be said of it.
    if (Number.isNaN(value) && (v.length === 0 || Number.isNaN(v[v.length - 1]))) return
    if (at < (t[t.length - 1] as number)) ascending = false
    t.push(at)
    v.push(value)
    min.push(low)
    max.push(high)
  }
  walk(kept, window, pages, (_, last, value, early, late, stepMs) => {
    const step = Math.max(intervalMs, stepMs, stepBefore)
    if (last - before > GAP_STEPS * step) push(before + step, Number.NaN, Number.NaN, Number.NaN)
    before = last
    stepBefore = stepMs
    if (early !== late) thinned = true
    push(last, value, Math.min(early, late), Math.max(early, late))
  })
  if (Number.isNaN(v[v.length - 1])) for (const column of [t, v, min, max]) column.pop()
  if (v.length === 0) return undefined
  const columns = thinned ? { t, v, min, max } : { t, v }
  return { name, type, labels, ...(ascending ? columns : sorted(columns)) }
}

/** As points: a part's extremes are points of their own, in order, at its first time and in its middle. */
export function pointsOf(kept: Kept, window: Window, pages: Pages): StoredSeries {
  const { name, type, labels } = kept
  const points: { t: number; v: number }[] = []
  let thinned = false
  walk(kept, window, pages, (first, last, value, early, late, stepMs) => {
    if (Number.isNaN(value)) return
    if (stepMs > 0) thinned = true
    if (early !== late) {
      points.push({ t: first, v: early })
      if (late !== value) points.push({ t: (first + last) / 2, v: late })
    }
    if (early === late || value !== early || first < last) points.push({ t: last, v: value })
  })
  // The wall clock may have been set back meanwhile.
  points.sort((a, b) => a.t - b.t)
  return { name, type, labels, points, thinned }
}

function sorted<T extends Record<string, number[]>>(columns: T & { t: number[] }): T {
  const order = columns.t
    .map((_, index) => index)
    .sort((a, b) => (columns.t[a] as number) - (columns.t[b] as number))
  return Object.fromEntries(
    Object.entries(columns).map(([name, column]) => [name, order.map((index) => column[index])]),
  ) as T
}
