import http from 'node:http'
import { messageOf } from '../core/errors'
import { waitOf } from './answers'
import { Secrets, secretsOfUrl } from './redact'
import { DeliveryError } from './transport'

const MAX_ANSWER_BYTES = 65_536

interface Answer {
  readonly status: number
  readonly retryAfter: string | undefined
  readonly body: string
}

/**
 * One URL to POST to, over one connection that is kept. On `node:http`, because `fetch` would load undici into the
 * sampling thread, which is several megabytes. Redirects are not followed: they would take the credentials along.
 */
export class Endpoint {
  readonly #url: URL
  readonly #client: Pick<typeof http, 'request'>
  readonly #agent: http.Agent
  readonly #headers: Readonly<Record<string, string>>
  readonly #secrets: Secrets
  /** The URL as messages show it. */
  readonly #shown: string

  /** `secrets` are kept out of messages, and so is the URL's query. */
  constructor(url: string, headers: Readonly<Record<string, string>>, secrets: readonly string[]) {
    this.#url = new URL(url)
    this.#shown = this.#url.origin + this.#url.pathname
    this.#headers = headers
    this.#secrets = new Secrets([...secrets, ...secretsOfUrl(url)])
    // TLS is loaded only where it is used.
    const client =
      this.#url.protocol === 'https:' ? (require('node:https') as typeof import('node:https')) : http
    this.#client = client
    this.#agent = new client.Agent({ keepAlive: true, maxFreeSockets: 1 })
  }

  /**
   * Resolves with the first 64 KiB of a successful answer's body.
   *
   * @throws {DeliveryError} Everything else: to be retried where the server or the way to it failed, and not where this
   *   request was refused.
   */
  async post(body: string, signal: AbortSignal): Promise<string> {
    const answer = await this.#exchange(Buffer.from(body), signal).catch((thrown: unknown) => {
      throw new DeliveryError(`${this.#shown}: ${this.#secrets.told(reasonOf(thrown))}`, { retry: true })
    })
    if (answer.status >= 200 && answer.status < 300) return answer.body
    throw this.#failure(answer)
  }

  /** An error about an answer that `post` took for a success. */
  error(message: string, answer: string, options: { retry: boolean }): DeliveryError {
    return new DeliveryError(`${this.#shown}: ${message}: ${this.#secrets.quoted(answer)}`, options)
  }

  close(): void {
    this.#agent.destroy()
  }

  #failure({ status, retryAfter, body }: Answer): DeliveryError {
    const redirected = status >= 300 && status < 400
    const said = redirected ? 'redirects are not followed' : body
    return new DeliveryError(
      `${this.#shown} answered ${status}${said === '' ? '' : `: ${this.#secrets.quoted(said)}`}`,
      {
        retry: status === 408 || status === 429 || status >= 500,
        retryAfterMs: retryAfter === undefined ? undefined : waitOf(retryAfter),
      },
    )
  }

  #exchange(body: Buffer, signal: AbortSignal): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const request = this.#client.request(this.#url, {
        method: 'POST',
        agent: this.#agent,
        headers: { ...this.#headers, 'content-length': body.length, 'user-agent': 'offloop' },
        signal,
      })
      let answered = false
      request.on('response', (response) => {
        answered = true
        read(response).then(resolve, reject)
      })
      request.on('error', (error: NodeJS.ErrnoException) => {
        // A server closes an idle connection just as we use it again: TinyObs does after 10 s, which is our interval. So
        // once more, on a connection that is new, where this does not apply. Should the first request have arrived after
        // all, the same values come twice under the same timestamps, as they do when a time-out is retried.
        const stale = request.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE')
        if (stale) resolve(this.#exchange(body, signal))
        else reject(error)
      })
      // An answer of 101 ends a request without an error. Once there is a response its own end decides: the request may
      // close before the last of the body is read.
      request.on('close', () => {
        if (!answered) reject(new Error('closed without an answer'))
      })
      request.end(body)
    })
  }
}

function read(response: http.IncomingMessage): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    const finish = (): void =>
      resolve({
        status: response.statusCode ?? 0,
        retryAfter: response.headers['retry-after'],
        body: Buffer.concat(chunks).toString('utf8', 0, MAX_ANSWER_BYTES),
      })
    response.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      length += chunk.length
      if (length < MAX_ANSWER_BYTES) return
      finish()
      response.destroy()
    })
    response.on('end', finish)
    response.on('error', reject)
  })
}

// On several addresses (localhost) the error is an AggregateError without a message, whose code says it.
function reasonOf(thrown: unknown): string {
  const { message, code } = thrown as NodeJS.ErrnoException
  return message === '' && code !== undefined ? code : messageOf(thrown)
}
