import fc from 'fast-check'
import { expect } from 'vitest'
import { metrics } from '../../src/core/metrics'
import { parseOpenMetrics, parsePrometheus } from '../support/exposition'
import { send } from '../support/http'
import { talk } from './clients'
import { parseResponses, type Response } from './responses'

export const TOKEN = 'fuzz-t0ken'

type Text = fc.Arbitrary<string>

const printable = Array.from({ length: 94 }, (_, index) => String.fromCharCode(33 + index))
const token = fc.string({ unit: fc.constantFrom(...'abcXYZ019-_.~!%&*'), minLength: 1, maxLength: 20 })
/** Characters that HTTP allows nearly everywhere, so that requests get further than Node's own parser. */
const tame: Text = fc.string({ unit: fc.constantFrom(...printable), minLength: 1, maxLength: 30 })
/** Bytes as characters: a request is written in latin1. */
const wild: Text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }).map((any) => Buffer.from(any).toString('latin1')),
  fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array).toString('latin1')),
)

function targets(text: Text): Text {
  const encoded = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 20 }).map(encodeURIComponent),
    fc.constantFrom('%00', '%', '%zz', '%ff%fe', '+', '%2b', '%25%30%30', '\uD800'),
    text,
  )
  const time = fc.oneof(
    fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
    // Of the right shape.
    fc.stringMatching(/^\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-6]\d:[0-6]\d(\.\d{1,9})?(Z|[ +-][0-2]\d:[0-6]\d)$/),
    fc.constantFrom(
      'now',
      '0',
      '-1',
      '1793534400000',
      '8640000000000001',
      '2026-02-30T00:00:00Z',
      '2026-01-01T00:00:00+24:00',
      '2026-01-01',
    ),
    encoded,
  )
  const known = fc.constantFrom(...metrics.map((metric) => metric.name))
  const parameter = fc.oneof(
    { weight: 4, arbitrary: fc.tuple(fc.constantFrom('start', 'end'), time) },
    fc.tuple(fc.constant('maxPoints'), fc.oneof(fc.integer().map(String), encoded)),
    fc.tuple(encoded, encoded),
  )
  const metric = fc.tuple(fc.constant('metric'), fc.oneof({ weight: 4, arbitrary: known }, encoded))
  const query = fc
    .tuple(metric, fc.array(parameter, { maxLength: 3 }))
    .map(([first, others]) => [first, ...others].map(([key, value]) => `${key}=${value}`).join('&'))
  const path = fc.constantFrom('/', '/metrics', '/v1/query', '/v1/query/range', '/v1/status', '/healthz')
  const queried = fc.constantFrom('/v1/query', '/v1/query/range')
  const several = fc.tuple(
    fc.constant('metrics'),
    fc.array(fc.oneof(known, encoded), { maxLength: 4 }).map((names) => names.join(',')),
  )
  const series = fc
    .tuple(several, fc.array(parameter, { maxLength: 3 }))
    .map(([first, others]) => [first, ...others].map(([key, value]) => `${key}=${value}`).join('&'))
  return fc.oneof(
    { weight: 3, arbitrary: series.map((given) => `/v1/series?${given}`) },
    { weight: 6, arbitrary: fc.tuple(queried, query).map(([at, given]) => `${at}?${given}`) },
    { weight: 3, arbitrary: fc.constant('/metrics') },
    { weight: 2, arbitrary: path },
    fc.tuple(path, encoded).map(([at, more]) => `${at}/${more}`),
    fc.tuple(encoded, path).map(([host, at]) => `http://${host}${at}`),
    text.map((any) => `/${any}`),
    text,
    fc.constantFrom('*', '', '//', '/..', '/%2e%2e/', '?', '#', 'http:', 'a:1'),
  )
}

function headersOf(text: Text): fc.Arbitrary<readonly (readonly [string, string])[]> {
  const quality = fc.oneof(fc.float().map(String), fc.constantFrom('0', '1', '0.5', '', 'x', '"', '"\\'))
  const ranges = (...values: string[]): Text => {
    const separator = fc.constantFrom(';q=', ';version=', '; q=', ';"', ',')
    const range = fc.tuple(fc.oneof(fc.constantFrom(...values), text), separator, quality)
    return fc
      .array(
        range.map((parts) => parts.join('')),
        { maxLength: 4 },
      )
      .map((all) => all.join(', '))
  }
  const harmless = fc.oneof(
    { weight: 3, arbitrary: fc.tuple(fc.constant('Accept'), ranges('application/openmetrics-text', '*/*')) },
    fc.tuple(fc.constant('Accept'), fc.constant('application/openmetrics-text;version=1.0.0')),
    fc.tuple(fc.constant('Accept-Encoding'), ranges('gzip', 'identity', '*', 'br')),
    fc.tuple(fc.constant('Upgrade'), fc.constantFrom('websocket', 'h2c', 'TLS/1.0')),
    fc.tuple(fc.constant('Connection'), fc.oneof(fc.constantFrom('keep-alive', 'Upgrade', 'close'), text)),
    fc.tuple(fc.constant('Expect'), fc.constant('100-continue')),
    fc.tuple(
      token.map((name) => `X-${name}`),
      text,
    ),
  )
  const harmful = fc.oneof(
    fc.tuple(fc.constant('Host'), fc.oneof(fc.constantFrom('127.0.0.1:80', '[::1]', 'evil.example'), text)),
    fc.tuple(
      fc.constant('Authorization'),
      fc.oneof(
        text.map((any) => `Bearer ${any}`),
        text,
      ),
    ),
    fc.tuple(fc.constant('Content-Length'), fc.oneof(fc.nat(500).map(String), text)),
    fc.tuple(fc.constant('Transfer-Encoding'), fc.oneof(fc.constantFrom('chunked', 'gzip, chunked'), text)),
    fc.tuple(fc.constant('Expect'), text),
    fc.tuple(text, text),
  )
  return fc.array(fc.oneof({ weight: 8, arbitrary: harmless }, harmful), { maxLength: 4 })
}

/** Nine of ten times the first of `values`. */
const mostly = (...values: string[]): Text =>
  fc.oneof({ weight: 9, arbitrary: fc.constant(values[0] as string) }, fc.constantFrom(...values))

const requests = (text: Text) =>
  fc.record({
    method: fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom('GET', 'GET', 'HEAD') },
      fc.constantFrom('POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT', 'QUERY'),
      fc.oneof(token, text),
    ),
    target: targets(text),
    version: mostly('HTTP/1.1', 'HTTP/1.0', 'HTTP/0.9', 'HTTP/2.0', 'HTTP/1.10', 'http/1.1', ''),
    // Most have what a request needs to get further than the door.
    host: mostly('Host: localhost\r\n', ''),
    authorized: mostly(`Authorization: Bearer ${TOKEN}\r\n`, ''),
    headers: headersOf(text),
    lineEnd: mostly('\r\n', '\r\n', '\r\n', '\n', '\r', '\r\n ', ''),
    body: fc.oneof(
      { weight: 6, arbitrary: fc.constant('') },
      fc.constantFrom('0\r\n\r\n', '5\r\nhello\r\n', 'ffffffffffffffff\r\n', '-1\r\n'),
      text,
    ),
    /** Where the packet is cut in two, from 0 to 1. */
    cut: fc.double({ min: 0, max: 1, noNaN: true }),
  })
const request = fc.oneof({ weight: 3, arbitrary: requests(tame) }, requests(fc.oneof(tame, wild)))

// Ends whatever of the request is still open, and then the connection: so there is an answer in any case.
const ENDING = `\r\n\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${TOKEN}\r\nConnection: close\r\n\r\n`

/** Every answer is well-formed, with a status of 200 or 4xx, and the next good request is served. */
export async function fuzzHttp(url: string, numRuns: number): Promise<void> {
  let runs = 0
  const property = fc.asyncProperty(request, async (given) => {
    const lines = given.headers.map(([key, value]) => `${key}: ${value}${given.lineEnd}`).join('')
    const head = `${given.method} ${given.target} ${given.version}${given.lineEnd}`
    const all = Buffer.from(
      `${head}${given.host}${given.authorized}${lines}\r\n${given.body}${ENDING}`,
      'latin1',
    )
    const at = Math.floor(given.cut * all.length)
    // Some leave the connection open, and rightly: nothing more is expected of these after 200 ms.
    const answer = await talk(url, [all.subarray(0, at), all.subarray(at)], 200)
    const responses = parseResponses(answer, { head: given.method === 'HEAD' })
    expect(responses.length).toBeGreaterThan(0)
    expect(answer.includes(TOKEN)).toBe(false)
    responses.forEach(check)
    if (++runs % 20 === 0) await checkGood(url)
  })
  // A failure tells the seed and the path to the smallest request that fails.
  await fc.assert(property, { numRuns })
  await checkGood(url)
}

function check({ status, headers, body }: Response): void {
  expect(status === 200 || (status >= 400 && status < 500), `${status} ${body}`).toBe(true)
  if (body === '') return
  const type = headers.get('content-type') ?? ''
  if (status !== 200) expect(JSON.parse(body)).toEqual({ error: expect.stringMatching(/./) })
  else if (type.startsWith('text/plain')) parsePrometheus(body)
  else if (type.startsWith('application/openmetrics-text')) parseOpenMetrics(body)
  else if (type.startsWith('application/json')) JSON.parse(body)
  else expect(type).toBe('text/html; charset=utf-8')
}

async function checkGood(url: string): Promise<void> {
  const { status, body } = await send(`${url}/metrics`, { headers: { Authorization: `Bearer ${TOKEN}` } })
  expect(status).toBe(200)
  expect(parsePrometheus(body.toString()).has('offloop_missed_ticks_total')).toBe(true)
}
