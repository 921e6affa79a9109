import type { ShownStall } from '../core/stall'
import type { Client } from './client'
import { NoAnswer } from './client'
import type { View } from './view'

/** What is new since the poll before. */
export interface News {
  readonly sample: boolean
  /** Those that began, have a stack, or ended. The newest first. */
  readonly stalls: readonly ShownStall[]
  readonly lost: boolean
  readonly found: boolean
}

/** Polls a process and keeps what is to be shown of it, the last of it also while nothing answers. */
export class Watch {
  readonly #client: Client
  #view: View

  constructor(client: Client) {
    this.#client = client
    this.#view = { url: client.url, now: Date.now(), series: [], stalls: [] }
  }

  get view(): View {
    return { ...this.#view, now: Date.now() }
  }

  async poll(): Promise<News> {
    const { status: before, stalls: known, lost: lostBefore } = this.#view
    try {
      const status = await this.#client.status()
      const answeredAt = Date.now()
      const stalls = await this.#client.stalls()
      // Another process has series of its own, and may be at the same sample.
      const sample =
        before === undefined || before.sequence !== status.sequence || before.startedAt !== status.startedAt
      const series = sample ? await this.#client.series() : this.#view.series
      const { lost: _, ...kept } = this.#view
      this.#view = { ...kept, status, answeredAt, stalls, series }
      return {
        sample,
        stalls: changed(known, stalls),
        lost: false,
        found: lostBefore !== undefined,
      }
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error
      this.#view = { ...this.#view, lost: { since: lostBefore?.since ?? Date.now(), reason: error.message } }
      return { sample: false, stalls: [], lost: lostBefore === undefined, found: false }
    }
  }
}

function changed(known: readonly ShownStall[], stalls: readonly ShownStall[]): readonly ShownStall[] {
  const before = new Set(known.map(stateOf))
  return stalls.filter((stall) => !before.has(stateOf(stall)))
}

/** Changes when a stall begins, has a stack, and ends; not while it lasts. */
function stateOf({ pid, id, ongoing, stack }: ShownStall): string {
  return `${pid ?? ''}/${id}${ongoing ? '+' : ''}${stack === undefined ? '' : 's'}`
}
