import { AsyncLocalStorage } from 'node:async_hooks'
import { readFileSync } from 'node:fs'
import http from 'node:http'
import type https from 'node:https'
import { resolve } from 'node:path'

const MAX_ANSWER_BYTES = 65_536

/** What came back for a request. */
export interface Answer {
  readonly status: number
  readonly type: string
  readonly retryAfter: string | undefined
  /** The first 64 KiB. */
  readonly body: Buffer
}

/** One delivery: the official exporter may make several requests for it, of which it gets the first that is answered. */
export interface Attempt {
  readonly signal: AbortSignal
  /** Values of the headers that were sent, but for those that everybody sends. */
  secrets: readonly string[]
  /** Decided: no further request goes out. */
  over: boolean
  /** An answer has begun: `answered` will be called, though the official exporter may be done before. */
  answering: boolean
  answered(answer: Answer): void
  failed(error: Error): void
}

const ORDINARY = /^(accept|connection|content-|host$|transfer-encoding|user-agent)/
const attempts = new AsyncLocalStorage<Attempt>()

/** Runs `send`, whose requests by one of our agents belong to `attempt`. */
export function during(attempt: Attempt, send: () => void): void {
  attempts.run(attempt, send)
}

/**
 * The agent that the official exporter sends with. That is where we see what it does not tell: the status and
 * Retry-After of a refusal, the answer of a success. And where its own retries end: they would go on beside ours.
 */
export class Agents {
  #made: http.Agent | undefined

  readonly make = (protocol: string): http.Agent => {
    this.#made = watched(protocol === 'http:' ? new http.Agent(OPTIONS) : secure())
    return this.#made
  }

  /** Ends the connections. */
  close(): void {
    this.#made?.destroy()
  }
}

const OPTIONS = { keepAlive: true, maxFreeSockets: 1 }

/** An agent of one's own replaces the official exporter's, and with it these variables. */
function secure(): https.Agent {
  const { env } = process
  const file = (name: string): Buffer | undefined => {
    const path = env[`OTEL_EXPORTER_OTLP_METRICS_${name}`] || env[`OTEL_EXPORTER_OTLP_${name}`]
    return path === undefined || path === '' ? undefined : readFileSync(resolve(path))
  }
  const ca = file('CERTIFICATE')
  const cert = file('CLIENT_CERTIFICATE')
  const key = file('CLIENT_KEY')
  const { Agent } = require('node:https') as typeof import('node:https')
  return new Agent({ ...OPTIONS, ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) })
}

/** An agent's `addRequest` is what every agent of others overrides, though the types don't have it. */
function watched<A extends http.Agent>(agent: A): A {
  const watchable = agent as A & { addRequest(request: http.ClientRequest, ...rest: unknown[]): void }
  const addRequest = watchable.addRequest.bind(agent)
  watchable.addRequest = (request, ...rest) => {
    const attempt = attempts.getStore()
    if (attempt !== undefined) watch(request, attempt)
    addRequest(request, ...rest)
  }
  return agent
}

function watch(request: http.ClientRequest, attempt: Attempt): void {
  // Without a code, which the official exporter takes for final.
  const end = (): void => void request.destroy(new Error('given up'))
  if (attempt.over || attempt.signal.aborted) {
    end()
    return
  }
  attempt.secrets = Object.entries(request.getHeaders())
    .filter(([name]) => !ORDINARY.test(name))
    .flatMap(([, value]) => (Array.isArray(value) ? value : [String(value)]))
  attempt.signal.addEventListener('abort', end, { once: true })
  request.once('close', () => attempt.signal.removeEventListener('abort', end))
  request.once('response', (response: http.IncomingMessage) => {
    attempt.answering = true
    const chunks: Buffer[] = []
    let length = 0
    response.on('data', (chunk: Buffer) => {
      if (length < MAX_ANSWER_BYTES) chunks.push(chunk)
      length += chunk.length
    })
    response.once('close', () =>
      attempt.answered({
        status: response.statusCode ?? 0,
        type: response.headers['content-type'] ?? '',
        retryAfter: response.headers['retry-after'],
        body: Buffer.concat(chunks).subarray(0, MAX_ANSWER_BYTES),
      }),
    )
  })
  request.once('error', (error: NodeJS.ErrnoException) => {
    // A server closes an idle connection just as we use it again: the official exporter tries once more.
    const stale = request.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE')
    if (!stale) attempt.failed(error)
  })
}
