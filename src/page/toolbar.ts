import { button, h, replace, say, the } from './dom'
import type { Feed, View } from './feed'
import { clock, moment, type Range, scaled, shifted, WINDOWS } from './time'

export interface Choice {
  readonly value: string
  readonly name: string
}

export interface Actions {
  zoom(range: Range): void
  /** Back to now, or to where it was paused. */
  reset(): void
  pause(paused: boolean): void
  /** Another thread, or another process. */
  chosen(): void
}

/** Everything above the charts that can be pressed. */
export class Toolbar {
  readonly #view: View
  readonly #feed: Feed
  readonly #windows: readonly HTMLButtonElement[]
  readonly #pause: HTMLButtonElement
  readonly #reset: HTMLButtonElement

  constructor(view: View, feed: Feed, actions: Actions) {
    this.#view = view
    this.#feed = feed
    this.#windows = WINDOWS.map(({ ms, label, name }) =>
      button(
        label,
        () => {
          view.windowMs = ms
          actions.reset()
        },
        { title: `Show ${name}` },
      ),
    )
    the('windows').append(...this.#windows)

    const move = (label: string, name: string, to: (range: Range) => Range) =>
      button(label, () => actions.zoom(to(feed.range)), { 'aria-label': name, title: name })
    this.#reset = button('Back to now', () => actions.reset(), { class: 'reset' })
    the('zoom').append(
      move('‹', 'Earlier', (range) => shifted(range, -0.5, feed.now)),
      move('›', 'Later', (range) => shifted(range, 0.5, feed.now)),
      move('+', 'Zoom in', (range) => scaled(range, 0.5, feed.now)),
      move('−', 'Zoom out', (range) => scaled(range, 2, feed.now)),
      this.#reset,
    )

    this.#pause = button('Pause', () => actions.pause(!feed.held))
    the('pause').append(this.#pause)
    for (const [id, key] of [
      ['thread', 'thread'],
      ['pid', 'pid'],
    ] as const) {
      the<HTMLSelectElement>(id).addEventListener('change', ({ target }) => {
        view[key] = (target as HTMLSelectElement).value
        actions.chosen()
      })
    }
    document.addEventListener('keydown', ({ key, defaultPrevented }) => {
      if (
        key === 'Escape' &&
        !defaultPrevented &&
        document.querySelector('dialog[open]') === null &&
        view.zoom
      )
        actions.reset()
    })
  }

  /** `own` is the process that serves the page. */
  show(threads: readonly Choice[], pids: readonly Choice[], own: string): void {
    const { windowMs, zoom } = this.#view
    const paused = this.#feed.held
    for (const [i, { ms }] of WINDOWS.entries())
      this.#windows[i]?.setAttribute('aria-pressed', String(ms === windowMs && zoom === undefined))
    this.#reset.hidden = zoom === undefined
    say(this.#pause, paused ? 'Resume' : 'Pause')
    this.#pause.classList.toggle('on', paused)
    this.#view.thread = choices('thread', threads, this.#view.thread) ?? 'main'
    this.#view.pid = choices('pid', pids, this.#view.pid ?? own)
  }

  /** The time at the mouse, or what the charts show. */
  readout(at?: number): void {
    const { zoom, windowMs } = this.#view
    const {
      now,
      held,
      range: { start, end },
    } = this.#feed
    const name = WINDOWS.find(({ ms }) => ms === windowMs)?.name ?? ''
    const young = end - start < windowMs - 1_000
    const live = young ? `since ${moment(start, now)}` : name
    const shown = zoom === undefined && !held ? live : `${moment(start, now)} to ${clock(end)}`
    say(the('readout'), at === undefined ? shown : moment(at, now))
  }
}

/** Fills a select, which is hidden where there is nothing to choose; returns what is chosen. */
function choices(id: string, values: readonly Choice[], chosen: string): string | undefined {
  const select = the<HTMLSelectElement>(id)
  const label = select.closest('label')
  if (label !== null) label.hidden = values.length < 2
  replace(
    select,
    values.map(({ value, name }) => h('option', { value, 'data-key': value }, name)),
  )
  const now = (values.find(({ value }) => value === chosen) ?? values[0])?.value
  if (now !== undefined) select.value = now
  return now
}
