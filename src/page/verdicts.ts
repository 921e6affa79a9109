import type { Level, Verdict } from '../core/status'
import type { Board } from './board'
import { pointsOf, type Frame } from './chart'
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
/** The chart whose first line is the card's sparkline. */
const SPARKS: Readonly<Record<Verdict['id'], string>> = {
  gc: 'gc-share',
  pause: 'pauses-minor',
  heap: 'heap',
  resources: 'resources',
  loop: 'utilization',
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

function card({ id, level, word, text, metrics, advice }: Verdict, board: Board, frame: Frame): HTMLElement {
  const line = PANELS.find((panel) => panel.id === SPARKS[id])?.lines[0]
  const points = line && pointsOf(line, frame)
  const links = board
    .showing(metrics)
    .slice(0, 4)
    .map((panel) => h('a', { href: `#chart-${panel.id}`, 'data-key': `${id} ${panel.id}` }, panel.title))
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
    links.length === 0 ? undefined : h('p', { class: 'links' }, h('span', {}, 'See '), ...links),
  )
}
