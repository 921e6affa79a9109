import type { Level, Verdict } from '../core/status'
import type { Board } from './board'
import { type Frame, pointsOf } from './chart'
import { h, replace } from './dom'
import { glyph } from './glyphs'
import { PANELS } from './panels'
import { sparkline } from './sparkline'

export const LEVELS: Readonly<Record<Level, string>> = {
  good: 'good',
  notice: 'look at it',
  bad: 'problem',
  unknown: 'not known yet',
}
const TITLES: Readonly<Record<Verdict['id'], string>> = {
  gc: 'Garbage collection',
  pause: 'Pauses',
  heap: 'Heap',
  resources: 'Resources',
  loop: 'Event loop',
}
/** The charts that each rests on. The first line of the first one is the card's sparkline. */
const CHARTS: Readonly<Record<Verdict['id'], readonly string[]>> = {
  gc: ['gc-share', 'collections', 'allocation'],
  pause: ['pauses-minor', 'pauses-major', 'gc-share'],
  heap: ['heap', 'objects', 'memory'],
  resources: ['resources', 'descriptors'],
  loop: ['utilization', 'turns', 'cpu'],
}

export function showVerdicts(
  parent: HTMLElement,
  verdicts: readonly Verdict[],
  board: Board,
  frame: Frame,
): void {
  replace(
    parent,
    verdicts.map((verdict) => card(verdict, board, frame)),
  )
}

function card({ id, level, word, text, advice }: Verdict, board: Board, frame: Frame): HTMLElement {
  const charts = CHARTS[id] ?? []
  const line = PANELS.find((panel) => panel.id === charts[0])?.lines[0]
  const points = line && pointsOf(line, frame)
  const links = board.shown(charts).map((panel) => h('a', { href: `#chart-${panel.id}` }, panel.title))
  return h(
    'li',
    { class: `verdict ${level}` },
    h(
      'div',
      { class: 'judgement' },
      glyph(level),
      h(
        'div',
        {},
        h('h3', {}, TITLES[id] ?? id),
        h('p', { class: 'word' }, word, h('span', {}, LEVELS[level])),
      ),
      points && sparkline(points, frame.range),
    ),
    h('p', { class: 'text' }, text),
    advice === '' ? undefined : h('p', { class: 'advice' }, h('strong', {}, 'What to do: '), advice),
    links.length === 0 ? undefined : h('p', { class: 'links' }, ...links),
  )
}
