import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Target } from './attack'
import { dial, flood, HOST, hammer } from './clients'

// The HTTP server of a real sampling thread, which meanwhile samples every 100 ms.

const MS = 250
/** Enough connections to keep the thread busy, and few enough to leave some of the 64 to others. */
const FEW = 8

describe('the sampler keeps its ticks and its memory while', () => {
  const clean: (() => void)[] = []
  let target: Target
  // One for all floods: what each of them leaves behind would add up.
  beforeAll(async () => {
    target = await Target.start({ finished: (kill) => clean.push(kill) })
  })
  afterAll(async () => {
    try {
      await target.end()
    } finally {
      for (const kill of clean) kill()
    }
  })

  const metrics = `GET /metrics HTTP/1.1\r\n${HOST}\r\n`
  const post = (headers: string) => `POST / HTTP/1.1\r\n${HOST}${headers}\r\n\r\n`
  const floods: [string, Omit<Parameters<typeof flood>[1], 'ms'>, clients?: number][] = [
    ['requests are pipelined without end', { more: Buffer.from(metrics.repeat(2_000)) }, 40],
    ['and their answers are never read', { more: Buffer.from(metrics.repeat(2_000)), reads: false }, 40],
    ['a URL is 10 MB long', { head: 'GET /', more: Buffer.alloc(10_000_000, 'x') }],
    [
      'a query is 10 MB long',
      { head: 'GET /v1/query?metric=', more: Buffer.from('&metric=%00'.repeat(900_000)) },
    ],
    ['a header is endless', { head: `GET / HTTP/1.1\r\n${HOST}X: `, more: Buffer.alloc(1 << 20, 'x') }],
    [
      'headers are endless',
      { head: `GET / HTTP/1.1\r\n${HOST}`, more: Buffer.from('a: b\r\n'.repeat(100_000)) },
    ],
    ['a body is endless', { head: post(`Content-Length: ${2 ** 50}`), more: Buffer.alloc(1 << 20) }],
    [
      'a body is endless and in chunks',
      { head: post('Transfer-Encoding: chunked'), more: Buffer.from(`ffff\r\n${'x'.repeat(0xffff)}\r\n`) },
    ],
    [
      'a body is endless and in chunks of a byte',
      { head: post('Transfer-Encoding: chunked'), more: Buffer.from('1\r\nx\r\n'.repeat(20_000)) },
    ],
    [
      'a GET has such a body',
      {
        head: `GET /metrics HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n`,
        more: Buffer.from('1\r\nx\r\n'.repeat(20_000)),
      },
    ],
    ['what comes is not HTTP', { more: Buffer.from(`\0\x16\x03${'garbage\r\n\r\n'.repeat(10_000)}`) }],
  ]

  test.each(floods)('%s', async (_, options, clients = FEW) => {
    await target.endure((url) =>
      Promise.all(Array.from({ length: clients }, () => flood(url, { ...options, ms: MS }))),
    )
  })

  test('60 clients ask for all that they may', async () => {
    let answers = 0
    await target.endure(async (url) => {
      const counts = await Promise.all(Array.from({ length: 60 }, () => hammer(url, '/metrics', 32, 3 * MS)))
      answers += counts.reduce((sum, count) => sum + count, 0)
    })
    // All of the first packets at least.
    expect(answers).toBeGreaterThanOrEqual(60 * 32)
  })

  test('clients leave in the middle of everything', async () => {
    const beginnings = [
      '',
      'G',
      `GET /metrics HTTP/1.1\r\n`,
      metrics,
      metrics.repeat(20),
      post('Content-Length: 9'),
    ]
    await target.endure(async (url) => {
      const until = Date.now() + MS
      while (Date.now() < until) {
        await Promise.all(
          beginnings.map(
            (bytes, index) =>
              new Promise((resolve) => {
                const socket = dial(url).once('close', resolve)
                socket.write(bytes, () => setTimeout(() => socket.resetAndDestroy(), index % 3))
              }),
          ),
        )
      }
    })
  })
})
