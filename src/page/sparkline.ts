import { svg } from './dom'
import { gapsOf, type Points } from './series'
import type { Range } from './time'

const WIDTH = 96
const HEIGHT = 28

/** A line without axes, from where it begins. What it says in numbers is beside it. */
export function sparkline({ t, v }: Points, shown: Range): SVGElement {
  const first = t.find((at, i) => at >= shown.start && v[i] !== null) ?? shown.start
  const range = { start: first, end: Math.max(shown.end, first + 1) }
  const values = v.filter((value, i) => value !== null && (t[i] as number) >= range.start) as number[]
  const high = Math.max(...values, 0)
  const low = Math.min(...values, 0)
  const x = (at: number) => ((at - range.start) / (range.end - range.start)) * WIDTH
  const y = (value: number) => HEIGHT - 2 - ((value - low) / (high - low || 1)) * (HEIGHT - 4)
  const gaps = gapsOf(t)
  let pen = 'M'
  let path = ''
  for (const [i, at] of t.entries()) {
    const value = v[i]
    if (value === null || value === undefined || gaps.has(i)) pen = 'M'
    if (value === null || value === undefined || at < range.start || at > range.end) continue
    path += `${pen}${x(at).toFixed(1)} ${y(value).toFixed(1)}`
    pen = 'L'
  }
  return svg(
    'svg',
    { class: 'spark', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    svg('path', { d: path }),
  )
}
