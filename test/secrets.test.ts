// That no secret gets out by any way that leads out: standard output and error, errors, events, batches, and all that
// is served, with and without the token, while the server that is exported to repeats them in its refusals.
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import { Child } from './support/child'
import { send } from './support/http'

const TOKEN = 'tok-sw0rdfish'
const QUERY = 'query-h0neydew'
const ENVIRONMENT = 'env-p0megranate'
const HELD = {
  token: TOKEN,
  key: 'key-marm4lade',
  header: 'header-t4ngerine',
  basic: 'basic-r4spberry',
  option: 'option-c1oudberry',
  password: 'password-bl4ckcurrant',
}
const SECRETS = [...Object.values(HELD), QUERY, ENVIRONMENT, btoa(`ann:${HELD.basic}`)]

/** All that the request told, and what one may conclude from it. */
function indiscreet(headers: IncomingHttpHeaders): readonly string[] {
  const given = ['authorization', 'api-key', 'x-env'].flatMap((name) => headers[name] ?? []).map(String)
  const parts = given.map((text) => text.replace(/^\S+ /, ''))
  return [...given, ...parts, ...parts.map((text) => Buffer.from(text, 'base64').toString())]
}

let close: (() => void) | undefined
afterEach(() => close?.())

test.each([401, 500, 200])(
  'no secret is told, where the server answers %i and repeats it',
  async (status) => {
    const seen: IncomingHttpHeaders[] = []
    const server = createServer((request, response) => {
      seen.push(request.headers)
      const words = `no such key: ${indiscreet(request.headers).join(', ')}, at ${request.url}`
      const type = request.headers['content-type'] ?? ''
      response.writeHead(status, { 'content-type': type, 'X-Refused': String(request.headers.authorization) })
      response.end(status === 200 ? partialSuccess(type, words) : JSON.stringify({ error: words }))
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    close = () => {
      server.close()
      server.closeAllConnections()
    }
    const target = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/ingest?auth=${QUERY}`
    const child = new Child('secrets.cjs', {
      args: [target],
      env: { THE_SECRETS: JSON.stringify(HELD), OTEL_EXPORTER_OTLP_HEADERS: `x-env=${ENVIRONMENT}` },
    })
    const { url } = await child.next<{ url: string }>()
    const count = (name: string, text: string) =>
      seen.filter((headers) => String(headers[name] ?? '').startsWith(text)).length
    // The second time is after a message about the first one.
    await vi.waitFor(() => {
      for (const [name, text] of [
        ['authorization', 'Bearer'],
        ['authorization', 'Basic'],
        ['api-key', ''],
      ] as const)
        expect(count(name, text)).toBeGreaterThanOrEqual(2)
    }, 20_000)

    const answers: string[] = []
    const paths = [
      '/',
      '/metrics',
      '/healthz',
      '/v1/query?metric=nodejs_heap_size_used_bytes',
      '/v1/query/range?metric=offloop_export_failures_total',
      '/v1/query',
      '/v1/series?metrics=offloop_export_failures_total',
      '/v1/status',
      '/v1/stalls',
      '/v1/events',
      `/${TOKEN}`,
    ]
    for (const path of paths) {
      for (const given of [`Bearer ${TOKEN}`, `Bearer ${TOKEN}x`, `Basic ${TOKEN}`, undefined]) {
        const { status, headers, body } = await send(url + path, {
          headers: given === undefined ? {} : { authorization: given },
          until: 'event: sample',
        })
        // The path is the client's own.
        answers.push(`${status} ${JSON.stringify(headers)}${body}`.replaceAll(path, ''))
      }
    }
    child.send('stop')
    const { code, stdout, stderr } = await child.exited

    expect(code, stderr).toBe(0)
    // It was all said, only not that.
    expect(SECRETS.filter((secret) => !JSON.stringify(seen.map(indiscreet)).includes(secret))).toEqual(
      // These go to nobody, and the query is no header.
      [TOKEN, HELD.option, HELD.password, QUERY],
    )
    expect(answers.filter((answer) => answer.startsWith('200 '))).toHaveLength(paths.length - 2 + 3)
    // All but the page itself, which holds no figure.
    expect(answers.filter((answer) => answer.startsWith('401 '))).toHaveLength((paths.length - 1) * 3)
    for (const name of ['tinyobs', 'otlp', 'otlp#2', 'telltale'])
      expect(stdout).toMatch(new RegExp(`exporter ${name}: .*\\*\\*\\*`))
    expect(stdout).toContain('ERR_OFFLOOP_EXPORT')
    expect(stdout).toContain('no such key')
    for (const secret of SECRETS) {
      expect(stdout, 'standard output').not.toContain(secret)
      expect(stderr, 'standard error').not.toContain(secret)
      expect(answers.join('\n'), 'what is served').not.toContain(secret)
    }
  },
  90_000,
)

/** An answer of OTLP, in the encoding of the request, that one point was not stored. */
function partialSuccess(type: string, errorMessage: string): string | Buffer {
  if (!type.includes('protobuf'))
    return JSON.stringify({ status: errorMessage, partialSuccess: { rejectedDataPoints: '1', errorMessage } })
  const text = Buffer.from(errorMessage)
  const length = (bytes: number) => [(bytes & 127) | 128, bytes >> 7]
  const inner = Buffer.from([8, 1, 18, ...length(text.length), ...text])
  return Buffer.from([10, ...length(inner.length), ...inner])
}
