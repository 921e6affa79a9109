import { createHash } from 'node:crypto'
import type { Batch } from '../core/batch'
import { messageOf, OffloopError } from '../core/errors'
import type { ServeSettings } from '../core/options'
import type { Sharing } from '../core/sharing'
import type { ShownStall } from '../core/stall'
import type { SharedProcess } from '../core/status'
import type { HttpServer } from './server'
import { socketPath } from './share-folder'
import { ShareHub } from './share-hub'
import { type Answers, join, type Link } from './share-link'
import { type Hello, PROTOCOL } from './share-protocol'

/** Between two tries, each twice as long as the one before it, with jitter. */
const FIRST_WAIT_MS = 50
/** After so many it is told that the port cannot be had: about a second. */
const TRIES = 6
/** From then on. Never longer than an interval. */
const SLOW_WAIT_MS = 10_000
/** The socket is looked after this often, where it is as it should be. */
const CHECK_MS = 10_000
/** A process that joined for less time than this counts as one that could not. */
const JOINED_MS = 1_000

export interface Identity {
  readonly sharing: Sharing
  readonly service: string
  readonly intervalMs: number
}

export interface Reports extends Answers {
  failed(error: OffloopError): void
  /** Of another process, as it happens. */
  stall(stall: ShownStall): void
}

/**
 * An HTTP server whose port several processes share. The port is the lock: who gets it serves, the others join it over
 * a socket whose name follows from the port, and try for the port again as soon as that socket closes.
 */
export class SharedServer {
  readonly #http: HttpServer
  readonly #serve: ServeSettings
  readonly #sharing: Sharing
  readonly #hello: Hello
  readonly #reports: Reports
  #hub: ShareHub | undefined
  #link: Link | undefined
  #closed = false
  #wake: () => void = () => {}
  #settle: { resolve(at: { url: string }): void; reject(error: Error): void } | undefined
  #sampledAt = 0
  #openedAt = Number.NEGATIVE_INFINITY
  /** Why others cannot join, as it was told last. */
  #openFault: string | undefined

  constructor(http: HttpServer, serve: ServeSettings, identity: Identity, reports: Reports) {
    this.#http = http
    this.#serve = serve
    this.#sharing = identity.sharing
    this.#reports = reports
    this.#hello = {
      type: 'hello',
      protocol: PROTOCOL,
      options: digestOf(serve),
      pid: process.pid,
      worker: identity.sharing.worker,
      service: identity.service,
      intervalMs: identity.intervalMs,
    }
  }

  /**
   * Resolves once this process serves, or has joined the one that does. Goes on trying after it has rejected.
   *
   * @throws {OffloopError} `ERR_OFFLOOP_ADDRESS_IN_USE` or `ERR_OFFLOOP_LISTEN`
   */
  listen(): Promise<{ url: string }> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
      void this.#run()
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#wake()
    this.#link?.close()
    this.#hub?.close()
    await this.#http.close()
  }

  /** What the others have for our own sample, under the canonical names. None where we do not serve. */
  async sampled(): Promise<readonly Batch[]> {
    this.#sampledAt = Date.now()
    if (this.#hub === undefined) return []
    const others = this.#hub.sampled()
    await this.#open(this.#hub)
    return others
  }

  /** What the others have for a scrape, under the names that are served. */
  async scraped(): Promise<readonly Batch[]> {
    return (await this.#hub?.scraped()) ?? []
  }

  /** `own` and those of the others as they are known here, the newest first. */
  stalls(own: readonly ShownStall[]): readonly ShownStall[] {
    return this.#hub?.stalls(own) ?? own
  }

  /** All that share the port, as far as is known here: the one that serves knows. */
  processes(): readonly SharedProcess[] {
    const { pid, worker, service, intervalMs } = this.#hello
    const serves = this.#hub !== undefined
    const stalled = this.#reports.stalls.list().some(({ ongoing }) => ongoing)
    const self = { pid, worker, service, intervalMs, serves, sampledAt: this.#sampledAt, stalled }
    return [self, ...(this.#hub?.processes() ?? [])]
  }

  async #run(): Promise<void> {
    let tries = 0
    let { wanted } = this.#sharing
    for (;;) {
      const failure = await this.#takePort()
      if (failure === undefined || this.#closed) return
      const joined = await this.#join()
      if (this.#closed) return
      if (typeof joined === 'number') {
        // There are others.
        wanted = true
        if (joined >= JOINED_MS) tries = 0
      } else if (!wanted) {
        this.#fail(failure)
        return
      } else if (failure.code !== 'ERR_OFFLOOP_ADDRESS_IN_USE') {
        // That does not go away when another process does.
        if (tries === 0) this.#fail(failure)
      } else if (tries === TRIES) {
        this.#fail(inUse(failure, joined))
      }
      await this.#wait(tries++)
    }
  }

  /** Returns why it cannot be had. */
  async #takePort(): Promise<OffloopError | undefined> {
    let url: string
    try {
      url = (await this.#http.listen()).url
    } catch (error) {
      return error as OffloopError
    }
    const hub = new ShareHub(this.#hello, this.#serve.names, url, (stall) => this.#reports.stall(stall))
    if (!this.#closed) {
      await this.#open(hub)
      this.#hub = hub
      this.#done(url)
    }
    // It may have been closed meanwhile.
    if (this.#closed) hub.close()
    return undefined
  }

  /** Returns how long this process was joined to the one that serves, or why it could not join. */
  async #join(): Promise<number | Error> {
    try {
      const { host, port } = this.#serve
      const link = await join(socketPath(this.#sharing.group, host, port), this.#hello, this.#reports)
      const since = performance.now()
      this.#link = link
      if (this.#closed) link.close()
      else this.#done(link.url)
      await link.closed
      return performance.now() - since
    } catch (error) {
      return error as Error
    }
  }

  /** Opens the socket, or looks whether it is still there. */
  async #open(hub: ShareHub): Promise<void> {
    if (performance.now() - this.#openedAt < CHECK_MS) return
    try {
      const { host, port } = this.#serve
      await hub.listen(socketPath(this.#sharing.group, host, port))
      this.#openedAt = performance.now()
      this.#openFault = undefined
    } catch (error) {
      const message = `no other process can share ${this.#serve.host}:${this.#serve.port}: ${messageOf(error)}`
      if (!this.#sharing.wanted || message === this.#openFault) return
      this.#openFault = message
      this.#reports.failed(new OffloopError('ERR_OFFLOOP_LISTEN', message, { cause: error }))
    }
  }

  #done(url: string): void {
    this.#settle?.resolve({ url })
    this.#settle = undefined
  }

  #fail(error: OffloopError): void {
    if (this.#settle === undefined) this.#reports.failed(error)
    this.#settle?.reject(error)
    this.#settle = undefined
  }

  /** Not all at once: of many that lost the same server, one would find the port and the others its socket. */
  #wait(tries: number): Promise<void> {
    const slowMs = Math.min(this.#hello.intervalMs, SLOW_WAIT_MS)
    const waitMs = tries < TRIES ? FIRST_WAIT_MS * 2 ** Math.max(0, tries - 1) : slowMs
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, waitMs * (tries === 0 ? Math.random() : 0.75 + Math.random() / 2))
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

function inUse(failure: OffloopError, { message }: Error): OffloopError {
  return new OffloopError(failure.code, `${failure.message}. It cannot be shared: ${message}`, {
    cause: failure,
  })
}

/** Of what decides to whom and under which names the figures of all are served. */
function digestOf({ token, names, hosts }: ServeSettings): string {
  return createHash('sha256')
    .update(JSON.stringify([token, names, hosts]))
    .digest('hex')
}
