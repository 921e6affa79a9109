import { get, type IncomingMessage } from 'node:http'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { SourceEvent } from '../../src/server/source'
import { dist } from '../dist'
import { Child } from '../support/child'
import { exchange, open, send } from '../support/http'
import { serving } from '../support/serving'
import { fakeSource } from '../support/source'

const { createServer, LIMITS } = dist<typeof import('../../src/server/server')>('server/server.js')

/** A source whose listeners can be told. */
function telling() {
  const listeners = new Set<(event: SourceEvent) => void>()
  return {
    listeners,
    tell: (event: SourceEvent) => {
      for (const listener of listeners) listener(event)
    },
    subscribe(listener: (event: SourceEvent) => void) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

const sample = (sequence: number): SourceEvent => ({
  event: 'sample',
  data: { sequence, timestamp: sequence * 1_000 },
})

/** An open stream and all that it has sent. */
class Events {
  text = ''
  ended = false
  constructor(readonly response: IncomingMessage) {
    response.setEncoding('utf8').on('data', (chunk: string) => {
      this.text += chunk
    })
    response
      .on('error', () => {})
      .on('close', () => {
        this.ended = true
      })
  }

  static async open(url: string, headers: Record<string, string> = {}): Promise<Events> {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const request = get(`${url}/v1/events`, { agent: false, headers }, resolve).on('error', reject)
      onTestFinished(() => void request.destroy())
    })
    return new Events(response)
  }

  async has(text: string): Promise<void> {
    await vi.waitFor(() => expect(this.text).toContain(text), 10_000)
  }
}

describe('/v1/events', () => {
  test('tells of what happens from now on, to all who listen', async () => {
    const source = telling()
    const url = await serving(source)
    source.tell(sample(1))
    const streams = [await Events.open(url), await Events.open(url)]
    for (const stream of streams) {
      expect(stream.response.statusCode).toBe(200)
      expect(stream.response.headers).toMatchObject({
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
      })
      await stream.has(':\n\n')
    }
    source.tell(sample(2))
    source.tell({
      event: 'stall',
      data: { id: 1, thread: 'main', startedAt: 5, durationMs: 2, ongoing: true, cause: 'code', gcMs: 0 },
    })
    for (const { text, has } of streams.map((stream) => ({
      text: () => stream.text,
      has: stream.has.bind(stream),
    }))) {
      await has('event: stall')
      expect(text()).toBe(
        ':\n\nevent: sample\ndata: {"sequence":2,"timestamp":2000}\n\n' +
          'event: stall\ndata: {"id":1,"thread":"main","startedAt":5,"durationMs":2,"ongoing":true,"cause":"code","gcMs":0}\n\n',
      )
    }
  })

  test('is of 8 clients at most, and of another one when one has left', async () => {
    const source = telling()
    const url = await serving(source)
    const streams = await Promise.all(Array.from({ length: 8 }, () => Events.open(url)))
    for (const stream of streams) await stream.has(':')
    const { status, body } = await send(`${url}/v1/events`)
    expect(status).toBe(503)
    expect(body.toString()).toMatch(/8 event streams/)
    // Others are served all the same.
    expect((await send(`${url}/healthz`)).status).toBe(200)
    streams[3]?.response.destroy()
    await vi.waitFor(() => expect(source.listeners.size).toBe(7))
    const next = await Events.open(url)
    expect(next.response.statusCode).toBe(200)
    await next.has(':')
    expect(source.listeners.size).toBe(8)
  })

  test('goes on after the time that other answers have', async () => {
    const source = telling()
    const url = await serving(
      source,
      {},
      {
        responseTimeout: 200,
        keepAliveTimeout: 100,
        requestTimeout: 300,
        headersTimeout: 200,
        connectionsCheckingInterval: 50,
      },
    )
    const stream = await Events.open(url)
    await stream.has(':')
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    source.tell(sample(7))
    await stream.has('"sequence":7')
    expect(stream.ended).toBe(false)
  })

  test('loses a client that does not read, and keeps the others', async () => {
    const source = telling()
    const url = await serving(source)
    const deaf = open(url, 'GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n')
    deaf.pause()
    onTestFinished(() => void deaf.destroy())
    const stream = await Events.open(url)
    await vi.waitFor(() => expect(source.listeners.size).toBe(2))
    const long = 'x'.repeat(10_000)
    // What kernels hold of a connection is some megabytes.
    for (let sequence = 1; source.listeners.size === 2 && sequence < 20_000; sequence++) {
      source.tell({ event: 'sample', data: { ...sample(sequence).data, long } as never })
      await new Promise(setImmediate)
    }
    expect(source.listeners.size).toBe(1)
    source.tell(sample(99_999))
    await stream.has('"sequence":99999')
  })

  test('ends when the server does', async () => {
    const source = telling()
    const server = createServer(
      { host: '127.0.0.1', port: 0, hosts: [], token: undefined },
      fakeSource(source),
      LIMITS,
    )
    const { url } = await server.listen()
    const stream = await Events.open(url)
    await stream.has(':')
    await server.close()
    await vi.waitFor(() => expect(stream.ended).toBe(true))
    expect(source.listeners.size).toBe(0)
  })

  test('holds no request behind it, and does no work for HEAD or what is not allowed', async () => {
    const source = telling()
    const url = await serving(source, { token: 'secret' })
    expect((await send(`${url}/v1/events`)).status).toBe(401)
    const headers = { Authorization: 'Bearer secret' }
    expect((await send(`${url}/v1/events`, { method: 'POST', headers })).status).toBe(405)
    expect((await send(`${url}/v1/events`, { headers: { ...headers, Host: 'evil.example' } })).status).toBe(
      403,
    )
    expect((await send(`${url}/v1/events?x=1`, { headers })).status).toBe(400)
    const head = await send(`${url}/v1/events`, { method: 'HEAD', headers })
    expect([head.status, head.body.length]).toEqual([200, 0])
    expect(source.listeners.size).toBe(0)
    const stream = await Events.open(url, headers)
    await stream.has(':')
    expect(stream.response.headers.connection).toBe('close')
  })

  test('a client that sent more behind it gets no more answers', async () => {
    const source = telling()
    const url = await serving(source)
    const request = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`
    const all = exchange(url, request('/v1/events') + request('/healthz'))
    await vi.waitFor(() => expect(source.listeners.size).toBe(1))
    expect(await Promise.race([all, send(`${url}/healthz`).then(() => 'open')])).toBe('open')
  })
})

test('events come while the main thread is blocked, and keep no process alive', {
  timeout: 60_000,
}, async () => {
  const child = new Child('verdicts.cjs', { args: ['idle'], execArgv: ['--expose-gc'] })
  const { url } = await child.next<{ url: string }>()
  const stream = await Events.open(url)
  await stream.has('event: sample')
  child.send('block')
  await child.next()
  // The block is 3 s, and there is a sample every 100 ms.
  const count = () => stream.text.split('event: sample').length
  const before = count()
  await vi.waitFor(() => expect(count()).toBeGreaterThan(before + 10), 10_000)
  child.send('end')
  expect((await child.exited).code).toBe(0)
  await vi.waitFor(() => expect(stream.ended).toBe(true))
})
