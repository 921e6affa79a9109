import { execFile } from 'node:child_process'
import dns from 'node:dns'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import http from 'node:http'
import https from 'node:https'
import net, { type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { DeliveryError as Failure } from '../../src/exporters/transport'
import { dist } from '../dist'
import { certificate, key } from '../support/tls'

const { Endpoint } = dist<typeof import('../../src/exporters/post')>('exporters/post.js')
const { DeliveryError } = dist<typeof import('../../src/exporters/transport')>('exporters/transport.js')

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean()
})

/** Where `server` listens, until the test ends. */
async function listen(server: net.Server): Promise<string> {
  const sockets = new Set<net.Socket>()
  server.on('connection', (socket: net.Socket) => {
    socket.on('error', () => {})
    sockets.add(socket)
  })
  cleanUp.push(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

interface Seen {
  readonly method: string | undefined
  readonly url: string | undefined
  readonly headers: http.IncomingHttpHeaders
  readonly body: string
}

async function httpServer(answer: (response: http.ServerResponse, seen: Seen) => void) {
  const seen: Seen[] = []
  const server = http.createServer(async (request, response) => {
    const { method, url, headers } = request
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const one = { method, url, headers, body: Buffer.concat(chunks).toString() }
    seen.push(one)
    answer(response, one)
  })
  const state = { connections: 0 }
  server.on('connection', () => state.connections++)
  return { origin: `http://${await listen(server)}`, seen, state, server }
}

function endpoint(url: string, headers: Record<string, string> = {}, secrets: readonly string[] = []) {
  const created = new Endpoint(url, headers, secrets)
  cleanUp.push(() => created.close())
  return created
}

async function closed(socket: net.Socket): Promise<void> {
  if (!socket.closed) await new Promise((resolve) => socket.on('close', resolve))
}

const never = () => new AbortController().signal

async function failureOf(posted: Promise<unknown>): Promise<Failure> {
  const failure = await posted.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(failure).toBeInstanceOf(DeliveryError)
  return failure as Failure
}

describe('a request', () => {
  it('is a POST with its headers, its length and its body', async () => {
    const { origin, seen } = await httpServer((response) => response.end('fine'))
    const target = endpoint(`${origin}/v1/ingest?tenant=7`, {
      authorization: 'Bearer k',
      'content-type': 'text/plain',
    })
    expect(await target.post('größe', never())).toBe('fine')
    expect(seen).toHaveLength(1)
    expect(seen[0]).toMatchObject({ method: 'POST', url: '/v1/ingest?tenant=7', body: 'größe' })
    expect(seen[0]?.headers).toMatchObject({
      authorization: 'Bearer k',
      'content-type': 'text/plain',
      'content-length': '7',
    })
  })

  it('uses the connection of the one before', async () => {
    const { origin, state } = await httpServer((response) => response.end())
    const target = endpoint(origin)
    for (const body of ['1', '2', '3']) await target.post(body, never())
    expect(state.connections).toBe(1)
  })

  it('ends with its signal while the server is silent', async () => {
    const abort = new AbortController()
    const { origin, server } = await httpServer(() => abort.abort())
    const connection = once(server, 'connection') as Promise<[net.Socket]>
    const failure = await failureOf(endpoint(origin).post('1', abort.signal))
    expect(failure.retry).toBe(true)
    const [socket] = await connection
    await closed(socket)
  })

  it('ends with its signal while the answer trickles', async () => {
    const abort = new AbortController()
    const { origin } = await httpServer((response) => {
      response.write('{')
      const timer = setInterval(() => response.write(' '), 5)
      response.on('close', () => clearInterval(timer))
      setTimeout(() => abort.abort(), 50)
    })
    expect((await failureOf(endpoint(origin).post('1', abort.signal))).retry).toBe(true)
  })

  it('does not start with a signal that is aborted', async () => {
    const { origin, seen } = await httpServer((response) => response.end())
    await failureOf(endpoint(origin).post('1', AbortSignal.abort()))
    expect(seen).toEqual([])
  })

  it('leaves no connection after close', async () => {
    const { origin, server } = await httpServer((response) => response.end())
    const connection = once(server, 'connection') as Promise<[net.Socket]>
    const target = endpoint(origin)
    await target.post('1', never())
    const [socket] = await connection
    target.close()
    await closed(socket)
  })
})

describe('an answer', () => {
  it.each([
    [400, false],
    [401, false],
    [403, false],
    [404, false],
    [408, true],
    [413, false],
    [429, true],
    [500, true],
    [502, true],
    [503, true],
    [507, true],
  ])('of %i is retried: %s', async (status, retry) => {
    const { origin } = await httpServer((response) => response.writeHead(status).end('{"error":\n"why"}'))
    const failure = await failureOf(endpoint(`${origin}/in`).post('1', never()))
    expect(failure).toMatchObject({
      retry,
      retryAfterMs: 0,
      message: `${origin}/in answered ${status}: {"error": "why"}`,
    })
  })

  it.each([200, 202, 204])('of %i is a success', async (status) => {
    const { origin } = await httpServer((response) => response.writeHead(status).end())
    expect(await endpoint(origin).post('1', never())).toBe('')
  })

  it.each([301, 302, 307, 308])('of %i is not followed', async (status) => {
    const { origin, seen } = await httpServer((response) =>
      response.writeHead(status, { location: '/elsewhere?token=hush' }).end('Moved'),
    )
    const failure = await failureOf(endpoint(origin).post('1', never()))
    expect(failure).toMatchObject({
      retry: false,
      message: `${origin}/ answered ${status}: redirects are not followed`,
    })
    expect(seen).toHaveLength(1)
  })

  it.each([
    ['120', 120_000, 120_000],
    ['0', 0, 0],
    [new Date(Date.now() + 3_600_000).toUTCString(), 3_500_000, 3_600_000],
    [new Date(Date.now() - 3_600_000).toUTCString(), 0, 0],
    ['soon', 0, 0],
    ['-5', 0, 0],
  ])('that says Retry-After: %s', async (header, least, most) => {
    const { origin } = await httpServer((response) =>
      response.writeHead(503, { 'retry-after': header }).end(),
    )
    const { retryAfterMs } = await failureOf(endpoint(origin).post('1', never()))
    expect(retryAfterMs).toBeGreaterThanOrEqual(least)
    expect(retryAfterMs).toBeLessThanOrEqual(most)
  })

  it('without end is read to 64 KiB', async () => {
    const { origin, server } = await httpServer((response) => {
      const fill = () => {
        while (response.write('x'.repeat(10_000)));
      }
      response.on('drain', fill)
      fill()
    })
    const connection = once(server, 'connection') as Promise<[net.Socket]>
    expect(await endpoint(origin).post('1', never())).toHaveLength(65_536)
    const [socket] = await connection
    await closed(socket)
  })

  it('may end with the connection', async () => {
    const server = net.createServer((socket) =>
      socket.once('data', () =>
        socket.end(`HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n${'x'.repeat(50_000)}`),
      ),
    )
    expect(await endpoint(`http://${await listen(server)}`).post('1', never())).toHaveLength(50_000)
  })

  it('that is cut is no success', async () => {
    const { origin } = await httpServer((response) => {
      response.writeHead(200, { 'content-length': 100 }).write('{"status":')
      setImmediate(() => response.destroy())
    })
    expect((await failureOf(endpoint(origin).post('1', never()))).retry).toBe(true)
  })

  it.each([
    ['garbage', '\u0000\u0001 no\r\n\r\n'],
    ['nothing', ''],
    ['another protocol', 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'],
    ['endless headers', `HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(10_000)}`],
  ])('of %s is no success', async (_, bytes) => {
    const server = net.createServer((socket) => socket.once('data', () => socket.end(bytes)))
    const failure = await failureOf(endpoint(`http://${await listen(server)}`).post('1', never()))
    expect(failure.retry).toBe(true)
    expect(failure.message).not.toMatch(/\p{Cc}/u)
  })
})

describe('a connection that the server ends', () => {
  /** Answers the first request of a connection, and resets it at the second; connections beyond `good` at the first. */
  const forgetful = async (good: number) => {
    const state = { connections: 0, requests: 0 }
    const server = net.createServer((socket) => {
      const healthy = ++state.connections <= good
      let requests = 0
      socket.on('data', () => {
        state.requests++
        if (++requests > 1 || !healthy) socket.resetAndDestroy()
        else socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
      })
    })
    return { state, target: endpoint(`http://${await listen(server)}`) }
  }

  it('while it was idle costs no request', async () => {
    const { state, target } = await forgetful(2)
    await target.post('1', never())
    await target.post('2', never())
    expect(state).toEqual({ connections: 2, requests: 3 })
  })

  it('is tried once more, not for ever', async () => {
    const { state, target } = await forgetful(1)
    await target.post('1', never())
    expect((await failureOf(target.post('2', never()))).retry).toBe(true)
    expect(state).toEqual({ connections: 2, requests: 3 })
  })

  it('is left to the back-off where it was new', async () => {
    const { state, target } = await forgetful(0)
    expect((await failureOf(target.post('1', never()))).retry).toBe(true)
    expect(state).toEqual({ connections: 1, requests: 1 })
  })
})

describe('a message', () => {
  const unused = async () => {
    const server = net.createServer()
    const address = await listen(server)
    server.close()
    await once(server, 'close')
    return address
  }

  it('says what refused, without the query', async () => {
    const address = await unused()
    const failure = await failureOf(endpoint(`http://${address}/in?token=hush`).post('1', never()))
    expect(failure).toMatchObject({
      retry: true,
      message: `http://${address}/in: connect ECONNREFUSED ${address}`,
    })
  })

  it('says what refused where a secret is so short that it is in any text', async () => {
    const address = await unused()
    const { message } = await failureOf(endpoint(`http://${address}/in?v=1`).post('1', never()))
    expect(message).toBe(`http://${address}/in: connect ECONNREFUSED ${address}`)
  })

  it('says what refused where a name has several addresses', async () => {
    const port = (await unused()).split(':')[1]
    // The error of several attempts has no message of its own.
    const addresses = ['127.0.0.1', '127.0.0.2'].map((address) => ({ address, family: 4 }))
    const found = (_name: string, _options: unknown, done: (error: null, all: typeof addresses) => void) =>
      done(null, addresses)
    const lookup = vi.spyOn(dns, 'lookup').mockImplementation(found as unknown as typeof dns.lookup)
    cleanUp.push(() => lookup.mockRestore())
    const { message } = await failureOf(endpoint(`http://localhost:${port}/in`).post('1', never()))
    expect(message).toBe(`http://localhost:${port}/in: ECONNREFUSED`)
  })

  it('holds no secret that the server repeats', async () => {
    const { origin } = await httpServer((response, { url, headers }) =>
      response.writeHead(400).end(`${headers.authorization} is not welcome at ${url}, nor is hush`),
    )
    const target = endpoint(`${origin}/in?token=hush`, { authorization: 'Bearer s3cret' }, ['s3cret'])
    const { message } = await failureOf(target.post('1', never()))
    expect(message).toBe(`${origin}/in answered 400: Bearer *** is not welcome at /in***, nor is ***`)
    expect(target.error('no success', 'got s3cret', { retry: true }).message).toBe(
      `${origin}/in: no success: got ***`,
    )
  })

  it('is short and on one line', async () => {
    const { origin } = await httpServer((response) =>
      response.writeHead(500).end('a\r\nb\u001b[31m'.repeat(1_000)),
    )
    const { message } = await failureOf(endpoint(origin).post('1', never()))
    expect(message).not.toMatch(/\p{Cc}/u)
    expect(message.length).toBeLessThan(260)
  })
})

describe('TLS', () => {
  const secure = async () => {
    const state = { requests: 0 }
    const server = https.createServer({ cert: certificate, key }, (_, response) => {
      state.requests++
      response.end('fine')
    })
    return { url: `https://${await listen(server)}`, state }
  }

  it('is verified', async () => {
    const { url, state } = await secure()
    const failure = await failureOf(endpoint(url).post('1', never()))
    // Newer versions of Node.js add advice.
    expect(failure).toMatchObject({
      retry: true,
      message: expect.stringContaining(`${url}/: self-signed certificate`),
    })
    expect(state.requests).toBe(0)
  })

  it('accepts a certificate that NODE_EXTRA_CA_CERTS vouches for', async () => {
    const { url, state } = await secure()
    const folder = await mkdtemp(join(tmpdir(), 'offloop-tls-'))
    cleanUp.push(() => rm(folder, { recursive: true }))
    const ca = join(folder, 'ca.pem')
    await writeFile(ca, certificate)
    const compiled = fileURLToPath(new URL('../../dist/exporters/post.js', import.meta.url))
    const script = `
      const { Endpoint } = require(${JSON.stringify(compiled)})
      new Endpoint(${JSON.stringify(url)}, {}, []).post('1', new AbortController().signal).then(console.log)`
    const environment = { ...process.env, NODE_EXTRA_CA_CERTS: ca }
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', script], {
      env: environment,
      timeout: 20_000,
    })
    expect(stdout).toBe('fine\n')
    expect(state.requests).toBe(1)
  })
})
