import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { messageOf } from '../core/errors'
import type { ServeSettings } from '../core/options'
import { warnOnce } from '../core/report'
import { checkHost, checkMethod, checkToken } from './access'
import { type Address, listen } from './listen'
import { PAGE_PATHS } from './page'
import { json, Refusal, type Reply, type Stream, send } from './reply'
import { router } from './routes'
import type { Source } from './source'
import { sendStream } from './stream'

export interface HttpServer {
  /** @throws {OffloopError} `ERR_OFFLOOP_ADDRESS_IN_USE` or `ERR_OFFLOOP_LISTEN` */
  listen(): Promise<Address>
  /** Ends open connections at once. */
  close(): Promise<void>
}

/**
 * What clients can take of the sampling thread at most; times are in milliseconds. Node itself answers a request that
 * is too long, too slow or no HTTP, with 431, 408 or 400.
 */
export const LIMITS = {
  maxConnections: 64,
  /** Requests of one connection that wait for their turn: who sends more without reading answers loses it. */
  maxPipelined: 32,
  maxHeaderSize: 16_384,
  headersTimeout: 5_000,
  /** For the whole request with its body, which nobody reads. */
  requestTimeout: 10_000,
  connectionsCheckingInterval: 5_000,
  keepAliveTimeout: 5_000,
  /**
   * From the start of an answer to its last byte: a client that reads slowly loses its connection. Not for a stream that
   * has no end.
   */
  responseTimeout: 30_000,
  /** While answers of more bytes than this wait for their clients, there are no further ones. */
  maxWaitingBytes: 64 * 1024 * 1024,
}

const NO_TUNNEL =
  'HTTP/1.1 405 Method Not Allowed\r\nAllow: GET, HEAD\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'

/**
 * Returns what ends a connection's part as a sender: nothing behind the request at hand is parsed or read. 64 KB that
 * were read already hold 2,500 requests, which Node would keep until the connection is closed (60 such connections at
 * once took the thread's whole heap), or 11,000 chunks of a body, each a Buffer of its own (30 ms, for each connection).
 *
 * 2 is the parser's word for a protocol that is not HTTP. Not documented; without it a flood costs time and memory
 * again, and no more.
 */
function silencer(server: Server): (socket: Socket) => void {
  const silenced = new WeakSet<Socket>()
  server.on('connection', (socket: Socket & { parser?: { onIncoming?: unknown } | null }) => {
    const { parser } = socket
    const take = parser?.onIncoming
    if (!parser || typeof take !== 'function') return
    parser.onIncoming = (...message: unknown[]) => {
      const next: unknown = take(...message)
      return silenced.has(socket) ? 2 : next
    }
  })
  return (socket) => {
    silenced.add(socket)
    socket.pause()
    // Node reads on once there is an answer, to throw the rest away.
    socket.on('resume', () => socket.pause())
  }
}

/** Serves `source` over HTTP. Nothing is thrown out of it once it listens. */
export function createServer(
  settings: Omit<ServeSettings, 'names' | 'share'>,
  source: Source,
  limits = LIMITS,
): HttpServer {
  const { responseTimeout, maxWaitingBytes, maxConnections, maxPipelined, ...options } = limits
  const checks = [checkHost(settings.hosts), checkMethod, checkToken(settings.token, PAGE_PATHS)]
  const route = router(source)
  const queues = new WeakMap<Socket, { waiting: number; last: Promise<void> }>()
  /** Answers without an end. */
  const endless = new Set<ServerResponse>()
  let waitingBytes = 0
  let turn = Promise.resolve()
  let listening: Promise<Address> | undefined

  const server = createHttpServer(options, enqueue)
  const silence = silencer(server)
  server.maxConnections = maxConnections
  // Without being told to continue: the answer does not depend on the body.
  server.on('checkContinue', enqueue)
  // Node itself would end the connection without a word. It has taken its own listeners off the socket.
  server.on('connect', (_, socket) => {
    socket.on('error', () => {})
    socket.end(NO_TUNNEL, () => socket.destroy())
  })

  function enqueue(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request
    // One answer a connection at a time: Node would start with all requests that came in one packet.
    const queue = queues.get(socket) ?? { waiting: 0, last: Promise.resolve() }
    queues.set(socket, queue)
    // It also parses on while answers wait, as fast as bytes come: the requests would fill the memory.
    if (queue.waiting >= maxPipelined) {
      silence(socket)
      socket.destroy()
      return
    }
    if (request.headers['transfer-encoding'] !== undefined) {
      silence(socket)
      response.setHeader('Connection', 'close')
    }
    queue.waiting++
    queue.last = queue.last
      .then(nextTurn)
      .then(() => respond(request, response))
      .catch((error) => {
        warnOnce('serve', `an HTTP answer could not be sent: ${messageOf(error)}`)
        response.destroy()
      })
      .finally(() => {
        queue.waiting--
      })
  }

  /** One answer begins in each turn of the loop: those of all connections at once would keep a sample waiting. */
  function nextTurn(): Promise<void> {
    turn = turn.then(() => setImmediate())
    return turn
  }

  /** Resolves when the answer is out, or its client gone. */
  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.socket.destroyed) return
    const closed = new Promise<void>((resolve) => response.once('close', resolve))
    const deadline = setTimeout(() => response.destroy(), responseTimeout)
    const reply = await answer(request)
    // Nobody reads bodies. After the answer Node would go on discarding one, which takes a thread as long as it lasts.
    if (!request.complete) response.setHeader('Connection', 'close')
    if ('run' in reply) {
      if (reply.endless) {
        clearTimeout(deadline)
        endless.add(response)
        // What was sent behind this request waits for nothing.
        response.setHeader('Connection', 'close')
      }
      try {
        await sendStream(request, response, reply, closed)
        await closed
      } finally {
        endless.delete(response)
      }
    } else {
      const bytes = send(request, response, reply)
      waitingBytes += bytes
      await closed
      waitingBytes -= bytes
    }
    clearTimeout(deadline)
  }

  async function answer(request: IncomingMessage): Promise<Reply | Stream> {
    try {
      for (const check of checks) check(request)
      if (waitingBytes > maxWaitingBytes) throw new Refusal(503, 'too many answers wait for their clients')
      return await route(request.url ?? '/', request.headers)
    } catch (error) {
      if (error instanceof Refusal) return json({ error: error.message }, error.status, error.headers)
      warnOnce('serve', `${request.method} ${request.url} failed: ${messageOf(error)}`)
      return json({ error: 'internal error' }, 500)
    }
  }

  return {
    async listen() {
      listening = listen(server, settings.host, settings.port)
      const address = await listening
      // Such as too many open files when a connection comes in: the next one may do.
      server.on('error', (error) => warnOnce('serve', `the HTTP server has an error: ${messageOf(error)}`))
      return address
    },
    async close() {
      // A server that is about to listen cannot be closed yet, and would be left listening.
      await listening?.catch(() => {})
      for (const response of endless) response.end()
      await new Promise((resolve) => {
        server.close(resolve)
        server.closeAllConnections()
      })
    },
  }
}
