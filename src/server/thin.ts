import type { SeriesColumns, StoredSeries } from './source'

type Points = StoredSeries['points']
type Point = Points[number]

/**
 * At most `maxPoints` (2 or more) of `points`: their span is cut into equal parts, and of each the lowest and the
 * highest point stay, in order of time. A peak stays as high as it was and when it was; an average would hide it.
 */
export function thin(points: Points, maxPoints: number): Points {
  const first = points[0]
  const last = points.at(-1)
  if (first === undefined || last === undefined || points.length <= maxPoints) return points
  const count = Math.floor(maxPoints / 2)
  const width = (last.t - first.t) / count || 1
  const parts: Point[][] = Array.from({ length: count }, () => [])
  for (const point of points) parts[Math.min(Math.floor((point.t - first.t) / width), count - 1)]?.push(point)
  return parts.flatMap(extremes)
}

function extremes(points: Points): Points {
  const [first, ...others] = points
  if (first === undefined) return []
  let low = first
  let high = first
  for (const point of others) {
    if (point.v < low.v) low = point
    if (point.v > high.v) high = point
  }
  if (low === high) return [low]
  return low.t < high.t ? [low, high] : [high, low]
}

/**
 * At most `maxPoints` of `series`: each part of time becomes its last value with its minimum and maximum. Parts are
 * powers of 2 in milliseconds, on one grid for all series and all answers, so that points of several series stay side
 * by side and those of a chart that is drawn again stay where they are.
 */
export function thinColumns(series: SeriesColumns, maxPoints: number): SeriesColumns {
  const { t, v, min: lows = v, max: highs = v } = series
  if (t.length <= maxPoints) return series
  const span = (t.at(-1) as number) - (t[0] as number)
  const width = 2 ** Math.ceil(Math.log2(Math.max(1, span / (maxPoints - 1))))
  const thinned = { t: [] as number[], v: [] as number[], min: [] as number[], max: [] as number[] }
  let part = Number.NaN
  for (let index = 0; index < t.length; index++) {
    const last = thinned.t.length - 1
    const of = Math.floor((t[index] as number) / width)
    if (of !== part) {
      part = of
      thinned.t.push(t[index] as number)
      thinned.v.push(v[index] as number)
      thinned.min.push(lows[index] as number)
      thinned.max.push(highs[index] as number)
      continue
    }
    thinned.t[last] = t[index] as number
    if (Number.isNaN(v[index])) continue
    const low = thinned.min[last] as number
    const high = thinned.max[last] as number
    thinned.v[last] = v[index] as number
    // A comparison with NaN is false: the first value replaces it.
    if (!(low <= (lows[index] as number))) thinned.min[last] = lows[index] as number
    if (!(high >= (highs[index] as number))) thinned.max[last] = highs[index] as number
  }
  return { ...series, ...thinned }
}
