import type { Stall } from '../core/stall'
import type { Status } from '../core/status'
import { type Api, Refused, type StallsAnswer } from './api'
import { Catalogue } from './catalogue'
import { type SeriesAnswer, SeriesStore } from './series'
import { withStall } from './stalls'
import type { Range } from './time'

const LEAST_BETWEEN_MS = 400
/** What charts show at least of a process that has just begun, in samples and in time. */
const LEAST_WINDOW = { samples: 8, ms: 10_000 }
/** Names of new metrics are looked for, and what is shown is thinned again. */
const RENEW_MS = 30_000
/** What has come in so long is there now. */
const NAMES_MS = 60_000
/** A window that lacks no more of its beginning is there as a whole. */
const WHOLE = 0.02
/** As many samples may be late or missed. */
const LATE_SAMPLES = 2.5
/** Of all lines together, in one answer. */
const POINTS_AN_ANSWER = 60_000
/** A server need not take URLs that are longer; all names of offloop's own charts are one. */
const NAMES_A_REQUEST = 4_000

/** What is looked at. */
export interface View {
  windowMs: number
  /** A part of time that does not move on. */
  zoom: Range | undefined
  thread: string
  pid: string | undefined
}

export interface Wants {
  /** Names that the charts are made of, of those that are stored. */
  charts(stored: Iterable<string>): readonly string[]
  /** What is shown of the main thread whatever is chosen. */
  readonly main: readonly string[]
}

export interface Watcher {
  /** There is something new to show. */
  news(): void
  /** The server does not give what it was asked for, and why; an empty string once it does. */
  refused(reason: string): void
}

/**
 * What is known of the server, and what the charts show of it: the points, their range, and how both are kept up. While it
 * is held, nothing of that goes on, and whatever is asked for ends where it was held.
 */
export class Feed {
  readonly #api: Api
  readonly #view: View
  readonly #wants: Wants
  readonly #watcher: Watcher
  readonly store = new SeriesStore()
  readonly catalogue = new Catalogue()
  status: Status | undefined
  range: Range
  #stalls: StallsAnswer = { thresholdMs: null, stalls: [] }
  /** The clock of the server, which may not be ours. */
  #ahead = 0
  /** When everything in the range was last asked for; undefined where that must be done. */
  #renewed: number | undefined
  /** Of what is looked at: an answer to an older question must not count. */
  #question = 0
  /** When it was held. */
  #held: number | undefined
  /** When the process that answers began. What is known of before is of another, and known here alone. */
  #startedAt = 0
  #looking: Promise<void> | undefined
  #again = false

  constructor(api: Api, view: View, wants: Wants, watcher: Watcher) {
    this.#api = api
    this.#view = view
    this.#wants = wants
    this.#watcher = watcher
    this.range = { start: Date.now() - view.windowMs, end: Date.now() }
  }

  /** By the clock of the server; it stands still while this is held. */
  get now(): number {
    return this.#held ?? Date.now() + this.#ahead
  }

  get held(): boolean {
    return this.#held !== undefined
  }

  get stalls(): StallsAnswer {
    return this.#stalls
  }

  /** What came until then belongs to it. */
  hold(held: boolean): void {
    this.#held = held ? this.now : undefined
    this.#ask()
  }

  /** What is looked at is another part of time, or another thread. */
  turn(range?: Range): void {
    this.range = range ?? this.#upTo(this.now)
    this.#ask()
  }

  /** A server is there, the one of before or another. */
  found({ startedAt }: Status): void {
    if (startedAt !== this.#startedAt) this.#renewed = undefined
    this.#startedAt = startedAt
    this.#ask()
  }

  /** Whatever is asked for while a look is under way is one more look after it. */
  look(): Promise<void> {
    if (this.#looking !== undefined) {
      this.#again = true
      return this.#looking
    }
    const begun = performance.now()
    this.#looking = this.#update()
      .then(() => this.#watcher.refused(''))
      .catch((error: unknown) => {
        // A server that is gone is told of by follow().
        if (error instanceof Refused) this.#watcher.refused(error.message)
      })
      .then(() => new Promise((resolve) => setTimeout(resolve, begun + LEAST_BETWEEN_MS - performance.now())))
      .then(() => {
        this.#looking = undefined
        const more = this.#again
        this.#again = false
        return more ? this.look() : undefined
      })
    return this.#looking
  }

  /** A stall that was noticed, told more of, or ended. */
  stall(stall: Stall): void {
    if (this.held) return
    this.#stalls = { ...this.#stalls, stalls: withStall(this.#stalls.stalls, stall) }
    this.#watcher.news()
  }

  /** Time goes on, whether there are samples or not. */
  tick(): void {
    if (!this.held && this.#view.zoom === undefined) this.range = this.#upTo(this.now)
  }

  #ask(): void {
    this.#renewed = undefined
    this.#question++
    void this.look()
  }

  async #update(): Promise<void> {
    if (!this.held || this.status === undefined) {
      const status = await this.#api.status()
      this.#ahead = status.now - Date.now()
      if (status.startedAt !== this.#startedAt) this.#renewed = undefined
      this.#startedAt = status.startedAt
      const stalls = await this.#api.stalls()
      // It was held meanwhile: what is shown is of before.
      if (!this.held || this.status === undefined) {
        this.status = status
        this.#stalls = stalls
      }
    }
    await this.#fetch(this.status)
    this.#watcher.news()
  }

  async #fetch({ sampledAt, intervalMs }: Status): Promise<void> {
    const still = this.held || this.#view.zoom !== undefined
    if (still && this.#renewed !== undefined) return
    const mine = this.#question
    const end = this.#held ?? Math.max(this.now, sampledAt)
    const whole = this.#view.zoom ?? { start: end - this.#view.windowMs, end }
    if (this.#renewed !== undefined && performance.now() - this.#renewed < RENEW_MS) {
      const part = { start: this.store.newest + 1, end }
      if (part.start > end) return
      const answer = await this.#series(part, 1_000, [...this.store.metrics.keys()])
      // Something else is looked at by now.
      if (mine !== this.#question) return
      // A process that has joined since is to be chosen at once.
      this.catalogue.add(answer)
      this.store.merge(answer, part)
    } else {
      // At first all that there was, so that a thread that has ended can be chosen.
      const since =
        this.#renewed === undefined ? whole.start : end - Math.max(NAMES_MS, LATE_SAMPLES * intervalMs)
      const names = await this.#api.series({ start: Math.min(since, end), end }, 2)
      this.catalogue.add(names)
      const points = Math.min(600, Math.max(60, POINTS_AN_ANSWER / Math.max(1, names.series.length)))
      const stored = [...this.store.metrics.keys(), ...Object.keys(names.metrics)]
      const answer = await this.#series(whole, Math.round(points), stored)
      if (mine !== this.#question) return
      const start = Math.max(whole.start, this.#startedAt)
      if (start <= whole.end) this.store.merge(answer, { start, end: whole.end })
      this.#renewed = performance.now()
    }
    if (this.#view.zoom === undefined) {
      this.store.trim(whole.start)
      this.catalogue.trim(whole.start)
      this.range = this.#upTo(end)
    }
  }

  /** The charts' series of the chosen thread, and what is shown of the main one, in as many requests as it takes. */
  async #series(range: Range, maxPoints: number, stored: readonly string[]): Promise<SeriesAnswer> {
    const { thread } = this.#view
    const wanted: { names: readonly string[]; thread: string }[] = parts(this.#wants.charts(stored)).map(
      (names) => ({ names, thread }),
    )
    if (thread !== 'main') wanted.push({ names: this.#wants.main, thread: 'main' })
    const answers: SeriesAnswer[] = []
    for (const { names, thread } of wanted)
      answers.push(await this.#api.series(range, maxPoints, names, thread))
    return {
      ...range,
      metrics: Object.assign({}, ...answers.map(({ metrics }) => metrics)),
      series: answers.flatMap(({ series }) => series),
    }
  }

  /** The window, or less of it where there is not as much yet. */
  #upTo(end: number): Range {
    const whole = end - this.#view.windowMs
    const least = Math.max(LEAST_WINDOW.ms, LEAST_WINDOW.samples * (this.status?.intervalMs ?? 0))
    const { oldest } = this.store
    // Thinned points are some way apart: the first one need not be at the edge.
    if (oldest < whole + WHOLE * this.#view.windowMs) return { start: whole, end }
    return { start: Math.max(whole, Math.min(oldest, end - least)), end }
  }
}

/** Names in groups that a URL can hold. */
export function parts(names: readonly string[]): string[][] {
  const groups: string[][] = []
  let room = 0
  for (const name of names) {
    room -= name.length + 3
    if (room < 0) {
      groups.push([])
      room = NAMES_A_REQUEST - name.length - 3
    }
    groups.at(-1)?.push(name)
  }
  return groups
}
