import { lookup } from 'node:dns'
import { EventEmitter } from 'node:events'
import { isIP } from 'node:net'
import { getSystemErrorName } from 'node:util'
import type { Labels } from '../core/batch'
import type { DogStatsDSettings } from '../core/dogstatsd-options'
import { messageOf } from '../core/errors'
import { loadPeer } from '../core/peers'
import { loadBinding } from '../probe/load'
import type { Event } from './dogstatsd-events'
import type { Sample } from './dogstatsd-samples'
import { DeliveryError } from './transport'

/** What Datadog recommends: an Ethernet frame's, and what its agent reads at a time. */
const MAX_UDP_BYTES = 1_432
const MAX_UNIX_BYTES = 8_192
/** A Unix socket's queue holds ten datagrams by default on Linux: the agent needs a moment for more. */
const FULL_WAIT_MS = 10
const FULL_WAITS = 50
const LOOKUP_MS = 60_000

/** What we use of hot-shots. */
interface StatsD {
  mockBuffer?: string[]
  gauge(name: string, value: number, sampleRate: number, tags: Labels): void
  increment(name: string, value: number, sampleRate: number, tags: Labels): void
  event(title: string, text: string, options: Readonly<Record<string, unknown>>, tags: Labels): void
  flush(callback: (error?: Error | null) => void): void
  close(callback: () => void): void
}
type StatsDConstructor = new (options: Readonly<Record<string, unknown>>) => StatsD

type Target = Pick<DogStatsDSettings, 'host' | 'port' | 'path'>

/**
 * hot-shots, which gives names, tags and the container their form, and sends. Once to a socket and once to a list, where a
 * line's length is found.
 */
export class Client {
  readonly maxBytes: number
  readonly #target: string
  readonly #prefix: string
  readonly #sending: StatsD
  readonly #measuring: StatsD

  /** `service` is what DD_SERVICE, where it is set, outranks. @throws {Error} where hot-shots is missing. */
  constructor({ host, port, path }: Target, prefix: string, service: string) {
    const { StatsD } = loadPeer('hot-shots') as { StatsD: StatsDConstructor }
    this.maxBytes = path === undefined ? MAX_UDP_BYTES : MAX_UNIX_BYTES
    const address = host ?? '127.0.0.1'
    this.#target = path ?? address
    // hot-shots would put it before the titles of events too.
    this.#prefix = prefix === '' || prefix.endsWith('.') ? prefix : `${prefix}.`
    const options = {
      globalTags: { service: plain(service) },
      datadog: true,
      includeDatadogTelemetry: false,
      // Failures come with flush().
      errorHandler: () => {},
    }
    // Never its own Unix sockets: unix-dgram attaches them to the main thread's event loop from whatever thread it is in,
    // which keeps the process alive, and can only be loaded by one thread of a process.
    const socket =
      path === undefined
        ? {
            protocol: 'udp',
            host: address,
            port,
            udpSocketOptions: isIP(address) ? {} : { lookup: remembering() },
          }
        : { protocol: 'stream', stream: new UnixStream(path) }
    this.#sending = new StatsD({ ...options, ...socket, maxBufferSize: this.maxBytes })
    this.#measuring = new StatsD({ ...options, mock: true })
  }

  bytesOf(one: Sample | Event): number {
    this.#write(this.#measuring, one)
    return Buffer.byteLength(this.#measuring.mockBuffer?.pop() ?? '')
  }

  /** Sends one datagram, which all of it must fit. @throws {DeliveryError} */
  send(all: readonly (Sample | Event)[]): Promise<void> {
    return new Promise((resolve, reject) => {
      for (const one of all) this.#write(this.#sending, one)
      this.#sending.flush((error) => {
        if (error === undefined || error === null) return resolve()
        const reason = messageOf(error).replace(/^Error sending hot-shots message: (Error: )?/, '')
        const { code } = error as NodeJS.ErrnoException
        reject(
          new DeliveryError(`${this.#target}: ${reason}`, {
            retry: code !== 'EMSGSIZE' && code !== NO_ADDON,
          }),
        )
      })
    })
  }

  close(): void {
    this.#sending.close(() => {})
  }

  #write(client: StatsD, one: Sample | Event): void {
    const tags = Object.fromEntries(Object.entries(one.tags).map(([key, text]) => [key, plain(text)]))
    if ('title' in one) {
      const { title, text, at, key, alert } = one
      const options = { date_happened: at, aggregation_key: key, alert_type: alert }
      client.event(ascii(title), ascii(text), options, tags)
      return
    }
    const { kind, name, value } = one
    if (kind === 'gauge') client.gauge(this.#prefix + name, value, 1, tags)
    else client.increment(this.#prefix + name, value, 1, tags)
  }
}

type Found = (error: Error | null, address: string, family: number) => void

/**
 * Looks a host up once a minute, not for each datagram, since that takes a thread of libuv's pool. By name: dgram looks up the
 * address that it binds to as well.
 */
function remembering(): (host: string, family: number, found: Found) => void {
  const known = new Map<
    string,
    { readonly address: string; readonly family: number; readonly until: number }
  >()
  return (host, family, found) => {
    const last = known.get(host)
    if (last !== undefined && performance.now() < last.until) {
      found(null, last.address, last.family)
      return
    }
    lookup(host, family, (error, address, of) => {
      if (error === null) known.set(host, { address, family: of, until: performance.now() + LOOKUP_MS })
      found(error, address, of)
    })
  }
}

/** hot-shots replaces what the protocol means something by; no server makes sense of the other control characters. */
function plain(text: string): string {
  return text.replace(/\p{Cc}/gu, '_')
}

/**
 * An event says its length, which hot-shots takes in UTF-16 and the agent in bytes. `\n` stands for a new line in it, so
 * that a backslash may not be a part of a path.
 */
function ascii(text: string): string {
  return text.replaceAll('\\', '/').replace(/[^\n -~]/gu, '?')
}

const NO_ADDON = 'ERR_OFFLOOP_NO_ADDON'

/** What hot-shots needs of a stream, over the addon's Unix datagrams. A chunk is a datagram. */
class UnixStream extends EventEmitter {
  destroyed = false
  constructor(readonly path: string) {
    super()
  }

  write(chunk: string, done: (error?: Error) => void): void {
    // hot-shots ends each chunk by a newline, which counts against the limit and means nothing here.
    const data = Buffer.from(chunk.endsWith('\n') ? chunk.slice(0, -1) : chunk)
    void this.#send(data).then(done)
  }

  destroy(): void {
    this.destroyed = true
    this.emit('close')
  }

  async #send(data: Buffer): Promise<Error | undefined> {
    const { binding, reason } = loadBinding()
    if (binding === undefined) return failure(NO_ADDON, `a Unix socket needs the addon, and ${reason}`)
    for (let waits = 0; ; waits++) {
      const error = binding.sendDatagram(this.path, data)
      if (error === 0) return undefined
      const name = getSystemErrorName(-error)
      if ((name !== 'EAGAIN' && name !== 'ENOBUFS') || waits === FULL_WAITS || this.destroyed)
        return failure(name, name)
      await new Promise((resolve) => setTimeout(resolve, FULL_WAIT_MS))
    }
  }
}

function failure(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}
