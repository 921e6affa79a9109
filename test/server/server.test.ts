import { once } from 'node:events'
import { createServer as createTcpServer } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { dist } from '../dist'
import { exchange, open, send } from '../support/http'
import { serving } from '../support/serving'
import { fakeSource, series } from '../support/source'

const { createServer } = dist<typeof import('../../src/server/server')>('server/server.js')

const SETTINGS = { host: '127.0.0.1', port: 0, hosts: [], token: undefined }

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}

/** However slow the machine is. */
const SOON = { timeout: 10_000 }

describe('listen', () => {
  it('tells where it listens', async () => {
    const server = createServer(SETTINGS, fakeSource())
    onTestFinished(() => server.close())
    const { host, port, url } = await server.listen()
    expect({ host, url }).toEqual({ host: '127.0.0.1', url: `http://127.0.0.1:${port}` })
    expect((await send(`${url}/healthz`)).status).toBe(200)
  })

  it.each([
    ['0.0.0.0', '127.0.0.1'],
    ['localhost', '(?:127\\.0\\.0\\.1|\\[::1\\])'],
    ['::1', '\\[::1\\]'],
    ['::', '\\[::1\\]'],
  ])('on %s gives a URL that one can use', async (host, expected) => {
    const url = await serving({}, { host })
    expect(url).toMatch(new RegExp(`^http://${expected}:\\d+$`))
    expect((await send(`${url}/healthz`)).status).toBe(200)
  })

  it('rejects where the port is taken, and says which and what to do', async () => {
    const other = createTcpServer().listen(0, '127.0.0.1')
    onTestFinished(() => void other.close())
    await once(other, 'listening')
    const { port } = other.address() as { port: number }
    const server = createServer({ ...SETTINGS, port }, fakeSource())
    await expect(server.listen()).rejects.toMatchObject({
      name: 'OffloopError',
      code: 'ERR_OFFLOOP_ADDRESS_IN_USE',
      message: expect.stringMatching(`^127\\.0\\.0\\.1:${port} is in use: .*serve\\.port`),
      cause: { code: 'EADDRINUSE' },
    })
    await server.close()
  })

  it('rejects an address that is not this machine’s', async () => {
    // TEST-NET-1, which is nobody's.
    await expect(
      createServer({ ...SETTINGS, host: '192.0.2.1' }, fakeSource()).listen(),
    ).rejects.toMatchObject({
      code: 'ERR_OFFLOOP_LISTEN',
      message: expect.stringMatching(/^cannot listen on 192\.0\.2\.1:0: .*\(EADDRNOTAVAIL\)$/),
    })
  })
})

describe('close', () => {
  it('ends open connections at once: idle ones, slow requests and slow answers', async () => {
    const server = createServer(SETTINGS, fakeSource({ scrape: () => new Promise(() => {}) }))
    const { url } = await server.listen()
    const sockets = [
      open(url),
      open(url, 'GET /healthz HT'),
      open(url, 'GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n'),
    ]
    const ended = Promise.all(sockets.map((socket) => once(socket.on('error', () => {}).resume(), 'close')))
    expect((await send(`${url}/healthz`)).status).toBe(200)
    await server.close()
    await ended
    await expect(send(`${url}/healthz`)).rejects.toThrow('ECONNREFUSED')
  })

  it('may come twice, or before listen, or while it is about to listen', async () => {
    const server = createServer({ ...SETTINGS, host: 'localhost' }, fakeSource())
    await server.close()
    const listening = server.listen()
    await server.close()
    const { url } = await listening
    await expect(send(url)).rejects.toThrow('ECONNREFUSED')
    await server.close()
  })
})

describe('every answer', () => {
  it.each(['/metrics', '/healthz', '/v1/query', '/nothing'])(
    'of %s is for this origin and this moment only',
    async (path) => {
      const { headers } = await send((await serving()) + path)
      expect(headers).toMatchObject({
        'cache-control': 'no-store',
        'cross-origin-resource-policy': 'same-origin',
        'x-content-type-options': 'nosniff',
      })
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([])
    },
  )

  it.each(['/', '/metrics', '/healthz', '/v1/query', '/nothing'])(
    'to HEAD %s is that to GET without its body',
    async (path) => {
      const url = (await serving()) + path
      const [get, head] = [await send(url), await send(url, { method: 'HEAD' })]
      delete get.headers.date
      delete head.headers.date
      expect(head.headers).toEqual(get.headers)
      expect(head.status).toBe(get.status)
      expect(Number(head.headers['content-length'])).toBe(get.body.length)
      expect(head.body).toHaveLength(0)
    },
  )

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE'])(
    'to %s is that there is GET',
    async (method) => {
      const url = await serving()
      const { status, headers } = await send(`${url}/metrics`, { method })
      expect({ status, allow: headers.allow }).toEqual({ status: 405, allow: 'GET, HEAD' })
    },
  )

  it('comes while a body is still on its way, which nobody reads', async () => {
    const url = await serving()
    const socket = open(
      url,
      'POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\nx',
    )
    const [data] = (await once(socket, 'data')) as [Buffer]
    expect(data.toString()).toMatch(/^HTTP\/1\.1 405 /)
    socket.destroy()
  })

  it('follows the one before it on the same connection', async () => {
    const gates = [deferred<void>(), deferred<void>()]
    const scrape = vi.fn(async () => {
      await gates[scrape.mock.calls.length - 1]?.promise
      return fakeSource().scrape()
    })
    const url = await serving({ scrape })
    const get = (path: string, more = ''): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${more}\r\n`
    const answers = exchange(
      url,
      get('/metrics') + get('/metrics') + get('/healthz', 'Connection: close\r\n'),
    )
    await vi.waitFor(() => expect(scrape).toHaveBeenCalled())
    // Another connection meanwhile is served; the second request of this one is not begun.
    await send(`${url}/healthz`)
    expect(scrape).toHaveBeenCalledTimes(1)
    gates[0]?.resolve()
    await vi.waitFor(() => expect(scrape).toHaveBeenCalledTimes(2))
    gates[1]?.resolve()
    expect((await answers).match(/^Content-Type: \S+/gm)).toEqual([
      'Content-Type: text/plain;',
      'Content-Type: text/plain;',
      'Content-Type: application/json;',
    ])
  })

  it('is not begun for a client that has left', async () => {
    const gate = deferred<void>()
    const scrape = vi.fn(() => gate.promise.then(fakeSource().scrape))
    const url = await serving({ scrape })
    const socket = open(url, 'GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(2))
    await vi.waitFor(() => expect(scrape).toHaveBeenCalledTimes(1))
    socket.resetAndDestroy()
    // The server hears of it in the order of events, so before this request.
    await send(`${url}/healthz`)
    gate.resolve()
    await send(`${url}/metrics`)
    expect(scrape).toHaveBeenCalledTimes(2)
  })

  it('is 500 without particulars where the source fails, and the next one is none the worse', async () => {
    const url = await serving({
      scrape: () => Promise.reject(new Error('secret')),
      query: () => {
        throw new Error('secret')
      },
    })
    for (const path of ['/metrics', '/v1/query?metric=x', '/v1/query/range?metric=x']) {
      const { status, headers, body } = await send(url + path)
      expect(status).toBe(500)
      expect(headers['content-type']).toMatch('application/json')
      expect(JSON.parse(body.toString())).toEqual({ error: 'internal error' })
    }
    expect((await send(`${url}/healthz`)).status).toBe(200)
  })
})

describe('limits', () => {
  const END = Date.now()
  // More than the buffers of a loopback connection take.
  const large = { query: () => [series('x', { count: 100_000, end: END, stepMs: 1 })] }
  const LARGE = 'GET /v1/query?metric=x HTTP/1.1\r\nHost: localhost\r\n\r\n'

  it.each([
    ['no HTTP at all', 'hello\r\n\r\n', 400],
    ['a bad header', 'GET / HTTP/1.1\r\nHost: localhost\r\nbad header\r\n\r\n', 400],
    ['HTTP/1.1 without Host', 'GET / HTTP/1.1\r\n\r\n', 400],
    [
      'two lengths',
      'GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
      400,
    ],
    [
      'headers that are too long',
      `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
      431,
    ],
    ['a URL that is too long', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`, 431],
  ])('refuse %s', async (_, bytes, status) => {
    const url = await serving()
    expect(await exchange(url, bytes)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect((await send(`${url}/healthz`)).status).toBe(200)
  })

  it('end a connection that sends nothing, or a request that does not end', async () => {
    const limits = { headersTimeout: 100, requestTimeout: 200, connectionsCheckingInterval: 50 }
    const url = await serving({}, {}, limits)
    const body = 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n'
    const ended = await Promise.all([
      exchange(url, ''),
      exchange(url, 'GET / HTTP/1.1\r\n'),
      exchange(url, body),
    ])
    expect(ended.map((text) => text.split(' ')[1])).toEqual(['408', '408', '405'])
  })

  it('end a connection whose client does not read', async () => {
    const url = await serving(large, {}, { responseTimeout: 300 })
    const socket = open(url, LARGE).pause()
    await setTimeout(1000)
    // What the system had taken on by then still arrives.
    const [head = ''] = (await text(socket.on('error', () => {}))).split('\r\n\r\n', 1)
    const length = Number(/^Content-Length: (\d+)/m.exec(head)?.[1])
    expect(socket.bytesRead).toBeLessThan(length)
  })

  it('refuse further answers while clients leave too much unread', async () => {
    const url = await serving(large, {}, { maxWaitingBytes: 1_000_000 })
    const socket = open(url, LARGE).pause()
    await vi.waitFor(async () => {
      const { status, body } = await send(`${url}/healthz`)
      expect({ status, body: JSON.parse(body.toString()) }).toMatchObject({
        status: 503,
        body: { error: /./ },
      })
    }, SOON)
    socket.destroy()
    await vi.waitFor(async () => expect((await send(`${url}/healthz`)).status).toBe(200), SOON)
  })

  it('bound the number of connections', async () => {
    const url = await serving({}, {}, { maxConnections: 2 })
    const sockets = [open(url), open(url)]
    await Promise.all(sockets.map((socket) => once(socket, 'connect')))
    await expect(send(`${url}/healthz`)).rejects.toThrow()
    for (const socket of sockets) socket.destroy()
    await vi.waitFor(async () => expect((await send(`${url}/healthz`)).status).toBe(200), SOON)
  })

  it('outlive clients that leave in the middle', async () => {
    const url = await serving(large)
    for (let i = 0; i < 20; i++) {
      const socket = open(url, LARGE)
      if (i % 2 === 0) await once(socket, 'data')
      socket.resetAndDestroy()
    }
    expect((await send(`${url}/healthz`)).status).toBe(200)
  })
})
