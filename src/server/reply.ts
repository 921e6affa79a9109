import type { IncomingMessage, ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import { wantsGzip } from './negotiation'

export interface Reply {
  readonly status: number
  readonly type: string
  /** Bytes are sent as they are: `headers` say how they are encoded. */
  readonly body: string | Buffer
  readonly headers?: Readonly<Record<string, string>>
}

/** Resolves when there is room for more: to false where nobody is left to read it. */
export type Write = (text: string) => Promise<boolean>

/** An answer that is made while it is sent. */
export interface Stream {
  readonly type: string
  /** Goes on for as long as its client listens. */
  readonly endless: boolean
  /** Writes the body; `gone` resolves when the client has left. Nothing is waited for after the last `write`. */
  readonly run: (write: Write, gone: Promise<void>) => Promise<void>
}

/** Ends a request with an answer that its client can act on. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message)
  }
}

export function json(value: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, type: 'application/json; charset=utf-8', body: `${JSON.stringify(value)}\n`, headers }
}

// Less fits into one packet anyway.
const GZIP_FROM_BYTES = 1400

/** Returns the size of the body. Node itself leaves it out of an answer to HEAD, whose headers are those of GET. */
export function send(request: IncomingMessage, response: ServerResponse, reply: Reply): number {
  const ready = typeof reply.body !== 'string'
  const plain = Buffer.from(reply.body)
  const zipped = !ready && plain.length >= GZIP_FROM_BYTES && wantsGzip(request.headers['accept-encoding'])
  // Not the asynchronous one: it queues in libuv's thread pool, which is the whole process's. Behind eight pbkdf2 of
  // the application a scrape took 3.8 s. This takes about 1 ms for 300 KB.
  const body = zipped ? gzipSync(plain, { level: 3 }) : plain
  response.writeHead(reply.status, {
    ...headersOf(reply.type, zipped),
    // One of 304 would be that of what it stands for.
    ...(reply.status === 304 ? {} : { 'Content-Length': body.length }),
    ...reply.headers,
  })
  response.end(body)
  return body.length
}

/** Of every answer. */
export function headersOf(type: string, zipped: boolean): Record<string, string> {
  return {
    'Content-Type': type,
    ...(zipped ? { 'Content-Encoding': 'gzip' } : {}),
    'Cache-Control': 'no-store',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'X-Content-Type-Options': 'nosniff',
    Vary: 'Accept, Accept-Encoding',
  }
}
