import type { IncomingMessage, RequestOptions } from 'node:http'
import * as http from 'node:http'
import { messageOf } from '../core/errors'
import type { ShownStall } from '../core/stall'
import type { Status } from '../core/status'
import { METRICS } from './charts'
import { parseSeries, parseStalls, parseStatus, type Series, Unreadable } from './parse'

/** No answer that can be used. The message is for the user, and says what to do. */
export class NoAnswer extends Error {}

const TIMEOUT_MS = 5_000
/** A day of all series that are asked for is well below. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024
/** More than any terminal has columns for. */
const MAX_POINTS = 240

const START_IT =
  'is the process started with serve? (`offloop run`, OFFLOOP_SERVE=127.0.0.1:9464, or serve: true)'

/** Asks one process over HTTP. One connection, kept; no redirects. */
export class Client {
  readonly #base: URL
  readonly #token: string | undefined
  readonly #request: typeof http.request
  readonly #agent: http.Agent

  constructor(base: URL, token: string | undefined) {
    this.#base = base
    this.#token = token
    const secure = base.protocol === 'https:'
    // A proxy before the process may speak it. Not loaded for what nearly all have.
    const protocol = secure ? (require('node:https') as typeof import('node:https')) : http
    this.#request = protocol.request
    this.#agent = new protocol.Agent({ keepAlive: true, maxSockets: 1 })
  }

  get url(): string {
    return this.#base.href.replace(/\/$/, '')
  }

  /** @throws {NoAnswer} */
  async status(): Promise<Status> {
    return this.#ask('v1/status', parseStatus)
  }

  /** The last five minutes. @throws {NoAnswer} */
  async series(): Promise<readonly Series[]> {
    return this.#ask(`v1/series?metrics=${METRICS.join(',')}&maxPoints=${MAX_POINTS}`, parseSeries)
  }

  /** Newest first. @throws {NoAnswer} */
  async stalls(): Promise<readonly ShownStall[]> {
    return this.#ask('v1/stalls', parseStalls)
  }

  close(): void {
    this.#agent.destroy()
  }

  async #ask<T>(path: string, parse: (value: unknown) => T): Promise<T> {
    const { status, body } = await this.#get(new URL(path, this.#base))
    if (status !== 200) throw new NoAnswer(this.#refusal(status, path))
    try {
      return parse(JSON.parse(body) as unknown)
    } catch (error) {
      const reason = error instanceof Unreadable ? error.message : 'it is no JSON'
      throw new NoAnswer(
        `${this.url} is not offloop, or of another version: /${path.split('?')[0]}: ${reason}`,
      )
    }
  }

  #get(url: URL): Promise<{ status: number; body: string }> {
    return new Promise((resolve, reject) => {
      const options: RequestOptions = {
        agent: this.#agent,
        headers: {
          accept: 'application/json',
          ...(this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` }),
        },
        // Of the whole exchange, and not of a pause in it.
        signal: AbortSignal.timeout(TIMEOUT_MS),
      }
      const request = this.#request(url, options, (response) => {
        this.#read(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), failed)
      })
      const failed = (error: Error) => reject(error instanceof NoAnswer ? error : this.#failure(error))
      request.on('error', failed)
      request.end()
    })
  }

  async #read(response: IncomingMessage): Promise<string> {
    const chunks: Buffer[] = []
    let size = 0
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > MAX_ANSWER_BYTES) {
        response.destroy()
        throw new NoAnswer(`${this.url} answers with more than ${MAX_ANSWER_BYTES} bytes: it is not offloop`)
      }
      chunks.push(chunk)
    }
    return Buffer.concat(chunks).toString()
  }

  #failure(error: NodeJS.ErrnoException): NoAnswer {
    if (error.name === 'AbortError' || error.name === 'TimeoutError') {
      return new NoAnswer(`${this.url} does not answer within ${TIMEOUT_MS / 1000} s`)
    }
    if (error.code === 'ENOTFOUND')
      return new NoAnswer(`${this.#base.hostname} is no host that is known here`)
    if (error.code?.startsWith('HPE_')) return new NoAnswer(`${this.url} does not speak HTTP`)
    const particulars = error.code === 'ECONNREFUSED' ? '' : ` (${error.code ?? messageOf(error)})`
    return new NoAnswer(`nothing answers at ${this.url}${particulars}: ${START_IT}`)
  }

  #refusal(status: number, path: string): string {
    if (status === 401) {
      return this.#token === undefined
        ? `${this.url} wants a token: set OFFLOOP_TOKEN to the process's serve.token`
        : `${this.url} does not know this token: it is not the process's serve.token`
    }
    if (status === 403) return `${this.url} does not answer to that host name: add it to serve.hosts`
    if (status === 404) return `${this.url} has no /${path.split('?')[0]}: it is not offloop, or an older one`
    return `${this.url} answers /${path.split('?')[0]} with status ${status}`
  }
}
