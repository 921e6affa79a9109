import type { ShownStall as Stall } from '../core/stall'
import type { Status } from '../core/status'
import type { SeriesAnswer } from './series'
import type { Range } from './time'

const TOKEN = 'offloop-token'
const ANSWER_MS = 10_000

/** The server wants a token, or another one. */
export class Unauthorized extends Error {}

/** The server is there, and does not give what was asked for. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message)
  }
}

export interface StallsAnswer {
  readonly thresholdMs: number | null
  readonly stalls: readonly Stall[]
}

export type LiveEvent = { readonly type: 'sample' } | { readonly type: 'stall'; readonly stall: Stall }

/** The server that the page is from. */
export class Api {
  get hasToken(): boolean {
    return sessionStorage.getItem(TOKEN) !== null
  }

  /** Kept as long as the tab is open, and sent nowhere but here. */
  set token(token: string | undefined) {
    if (token === undefined) sessionStorage.removeItem(TOKEN)
    else sessionStorage.setItem(TOKEN, token)
  }

  async status(withinMs = ANSWER_MS): Promise<Status> {
    return (await this.#get('v1/status', AbortSignal.timeout(withinMs))).json()
  }

  async series(
    { start, end }: Range,
    maxPoints: number,
    metrics?: readonly string[],
    thread?: string,
  ): Promise<SeriesAnswer> {
    const query = new URLSearchParams({
      start: new Date(start).toISOString(),
      end: new Date(end).toISOString(),
      maxPoints: String(maxPoints),
      ...(metrics && { metrics: metrics.join(',') }),
      ...(thread !== undefined && { thread }),
    })
    return (await this.#get(`v1/series?${query}`)).json()
  }

  async stalls(): Promise<StallsAnswer> {
    return (await this.#get('v1/stalls')).json()
  }

  /**
   * Calls `tell` for each event until the server ends the stream. By fetch, since EventSource sends no token. Where
   * nothing came for `quietMs` it asks `alive`, and ends with what that rejects with.
   */
  async events(
    tell: (event: LiveEvent) => void,
    quietMs: number,
    alive: () => Promise<unknown>,
  ): Promise<void> {
    const gone = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const wait = () => {
      clearTimeout(timer)
      timer = setTimeout(() => alive().then(wait, (reason: unknown) => gone.abort(reason)), quietMs)
    }
    wait()
    try {
      const { body } = await this.#get('v1/events', gone.signal)
      const reader = (body as ReadableStream<Uint8Array<ArrayBuffer>>)
        .pipeThrough(new TextDecoderStream())
        .getReader()
      let text = ''
      for (;;) {
        const { done, value } = await reader.read()
        if (done) return
        wait()
        const messages = (text + value).split('\n\n')
        text = messages.pop() ?? ''
        for (const message of messages) {
          const event = eventIn(message)
          if (event !== undefined) tell(event)
        }
      }
    } finally {
      clearTimeout(timer)
      gone.abort()
    }
  }

  async #get(path: string, signal: AbortSignal = AbortSignal.timeout(ANSWER_MS)): Promise<Response> {
    const token = sessionStorage.getItem(TOKEN)
    const response = await fetch(path, {
      cache: 'no-store',
      signal,
      ...(token !== null && { headers: { Authorization: `Bearer ${token}` } }),
    })
    if (response.status === 401) throw new Unauthorized()
    if (!response.ok) throw new Refused(response.status, await reasonIn(response))
    return response
  }
}

function eventIn(message: string): LiveEvent | undefined {
  const fields = new Map(
    message.split('\n').map((line): [string, string] => {
      const [, name = '', value = ''] = /^([^:]*):? ?(.*)$/.exec(line) ?? []
      return [name, value]
    }),
  )
  const type = fields.get('event')
  if (type === 'sample') return { type }
  if (type === 'stall') return { type, stall: JSON.parse(fields.get('data') ?? '') as Stall }
  return undefined
}

async function reasonIn(response: Response): Promise<string> {
  try {
    return ((await response.json()) as { error: string }).error
  } catch {
    return `HTTP ${response.status}`
  }
}
