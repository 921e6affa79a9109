import type { Level, Verdict } from '../core/status'
import type { Board } from './board'
import { type Frame, pointsOf } from './chart'
import { h, replace } from './dom'
import { glyph } from './glyphs'
import { openGuide } from './guides'
import type { Line } from './panels'
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
/** The charts that each rests on. */
const CHARTS: Readonly<Record<Verdict['id'], readonly string[]>> = {
  gc: ['gc-share', 'collections', 'allocation'],
  pause: ['pauses-minor', 'pauses-major', 'gc-share'],
  heap: ['heap', 'objects', 'memory'],
  resources: ['resources', 'descriptors'],
  loop: ['utilization', 'turns', 'cpu'],
}

const line = (metric: string, more: Partial<Line> = {}): Line => ({
  label: '',
  colour: 'blue',
  metric,
  ...more,
})
const ACTIVE = 'nodejs_eventloop_active_seconds_total'
/** What the cards' lines show: what their sentences speak of. */
const SPARKS: Readonly<Record<Verdict['id'], Line>> = {
  gc: line('nodejs_gc_main_thread_seconds_total', { per: ['nodejs_thread_seconds_total'] }),
  pause: line('nodejs_gc_pause_seconds_total', { per: ['nodejs_gc_cycles_total'] }),
  heap: line('nodejs_heap_size_used_bytes'),
  resources: line('nodejs_active_resources_total'),
  loop: line(ACTIVE, { per: [ACTIVE, 'nodejs_eventloop_idle_seconds_total'] }),
}
/** Of the main thread, whichever the charts are of. */
export const SPARKED = [...new Set(Object.values(SPARKS).flatMap(({ metric, per = [] }) => [metric, ...per]))]

/** The verdicts, as cards. */
export class Verdicts {
  readonly #parent: HTMLElement
  #verdicts: readonly Verdict[] = []

  constructor(parent: HTMLElement) {
    this.#parent = parent
    parent.addEventListener('click', ({ target }) => {
      if (!(target instanceof HTMLButtonElement)) return
      const id = target.closest<HTMLElement>('[data-key]')?.dataset.key
      const verdict = this.#verdicts.find((one) => one.id === id)
      if (verdict !== undefined) openGuide(TITLES[verdict.id] ?? verdict.id, verdict)
    })
  }

  show(verdicts: readonly Verdict[], board: Board, frame: Frame): void {
    this.#verdicts = verdicts
    replace(
      this.#parent,
      verdicts.map((verdict) => card(verdict, board, frame)),
    )
  }
}

function card({ id, level, word, short, text, reference }: Verdict, board: Board, frame: Frame): HTMLElement {
  const spark = SPARKS[id]
  const points = spark && pointsOf(spark, frame)
  const links = board
    .shown(CHARTS[id] ?? [])
    .map((panel) => h('a', { href: `#chart-${panel.id}` }, panel.title))
  return h(
    'li',
    { class: `verdict ${level}`, 'data-key': id },
    h(
      'div',
      { class: 'judgement' },
      glyph(level),
      h('h3', {}, TITLES[id] ?? id),
      h('p', { class: 'word' }, word, h('span', {}, `, ${LEVELS[level]}`)),
      points && sparkline(points, frame.range),
    ),
    h('p', { class: 'short' }, short),
    h('p', { class: 'text' }, text),
    reference === undefined ? undefined : h('p', { class: 'reference' }, reference),
    h(
      'p',
      { class: 'links' },
      h(
        'button',
        {
          class: 'ask',
          type: 'button',
          'aria-haspopup': 'dialog',
          'aria-label': `What to do: ${TITLES[id] ?? id}`,
        },
        'What to do',
      ),
      ...links,
    ),
  )
}
