import { type Frame as Call, type Place, type ShownStall as Stall, threadOf } from '../core/stall'
import { h, replace, say, the } from './dom'
import { ABSENT, duration, plural } from './format'
import type { Band } from './paint'
import { clock, moment } from './time'

const CAUSES: Readonly<Record<Stall['cause'], string>> = {
  code: 'JavaScript code',
  gc: 'garbage collection',
  native: 'a synchronous native call',
  debugger: 'a debugger',
}
const EXPLAINED: Readonly<Record<Stall['cause'], string>> = {
  code: 'JavaScript ran all this time without giving the event loop a turn.',
  gc: 'The garbage collector had the thread for more than half of the time.',
  native:
    'The thread was inside native code, such as a synchronous file or crypto function, where no stack can be had.',
  debugger: 'A debugger had paused the thread.',
}
const LISTED = 20
const ALL = 'all'

/** What is known of stalls: a list, bands for the charts, and a dialog for one of them. */
export class Stalls {
  readonly #parent: HTMLElement
  readonly #dialog = the<HTMLDialogElement>('sheet')
  readonly #now: () => number
  #stalls: readonly Stall[] = []
  #thresholdMs: number | null = null
  /** Those that were shown. */
  #told: ReadonlySet<string> | undefined
  #all = false
  #open: string | undefined

  constructor(parent: HTMLElement, now: () => number) {
    this.#parent = parent
    this.#now = now
    parent.addEventListener('click', ({ target }) => {
      const key = (target as Element).closest<HTMLElement>('[data-key]')?.dataset.key
      if (key === ALL) {
        this.#all = !this.#all
        this.show()
      } else if (key !== undefined) this.open(key)
    })
    this.#dialog.addEventListener('close', () => {
      this.#open = undefined
    })
    // Outside of what is in it.
    this.#dialog.addEventListener('click', ({ target }) => {
      if (target === this.#dialog) this.#dialog.close()
    })
  }

  set(stalls: readonly Stall[], thresholdMs: number | null): void {
    this.#stalls = stalls
    this.#thresholdMs = thresholdMs
    this.show()
  }

  get ongoing(): readonly Stall[] {
    return this.#stalls.filter(({ ongoing }) => ongoing)
  }

  /** Of one thread of one process: the one that serves, where a stall says nothing else. */
  bands(thread: string, pid: string, serving: string): Band[] {
    return this.#stalls
      .filter((stall) => stall.thread === thread && String(stall.pid ?? serving) === pid)
      .map((stall) => ({
        key: keyOf(stall),
        start: stall.startedAt,
        end: stall.startedAt + this.#length(stall),
        ongoing: stall.ongoing,
      }))
  }

  /** The list, and the dialog where it is open: lengths of those that go on grow. */
  show(): void {
    const items = this.#stalls.slice(0, this.#all ? undefined : LISTED).map((stall) => this.#item(stall))
    const label = this.#all ? `Show the newest ${LISTED}` : `Show all ${this.#stalls.length}`
    const more = h('li', { 'data-key': ALL }, h('button', { type: 'button', class: 'more' }, label))
    const rest = items.length === 0 ? [h('li', { class: 'none' }, this.#nothing())] : []
    replace(this.#parent, [...items, ...(this.#stalls.length > LISTED ? [more] : rest)])
    this.#announce()
    if (this.#open !== undefined) this.open(this.#open)
  }

  open(key: string): void {
    const stall = this.#stalls.find((one) => keyOf(one) === key)
    if (stall === undefined) return
    this.#open = key
    the('sheet-title').textContent =
      `Stall of ${duration(this.#length(stall))}${stall.ongoing ? ' and going on' : ''}`
    replace(the('sheet-body'), this.#particulars(stall))
    if (!this.#dialog.open) this.#dialog.showModal()
  }

  #length({ ongoing, startedAt, durationMs }: Stall): number {
    return ongoing ? Math.max(durationMs, this.#now() - startedAt) : durationMs
  }

  #nothing(): string {
    return this.#thresholdMs === null
      ? 'Stalls are not watched.'
      : `None. A turn of ${duration(this.#thresholdMs)} or longer would be listed here, with its stack.`
  }

  #item(stall: Stall): HTMLElement {
    const { startedAt, ongoing, cause, stack } = stall
    const top = stack?.find((call) => call.place !== undefined)
    const what = top === undefined ? CAUSES[cause] : `${nameOf(top)} ${short(placeOf(top))}`
    return h(
      'li',
      { 'data-key': keyOf(stall) },
      h(
        'button',
        { type: 'button', class: ongoing ? 'ongoing' : undefined },
        h('span', { class: 'length' }, `${duration(this.#length(stall))}${ongoing ? '…' : ''}`),
        h('span', { class: 'what' }, what),
        h(
          'span',
          { class: 'when' },
          `${ongoing ? 'now' : moment(startedAt, this.#now())} · ${threadOf(stall)}`,
        ),
      ),
    )
  }

  /** A new one, to those who do not see it. */
  #announce(): void {
    const told = this.#told
    // With its time: a process that was started again counts from 1 again.
    const name = (stall: Stall) => `${clock(stall.startedAt)}, stall ${stall.id} of ${threadOf(stall)}`
    const fresh = told && this.#stalls.find((stall) => !told.has(name(stall)))
    // No two are alike: the same words again would not be read out.
    if (fresh !== undefined)
      say(
        the('announcement'),
        `The event loop ${fresh.ongoing ? 'is stuck since' : 'was stuck at'} ${name(fresh)}.`,
      )
    this.#told = new Set(this.#stalls.map(name))
  }

  #particulars(stall: Stall): Node[] {
    const { startedAt, cause, gcMs, stack, stackAtMs } = stall
    const fact = (name: string, value: string) => h('div', {}, h('dt', {}, name), h('dd', {}, value))
    return [
      h('p', {}, EXPLAINED[cause]),
      h(
        'dl',
        { class: 'facts' },
        fact('Thread', threadOf(stall)),
        fact('Began', moment(startedAt, this.#now())),
        fact('Cause', CAUSES[cause]),
        fact('Of it in collections', gcMs > 0 ? duration(gcMs) : ABSENT),
      ),
      ...(stack === undefined || stack.length === 0
        ? [
            h(
              'p',
              { class: 'quiet' },
              stall.ongoing ? 'No stack yet.' : 'No stack: the thread answered no interrupt.',
            ),
          ]
        : [
            h('h3', {}, `Stack${stackAtMs === undefined ? '' : `, ${duration(stackAtMs)} into it`}`),
            h('ol', { class: 'stack' }, ...stack.map(call)),
            h('p', { class: 'quiet' }, `The innermost of ${plural(stack.length, 'call')} first.`),
          ]),
    ]
  }
}

/** Each process counts its own. */
function keyOf({ pid, id }: Stall): string {
  return pid === undefined ? `${id}` : `${pid}/${id}`
}

/** With one that was noticed, told more of, or ended; the newest first. */
export function withStall(stalls: readonly Stall[], stall: Stall): Stall[] {
  const key = keyOf(stall)
  return [stall, ...stalls.filter((one) => keyOf(one) !== key)].sort((a, b) => b.startedAt - a.startedAt)
}

function call(frame: Call): HTMLElement {
  const place = placeOf(frame)
  return h(
    'li',
    {},
    h('span', { class: 'function' }, nameOf(frame)),
    h('span', { class: 'place' }, place === undefined ? 'built in' : written(place)),
    frame.original === undefined || frame.place === undefined
      ? undefined
      : h('span', { class: 'compiled' }, `compiled: ${written(frame.place)}`),
  )
}

function nameOf({ functionName }: Call): string {
  return functionName === '' ? '(anonymous)' : functionName
}

function placeOf({ original, place }: Call): Place | undefined {
  return original ?? place
}

function written({ file, line, column }: Place): string {
  return `${file}:${line}:${column}`
}

function short(place: Place | undefined): string {
  return place === undefined ? '' : `${place.file.split(/[/\\]/).at(-1)}:${place.line}`
}
