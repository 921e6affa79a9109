import { svg } from './dom'
import { gapsOf, type Points } from './series'
import type { Range } from './time'

const WIDTH = 96
const HEIGHT = 28

/** A line without axes. What it says in numbers is beside it. */
export function sparkline({ t, v }: Points, range: Range): SVGElement {
  const shown = v.filter((value, i) => value !== null && (t[i] as number) >= range.start) as number[]
  const high = Math.max(...shown, 0)
  const low = Math.min(...shown, 0)
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
