import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { Stall } from '../../src/core/stall'
import { batch, gauge } from '../support/batches'
import { parseOpenMetrics, parsePrometheus } from '../support/exposition'
import { exchange, send } from '../support/http'
import { serving } from '../support/serving'

const TEXT = 'text/plain; version=0.0.4; charset=utf-8'
const OPEN_METRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8'

describe('/metrics', () => {
  it('is the scrape of this moment', async () => {
    let value = 0
    const url = await serving({ scrape: () => Promise.resolve(batch(1, [gauge('x', ++value)])) })
    for (const expected of [1, 2]) {
      const { headers, body } = await send(`${url}/metrics`)
      expect(headers['content-type']).toBe(TEXT)
      expect(parsePrometheus(body.toString()).get('x')?.samples[0]?.value).toBe(expected)
    }
  })

  it('is OpenMetrics where that is asked for', async () => {
    const { headers, body } = await send(`${await serving()}/metrics`, {
      headers: { Accept: 'application/openmetrics-text' },
    })
    expect(headers['content-type']).toBe(OPEN_METRICS)
    expect(headers.vary).toMatch(/\bAccept\b/)
    expect(parseOpenMetrics(body.toString()).get('x')?.samples[0]?.value).toBe(1)
  })

  it.each([
    // What Prometheus 2.5, 2.42 and 3.0 send.
    ['application/openmetrics-text; version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1', TEXT],
    [
      'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
      OPEN_METRICS,
    ],
    [
      'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
      OPEN_METRICS,
    ],
    // A browser, curl, fetch.
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', TEXT],
    ['*/*', TEXT],
    ['', TEXT],
    ['text/*', TEXT],
    ['application/json', TEXT],
    ['application/openmetrics-text;q=0', TEXT],
    ['application/openmetrics-text;q=0, */*', TEXT],
    ['application/openmetrics-text;q=0.4, text/plain;q=0.5', TEXT],
    ['application/openmetrics-text;q=0.4, */*;q=0.5', TEXT],
    ['application/openmetrics-text;q=0.5, text/plain;q=0.5', OPEN_METRICS],
    ['text/plain, application/openmetrics-text', OPEN_METRICS],
    ['application/openmetrics-text;q=0.4, text/plain;version=1.0.0', OPEN_METRICS],
    [
      'application/openmetrics-text;version=1.0.0;q=0.1, application/openmetrics-text, text/plain;q=0.5',
      TEXT,
    ],
    ['Application/OpenMetrics-Text ; Version="1.0.0" ; Q=1', OPEN_METRICS],
    ['application/openmetrics-text;version=2.0.0', TEXT],
    ['application/*, text/plain;q=0.1', OPEN_METRICS],
    ['application/json;a="application/openmetrics-text,", text/plain', TEXT],
    ['application/json;a=",application/openmetrics-text,", text/plain', TEXT],
    ['application/openmetrics-text;q=high', TEXT],
    ['application/openmetrics-text;q=5', TEXT],
    ['application/openmetrics-text;q=-1, text/plain;q=-2', TEXT],
  ])('for Accept: %s is %s', async (accept, type) => {
    const { headers } = await send(`${await serving()}/metrics`, { headers: { Accept: accept } })
    expect(headers['content-type']).toBe(type)
  })

  const large = {
    scrape: () =>
      Promise.resolve(
        batch(
          1,
          Array.from({ length: 100 }, (_, i) => gauge(`x${i}`, i)),
        ),
      ),
  }
  it.each([
    ['gzip', true],
    ['deflate, GZip;q=0.5', true],
    ['x-gzip', true],
    ['*', true],
    ['gzip, identity', true],
    ['', false],
    ['identity', false],
    ['br', false],
    ['gzip;q=0', false],
    ['gzip;q=0, *', false],
    ['gzip;q=0.4, identity', false],
  ])('for Accept-Encoding: %s is gzipped: %s', async (encoding, zipped) => {
    const url = await serving(large)
    const plain = await send(`${url}/metrics`)
    const { headers, body } = await send(`${url}/metrics`, { headers: { 'Accept-Encoding': encoding } })
    expect(headers['content-encoding']).toBe(zipped ? 'gzip' : undefined)
    expect(Number(headers['content-length'])).toBe(body.length)
    expect(headers.vary).toMatch('Accept-Encoding')
    expect((zipped ? gunzipSync(body) : body).toString()).toBe(plain.body.toString())
    expect(plain.headers['content-encoding']).toBeUndefined()
  })

  it('is not gzipped where it is small anyway', async () => {
    const { headers } = await send(`${await serving()}/metrics`, { headers: { 'Accept-Encoding': 'gzip' } })
    expect(headers['content-encoding']).toBeUndefined()
  })
})

describe('/healthz', () => {
  it('tells what the source tells', async () => {
    const { status, headers, body } = await send(
      `${await serving({ health: () => ({ samples: 3 }) })}/healthz`,
    )
    expect(status).toBe(200)
    expect(headers['content-type']).toBe('application/json; charset=utf-8')
    expect(JSON.parse(body.toString())).toEqual({ status: 'ok', samples: 3 })
  })
})

describe('/v1/stalls', () => {
  it('shows those of the source', async () => {
    const stall: Stall = {
      id: 1,
      thread: 'main',
      startedAt: 5,
      durationMs: 1_200,
      ongoing: true,
      cause: 'native',
      gcMs: 0,
    }
    const stalls = { thresholdMs: 1_000, stalls: [stall] }
    const { status, body } = await send(`${await serving({ stalls: () => stalls })}/v1/stalls`)
    expect(status).toBe(200)
    expect(JSON.parse(body.toString())).toEqual(stalls)
  })
})

describe('/', () => {
  it('names everything that is here', async () => {
    const url = await serving()
    const { headers, body } = await send(url)
    expect(headers['content-type']).toBe('text/html; charset=utf-8')
    const { error } = JSON.parse((await send(`${url}/nothing`)).body.toString()) as { error: string }
    const paths = error.match(/\/(?:v1|metrics|healthz)[/\w]*/g) ?? []
    expect(paths).toEqual([
      '/metrics',
      '/v1/query',
      '/v1/query/range',
      '/v1/series',
      '/v1/status',
      '/v1/events',
      '/v1/stalls',
      '/healthz',
    ])
    for (const path of paths) expect(body.toString()).toContain(path)
  })
})

describe('paths', () => {
  it.each([
    '/nothing',
    '/metrics/',
    '/Metrics',
    '//metrics',
    '/v1',
    '/constructor',
    '/metrics%2f',
    '/../metrics',
  ])('%s is not there', async (path) => {
    const answer = await exchange(
      await serving(),
      `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
    )
    expect(answer).toMatch(/^HTTP\/1\.1 404 .*"error":"nothing is at /s)
  })

  it.each(['/healthz?', '/healthz?a=1', 'http://localhost/healthz', 'HTTP://localhost:9464/healthz?a=1'])(
    '%s is /healthz',
    async (target) => {
      const answer = await exchange(
        await serving(),
        `GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
      )
      expect(answer).toMatch(/^HTTP\/1\.1 200 .*"status":"ok"/s)
    },
  )

  it.each(['http://localhost', 'http://localhost?a=1', '/?a=1'])('%s is /', async (target) => {
    const answer = await exchange(
      await serving(),
      `GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
    )
    expect(answer).toMatch(/^HTTP\/1\.1 200 .*<!doctype html>/s)
  })
})
