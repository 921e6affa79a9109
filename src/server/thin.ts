import type { StoredSeries } from './source'

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
