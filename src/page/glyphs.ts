import type { Level } from '../core/status'
import { svg } from './dom'

/** A shape for each level, so that it is told without colour; the word beside it says the same. */
export const SHAPES: Readonly<Record<Level, string>> = {
  good: 'M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1zm3.6 5.1-4.2 5.2-3-2.8 1.1-1.1 1.8 1.7L10.4 5z',
  notice: 'M8 1.2 15.4 14.6H.6zM7.2 6v4.4h1.6V6zm0 5.6v1.6h1.6v-1.6z',
  bad: 'M5 1h6l4 4v6l-4 4H5l-4-4V5zM5.3 4.2 4.2 5.3 6.9 8l-2.7 2.7 1.1 1.1L8 9.1l2.7 2.7 1.1-1.1L9.1 8l2.7-2.7-1.1-1.1L8 6.9z',
  unknown:
    'M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1zm0 1.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11zM4.2 7.2h1.6v1.6H4.2zm3 0h1.6v1.6H7.2zm3 0h1.6v1.6h-1.6z',
}

export function glyph(level: Level): SVGElement {
  return svg(
    'svg',
    { class: `glyph ${level}`, viewBox: '0 0 16 16', 'aria-hidden': 'true' },
    svg('path', { d: SHAPES[level], 'fill-rule': 'evenodd' }),
  )
}
