import { execFileSync } from 'node:child_process'
import fs, { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Metric } from '../../src/core/batch'
import type { OffloopError } from '../../src/core/errors'
import type { OtlpOptions } from '../../src/index'
import { dist } from '../dist'
import { batch, gauge } from '../support/batches'
import { attributesOf, type OtlpRequest, OtlpServer } from '../support/otlp-server'
import { certificate, key } from '../support/tls'

const { Otlp } = dist<typeof import('../../src/exporters/otlp')>('exporters/otlp.js')
const { Delivery } = dist<typeof import('../../src/exporters/delivery')>('exporters/delivery.js')
const { resolveOptions } = dist<typeof import('../../src/core/options')>('core/options.js')

afterEach(() => void vi.unstubAllEnvs())

function settingsOf(given: Omit<OtlpOptions, 'type'>) {
  const options = { exporters: [{ type: 'otlp', ...given }] }
  const [settings] = resolveOptions(options, () => 'api').settings.exporters
  if (settings?.type !== 'otlp') throw new Error('no settings')
  return settings
}

function refusal(given: object): { option: string; message: string; code: string } {
  try {
    settingsOf(given)
  } catch (error) {
    return error as { option: string; message: string; code: string }
  }
  throw new Error('accepted')
}

/** With back-offs that last no time, unless the server asks for some. */
function exporter(given: Omit<OtlpOptions, 'type'>) {
  const settings = settingsOf({ protocol: 'http/json', ...given })
  const reports: OffloopError[] = []
  const delivery = new Delivery(new Otlp(settings, 'otlp'), (error) => reports.push(error), {
    timeoutMs: settings.timeoutMs,
    random: () => 0,
  })
  onTestFinished(() => delivery.close())
  return { delivery, messages: () => reports.map(({ message }) => message) }
}

async function start(tls?: Parameters<typeof OtlpServer.start>[0]): Promise<OtlpServer> {
  const server = await OtlpServer.start(tls)
  onTestFinished(() => server.close())
  return server
}

const counter = (value: number): Metric => ({
  name: 'jobs_total',
  type: 'counter',
  value,
  labels: { service: 'api' },
})
const until = async (done: () => boolean): Promise<void> => {
  while (!done()) await new Promise((resolve) => setTimeout(resolve, 5))
}

describe('what is sent', () => {
  it('says who reports', async () => {
    vi.stubEnv('OTEL_RESOURCE_ATTRIBUTES', 'deployment.environment.name=test,host.name=a%20b,service.name=x')
    const server = await start()
    const { delivery } = exporter({ url: server.url, resource: { 'cloud.region': 'eu', shards: 3 } })
    delivery.push(batch(1))
    expect(await delivery.flush(5_000)).toBe(true)
    const request = JSON.parse(String(server.stored[0]?.body)) as OtlpRequest
    const [{ resource, scopeMetrics: [{ scope } = {}] = [] } = { resource: { attributes: [] } }] =
      request.resourceMetrics
    expect(attributesOf(resource.attributes)).toMatchObject({
      'service.name': 'api',
      'service.instance.id': expect.stringMatching(/^[0-9a-f-]{36}$/),
      'deployment.environment.name': 'test',
      'host.name': 'a b',
      'process.pid': process.pid,
      'process.runtime.name': 'nodejs',
      'cloud.region': 'eu',
      shards: 3,
    })
    expect(scope?.name).toBe('offloop')
    // It may hold secrets.
    expect(String(server.stored[0]?.body)).not.toContain('command')
  })

  it('goes by the standard environment variables', async () => {
    const server = await start()
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', server.origin)
    vi.stubEnv('OTEL_EXPORTER_OTLP_HEADERS', 'x-key=fr0m-env,x-other=2')
    vi.stubEnv('OTEL_EXPORTER_OTLP_METRICS_COMPRESSION', 'gzip')
    vi.stubEnv('OTEL_EXPORTER_OTLP_METRICS_PROTOCOL', 'http/protobuf')
    vi.stubEnv('OTEL_EXPORTER_OTLP_TIMEOUT', '1234')
    vi.stubEnv('OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE', 'Delta')
    expect(settingsOf({})).toMatchObject({
      url: server.url,
      protocol: 'http/protobuf',
      temporality: 'delta',
      timeoutMs: 1_234,
    })
    const { delivery, messages } = exporter({ protocol: 'http/protobuf', headers: { 'x-other': '3' } })
    delivery.push(batch(1))
    expect(await delivery.flush(5_000)).toBe(true)
    expect(server.requests[0]?.headers).toMatchObject({
      'content-type': 'application/x-protobuf',
      'content-encoding': 'gzip',
      'x-key': 'fr0m-env',
      'x-other': '3',
      'user-agent': expect.stringMatching(/^offloop\//),
    })
    // Also what only the environment knows is kept out of messages.
    server.fault = { status: 401, body: 'no such key: fr0m-env' }
    delivery.push(batch(2))
    await delivery.flush(5_000)
    expect(messages()).toEqual([
      `exporter otlp: ${server.url} answered 401: no such key: ***; the batch is given up`,
    ])
  })

  it('goes over TLS that is verified, by the certificate of the environment', async () => {
    const server = await start({ key, cert: certificate })
    const stranger = exporter({ url: server.url })
    stranger.delivery.push(batch(1))
    await until(() => stranger.delivery.failures > 0)
    expect(stranger.messages()[0]).toMatch(/self.signed certificate/)
    stranger.delivery.close()
    expect(server.requests).toEqual([])

    const folder = mkdtempSync(join(tmpdir(), 'offloop-otlp-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    vi.stubEnv('OTEL_EXPORTER_OTLP_CERTIFICATE', join(folder, 'ca.pem'))
    const missing = exporter({ url: server.url })
    missing.delivery.push(batch(1))
    await until(() => missing.delivery.failures > 0)
    expect(missing.messages()[0]).toContain('ca.pem')
    writeFileSync(join(folder, 'ca.pem'), certificate)
    const friend = exporter({ url: server.url })
    friend.delivery.push(batch(1))
    expect(await friend.delivery.flush(5_000)).toBe(true)
    expect(server.stored).toHaveLength(1)
  })

  it('shows its own certificate where the environment names one', async () => {
    const server = await start({ key, cert: certificate, ca: certificate, requestCert: true })
    const folder = mkdtempSync(join(tmpdir(), 'offloop-otlp-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    writeFileSync(join(folder, 'certificate.pem'), certificate)
    writeFileSync(join(folder, 'key.pem'), key)
    vi.stubEnv('OTEL_EXPORTER_OTLP_CERTIFICATE', join(folder, 'certificate.pem'))
    const nobody = exporter({ url: server.url })
    nobody.delivery.push(batch(1))
    await until(() => nobody.delivery.failures > 0)
    nobody.delivery.close()
    expect(server.requests).toEqual([])

    vi.stubEnv('OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE', join(folder, 'certificate.pem'))
    vi.stubEnv('OTEL_EXPORTER_OTLP_METRICS_CLIENT_KEY', join(folder, 'key.pem'))
    const known = exporter({ url: server.url })
    known.delivery.push(batch(1))
    expect(await known.delivery.flush(5_000)).toBe(true)
    expect(server.stored).toHaveLength(1)
  })

  it('is cut into requests well below a megabyte, before compression', async () => {
    const server = await start()
    for (const protocol of ['http/json', 'http/protobuf'] as const) {
      const { delivery } = exporter({ url: server.url, protocol, compression: 'gzip' })
      const labels = Object.fromEntries(
        Array.from({ length: 15 }, (_, index) => [`l${index}`, '"ß\n'.repeat(250)]),
      )
      delivery.push(
        batch(
          1,
          Array.from({ length: 300 }, (_, index) => gauge(`m_${index}`, index, labels)),
        ),
      )
      expect(await delivery.flush(20_000)).toBe(true)
      expect(delivery).toMatchObject({ dropped: 0, failures: 0, omitted: 0 })
    }
    expect(server.requests.length).toBeGreaterThan(10)
    for (const { body, headers } of server.requests) {
      expect(body.length).toBeLessThan(600_000)
      expect(headers['content-encoding']).toBe('gzip')
    }
  })

  it('keeps one connection, and none after close', async () => {
    const server = await start()
    const { delivery } = exporter({ url: server.url })
    for (const sequence of [1, 2, 3]) delivery.push(batch(sequence))
    await delivery.flush(5_000)
    expect(server.open).toBe(1)
    delivery.close()
    await until(() => server.open === 0)
  })
})

describe('an answer', () => {
  it.each([429, 502, 503, 504])('of %i is retried, as the protocol says', async (status) => {
    const server = await start()
    const { delivery } = exporter({ url: server.url })
    server.fault = (request) => (request < 3 ? { status } : undefined)
    delivery.push(batch(1))
    await until(() => server.stored.length === 1)
    expect(server.requests).toHaveLength(3)
    expect(delivery).toMatchObject({ dropped: 0, failures: 2 })
  })

  it('that is retried is so by us alone: the official exporter would again after a second', async () => {
    const server = await start()
    const { delivery } = exporter({ url: server.url })
    server.fault = (request) => (request === 1 ? { status: 503 } : undefined)
    delivery.push(batch(1))
    await until(() => server.stored.length === 1)
    await new Promise((resolve) => setTimeout(resolve, 2_000))
    expect(server.requests).toHaveLength(2)
  })

  it('of another refusal is not', async () => {
    const statuses = [400, 401, 403, 404, 413, 500, 302]
    const all = statuses.map(async (status) => {
      const server = await start()
      const { delivery } = exporter({ url: server.url })
      server.fault = { status, headers: { location: '/elsewhere' } }
      delivery.push(batch(1))
      expect(await delivery.flush(5_000)).toBe(true)
      // The official exporter would have tried again within a second or so.
      await new Promise((resolve) => setTimeout(resolve, 1_500))
      expect(server.requests).toHaveLength(1)
      expect(delivery).toMatchObject({ dropped: 1, failures: 1 })
    })
    await Promise.all(all)
  })

  it('with Retry-After is heeded', async () => {
    const server = await start()
    const { delivery } = exporter({ url: server.url })
    server.fault = { status: 429, headers: { 'retry-after': '3600' } }
    delivery.push(batch(1))
    await until(() => delivery.failures === 1)
    server.fault = undefined
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    expect(server.requests).toHaveLength(1)
    expect(await delivery.flush(5_000)).toBe(true)
    expect(server.stored).toHaveLength(1)
  })

  it.each([
    ['http/json', '{"partialSuccess":{"rejectedDataPoints":"2","errorMessage":"too old"}}'],
    // As the official definitions have it: field 1 { 1: 2, 2: "too old" }.
    ['http/protobuf', Buffer.from([10, 11, 8, 2, 18, 7, ...Buffer.from('too old')])],
  ] as const)('of partial success is counted and not sent again (%s)', async (protocol, body) => {
    const server = await start()
    const { delivery, messages } = exporter({ url: server.url, protocol })
    server.fault = { status: 200, body }
    delivery.push(batch(1))
    expect(await delivery.flush(5_000)).toBe(true)
    expect(server.requests).toHaveLength(1)
    expect(delivery).toMatchObject({ dropped: 1, failures: 1 })
    expect(messages()[0]).toContain('rejected 2 data points: too old')
  })

  it('of partial success that rejects nothing is a warning, said once', async () => {
    const server = await start()
    server.fault = { status: 200, body: '{"partialSuccess":{"errorMessage":"old schema, key h-42"}}' }
    const write = vi.spyOn(fs, 'writeSync').mockImplementation((_, data) => data.length)
    onTestFinished(() => write.mockRestore())
    const { delivery, messages } = exporter({ url: server.url, headers: { a: 'h-42' } })
    for (const sequence of [1, 2]) {
      delivery.push(batch(sequence))
      expect(await delivery.flush(5_000)).toBe(true)
    }
    expect(delivery).toMatchObject({ dropped: 0, failures: 0 })
    expect(messages()).toEqual([])
    expect(write.mock.calls.map(([, line]) => String(line))).toEqual([
      `offloop: exporter otlp: ${server.url} stored all, and warns: old schema, key ***\n`,
    ])
  })

  it.each([
    ['partial success', 200, '{"partialSuccess":{"rejectedDataPoints":1,"errorMessage":"no SAID"}}'],
    ['refusal', 400, 'no SAID'],
  ])('of %s tells no header, whole or in part, be it of the environment', async (_, status, body) => {
    const server = await start()
    vi.stubEnv('OTEL_EXPORTER_OTLP_HEADERS', 'x-key=fr0m-env,authorization=Bearer%20t0ken')
    const said = `fr0m-env t0ken 0pt-whole 0pt-part p4ss 1`
    server.fault = { status, body: body.replace('SAID', said) }
    const headers = {
      'x-whole': '0pt-whole',
      'x-part': 'Token 0pt-part',
      'proxy-authorization': `Basic ${btoa('ann:p4ss')}`,
      'x-tenant': '1',
    }
    const { delivery, messages } = exporter({ url: server.url, headers })
    delivery.push(batch(1))
    expect(await delivery.flush(5_000)).toBe(true)
    expect(messages()).toEqual([expect.stringContaining('no *** *** *** *** *** ***;')])
    expect(messages()[0]).toContain(`exporter otlp: ${server.url} `)
  })

  it('is waited for where the official exporter is content before it has ended', async () => {
    const server = await start()
    const folder = mkdtempSync(join(tmpdir(), 'offloop-otlp-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const module = join(folder, 'eager.cjs')
    writeFileSync(
      module,
      `const http = require('node:http')
      exports.OTLPMetricExporter = class {
        constructor({ url, httpAgentOptions }) { this.url = url; this.agent = httpAgentOptions('http:') }
        export(_, done) {
          const request = http.request(this.url, { method: 'POST', agent: this.agent, headers: { 'content-type': 'application/json' } })
          request.on('response', (response) => { response.resume(); done({ code: 0 }) })
          request.end('{}')
        }
      }`,
    )
    const transport = new Otlp({ ...settingsOf({ url: server.url }), module }, 'otlp')
    onTestFinished(() => transport.close())
    server.fault = { status: 200, body: '{"partialSuccess":{"rejectedDataPoints":3}}' }
    const { requests } = transport.encode(batch(1))
    await expect(transport.send(requests[0] ?? [], new AbortController().signal)).rejects.toThrow(
      'rejected 3 data points',
    )
  })

  it('that is a page of somebody else is no success', async () => {
    const server = await start()
    const { delivery, messages } = exporter({ url: server.url })
    server.fault = { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>Log in</html>' }
    delivery.push(batch(1))
    await until(() => delivery.failures > 0)
    server.fault = undefined
    expect(await delivery.flush(5_000)).toBe(true)
    expect(delivery.dropped).toBe(0)
    expect(messages()[0]).toContain("a success that is not OTLP's: <html>Log in</html>")
  })

  it('that never comes because nobody listens is told', async () => {
    const server = await OtlpServer.start()
    await server.close()
    const { delivery, messages } = exporter({ url: 'http://127.0.0.1:9/v1/metrics?auth=hush' })
    delivery.push(batch(1))
    await until(() => delivery.failures > 0)
    expect(messages()[0]).toContain('ECONNREFUSED')
    expect(messages()[0]).not.toContain('hush')
  })

  it('that never comes is told as it is, though a header is short', async () => {
    const { delivery, messages } = exporter({
      url: 'http://127.0.0.1:9/v1/metrics',
      headers: { 'x-tenant': '1' },
    })
    delivery.push(batch(1))
    await until(() => delivery.failures > 0)
    expect(messages()).toEqual([
      'exporter otlp: http://127.0.0.1:9/v1/metrics connect ECONNREFUSED 127.0.0.1:9; it will be retried',
    ])
  })
})

describe('deltas', () => {
  const sums = (server: OtlpServer) =>
    server.metrics.flatMap((metrics) =>
      metrics
        .filter(({ name }) => name === 'jobs_total')
        .flatMap(({ sum }) => sum?.dataPoints.map(({ asDouble }) => asDouble ?? 0) ?? []),
    )

  it('lose no count with a batch that is refused', async () => {
    const server = await start()
    const { delivery } = exporter({ url: server.url, temporality: 'delta' })
    // The second request is that of the third batch: the first has nothing to tell but where to begin.
    server.fault = (request) => (request === 2 ? { status: 400 } : undefined)
    for (const [index, value] of [5, 10, 30, 60].entries()) {
      delivery.push(batch(index + 1, [counter(value)]))
      await delivery.flush(5_000)
    }
    expect(delivery.dropped).toBe(1)
    expect(sums(server)).toEqual([5, 50])
    const [first] = server.metrics.flat()
    expect(first?.sum).toMatchObject({ aggregationTemporality: 1, isMonotonic: true })
  })

  it('lose no count with batches that are dropped from a full queue', async () => {
    const server = await start()
    const { delivery } = exporter({ url: server.url, temporality: 'delta' })
    delivery.push(batch(1, [counter(0)]))
    await delivery.flush(5_000)
    server.fault = { status: 503, headers: { 'retry-after': '300' } }
    for (let sequence = 2; sequence <= 200; sequence++) delivery.push(batch(sequence, [counter(sequence)]))
    await until(() => delivery.failures > 0)
    server.fault = undefined
    expect(await delivery.flush(10_000)).toBe(true)
    expect(delivery.dropped).toBeGreaterThan(70)
    expect(sums(server).reduce((sum, value) => sum + value, 0)).toBe(200)
  })

  it('count nothing twice where a batch is cut and one part fails', async () => {
    const server = await start()
    const { delivery } = exporter({ url: server.url, temporality: 'delta' })
    const labels = Object.fromEntries(
      Array.from({ length: 15 }, (_, index) => [`l${index}`, 'x'.repeat(1_000)]),
    )
    const many = (value: number) =>
      Array.from({ length: 60 }, (_, index) => ({
        ...counter(value),
        labels: { ...labels, index: String(index) },
      }))
    server.fault = (request) => (request === 2 ? { status: 503 } : undefined)
    for (const [index, value] of [0, 1, 3].entries()) delivery.push(batch(index + 1, many(value)))
    await until(() => sums(server).length === 120)
    expect(server.requests.length).toBeGreaterThan(4)
    expect(sums(server).reduce((sum, value) => sum + value, 0)).toBe(180)
    expect(delivery).toMatchObject({ dropped: 0, failures: 1 })
  })
})

describe('options', () => {
  it('complete a URL without a path', () => {
    expect(settingsOf({ url: 'https://otlp.nr-data.net' }).url).toBe('https://otlp.nr-data.net/v1/metrics')
    expect(settingsOf({ url: 'http://a/otlp' }).url).toBe('http://a/otlp')
    expect(settingsOf({ url: 'http://a?b=c' }).url).toBe('http://a/v1/metrics?b=c')
    expect(settingsOf({}).url).toBe('http://localhost:4318/v1/metrics')
  })

  it.each([
    ['OTEL_EXPORTER_OTLP_METRICS_ENDPOINT', 'http://a:1', 'http://a:1/'],
    ['OTEL_EXPORTER_OTLP_METRICS_ENDPOINT', 'http://a:1/x?y', 'http://a:1/x?y'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'http://a:1', 'http://a:1/v1/metrics'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'http://a:1/', 'http://a:1/v1/metrics'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'http://a:1/base/', 'http://a:1/base/v1/metrics'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'http://a:1?key=b/c', 'http://a:1/v1/metrics?key=b/c'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'http://a:1/base?key=b', 'http://a:1/base/v1/metrics?key=b'],
  ])('of the environment go as the specification has it: %s=%s', (name, value, url) => {
    vi.stubEnv(name, value)
    expect(settingsOf({}).url).toBe(url)
  })

  it.each<[object, string, string]>([
    [{ url: 'localhost:4318' }, 'exporters[0].url', 'must start with http'],
    [{ protocol: 'grpc' }, 'exporters[0].protocol', 'is "grpc", and must be one of http/protobuf, http/json'],
    [{ temporality: 'both' }, 'exporters[0].temporality', 'must be one of cumulative, delta'],
    [{ compression: 'br' }, 'exporters[0].compression', 'must be one of none, gzip'],
    [{ headers: { 'a b': 'c' } }, 'exporters[0].headers.a b', "is no header's name"],
    [{ headers: { a: 'sécret' } }, 'exporters[0].headers.a', 'must be printable ASCII'],
    [{ headers: { a: 1 } }, 'exporters[0].headers.a', 'must be a string, and is of type number'],
    [{ resource: { a: {} } }, 'exporters[0].resource.a', 'must be a string, a finite number or a boolean'],
    [{ header: {} }, 'exporters[0].header', 'did you mean headers?'],
    [{ timeoutMs: 1 }, 'exporters[0].timeoutMs', 'from 100 to 120000'],
  ])('%j are refused', (given, option, message) => {
    const error = refusal(given)
    expect(error).toMatchObject({ code: 'ERR_OFFLOOP_INVALID_OPTION', option })
    expect(error.message).toContain(message)
    expect(error.message).not.toContain('sécret')
  })

  it('of the environment are told from those of the code', () => {
    vi.stubEnv('OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc')
    expect(refusal({}).message).toContain('exporters[0].protocol (from OTEL_EXPORTER_OTLP_*) is "grpc"')
    expect(settingsOf({ protocol: 'http/json' }).protocol).toBe('http/json')
  })

  it('name the package to install where there is none', () => {
    const folder = mkdtempSync(join(tmpdir(), 'offloop-otlp-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const root = fileURLToPath(new URL('../..', import.meta.url))
    const copy = join(folder, 'node_modules/offloop')
    mkdirSync(copy, { recursive: true })
    for (const name of ['dist', 'package.json'])
      cpSync(join(root, name), join(copy, name), { recursive: true })
    const script = `
      try { require('offloop').start({ exporters: [{ type: 'otlp', protocol: process.argv[1] }] }) }
      catch (error) { console.log(error.code, error.message) }`
    const said = (protocol: string) =>
      execFileSync(process.execPath, ['-e', script, protocol], { cwd: folder, encoding: 'utf8' })
    expect(said('http/protobuf')).toBe(
      'ERR_OFFLOOP_INVALID_OPTION offloop: option exporters[0].type needs the package ' +
        '@opentelemetry/exporter-metrics-otlp-proto, which is not installed: ' +
        'npm install @opentelemetry/exporter-metrics-otlp-proto\n',
    )
    expect(said('http/json')).toContain('npm install @opentelemetry/exporter-metrics-otlp-http')
  })
})

it('loads nothing of OpenTelemetry into the main thread', async () => {
  const server = await start()
  const script = `
    const sampler = require('offloop').start({ exporters: [{ type: 'otlp', url: process.argv[1] }] })
    sampler.flush().then(async (delivered) => {
      const loaded = Object.keys(require.cache).filter((file) => file.includes('opentelemetry'))
      await sampler.stop()
      console.log(JSON.stringify({ delivered, loaded }))
    })`
  const { execFile } = await import('node:child_process')
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const output = await new Promise<string>((resolve, reject) =>
    execFile(process.execPath, ['-e', script, server.url], { cwd: root }, (error, stdout) =>
      error === null ? resolve(stdout) : reject(error),
    ),
  )
  expect(JSON.parse(output)).toEqual({ delivered: true, loaded: [] })
  expect(server.stored.length).toBeGreaterThan(0)
})
