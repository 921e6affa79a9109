// What we send, as the official definitions of the protocol and a real receiver read it.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { backend } from '../../scripts/backends.mjs'
import type { Batch, Metric } from '../../src/core/batch'
import type { OtlpOptions } from '../../src/index'
import { dist } from '../dist'
import { batch, gauge } from '../support/batches'
import { freePort } from '../support/free-port'
import { attributesOf, type OtlpRequest, OtlpServer, type Received } from '../support/otlp-server'
import { type Message, parseProtoText } from '../support/proto-text'

const { createOtlp } = dist<typeof import('../../src/exporters/otlp')>('exporters/otlp.js')
const { resolveOptions } = dist<typeof import('../../src/core/options')>('core/options.js')
const { otelAttributes, otelName } = dist<typeof import('../../src/core/otel-names')>('core/otel-names.js')
const offloop = dist<typeof import('../../src/index')>('index.js')

let protoc: string
beforeAll(() => {
  protoc = backend('protoc')
}, 120_000)

/** By the official decoder, which prints fields that it does not know by their numbers. */
function decoded(body: Buffer): Message {
  const text = execFileSync(
    join(protoc, 'usr/bin/protoc'),
    [
      '--decode=opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest',
      `-I${join(protoc, 'usr/include')}`,
      'opentelemetry/proto/collector/metrics/v1/metrics_service.proto',
    ],
    {
      input: body,
      encoding: 'utf8',
      env: { ...process.env, LD_LIBRARY_PATH: libraries() },
      maxBuffer: 2 ** 28,
    },
  )
  expect(text.match(/^\s*\d+[: ]/m), 'fields that the protocol does not have').toBeNull()
  return parseProtoText(text)
}

function libraries(): string {
  const triplet = { x64: 'x86_64', arm64: 'aarch64' }[process.arch as 'x64' | 'arm64']
  return join(protoc, `usr/lib/${triplet}-linux-gnu`)
}

function exporter(given: Omit<OtlpOptions, 'type'>) {
  const options = { exporters: [{ type: 'otlp', ...given }] }
  const [settings] = resolveOptions(options, () => 'api').settings.exporters
  if (settings?.type !== 'otlp') throw new Error('no settings')
  const errors: string[] = []
  const made = createOtlp(settings, 'otlp', ({ message }) => errors.push(message))
  onTestFinished(() => made.close())
  return { made, errors }
}

const inner = (message: Message | undefined, field: string): readonly Message[] =>
  (message?.[field] ?? []) as readonly Message[]
const text = (message: Message | undefined, field: string): string => (message?.[field]?.[0] ?? '') as string
const numbers = (message: Message | undefined, field: string): readonly number[] =>
  (message?.[field] ?? []).map(Number)
const first = (message: Message | undefined, ...fields: readonly string[]): Message | undefined =>
  fields.reduce<Message | undefined>((at, field) => inner(at, field)[0], message)

interface Read {
  readonly name: string
  readonly attributes: Record<string, unknown>
  readonly value: unknown
}

/** All points of a protobuf request. */
function pointsOf(request: Message): Read[] {
  return inner(first(request, 'resource_metrics', 'scope_metrics'), 'metrics').flatMap((metric) => {
    const data = first(metric, 'gauge') ?? first(metric, 'sum') ?? first(metric, 'histogram')
    return inner(data, 'data_points').map((point) => ({
      name: text(metric, 'name'),
      attributes: Object.fromEntries(
        inner(point, 'attributes').map((one) => [
          text(one, 'key'),
          text(first(one, 'value'), 'string_value'),
        ]),
      ),
      value:
        'as_double' in point
          ? Number(text(point, 'as_double'))
          : {
              count: Number(text(point, 'count')),
              sum: Number(text(point, 'sum')),
              bounds: numbers(point, 'explicit_bounds'),
              counts: numbers(point, 'bucket_counts'),
            },
    }))
  })
}

/** The same of a request in JSON. */
function pointsOfJson(body: Buffer): Read[] {
  const request = JSON.parse(body.toString()) as OtlpRequest
  return request.resourceMetrics.flatMap(({ scopeMetrics }) =>
    scopeMetrics.flatMap(({ metrics }) =>
      metrics.flatMap(
        (metric) =>
          (metric.gauge ?? metric.sum ?? metric.histogram)?.dataPoints.map((point) => ({
            name: metric.name,
            attributes: attributesOf(point.attributes),
            value: point.asDouble ?? {
              count: Number(point.count),
              sum: point.sum,
              bounds: point.explicitBounds,
              counts: point.bucketCounts?.map(Number),
            },
          })) ?? [],
      ),
    ),
  )
}

/** What a batch says, in the shape of the two above. */
function pointsOfBatch({ metrics, service }: Batch): Read[] {
  return metrics.map(({ name, value, labels }) => {
    const { service: own, ...attributes } = labels
    const counts = typeof value === 'number' ? [] : [...value.buckets.map(({ count }) => count), value.count]
    return {
      name,
      attributes: own === service || own === undefined ? attributes : labels,
      value:
        typeof value === 'number'
          ? value
          : {
              count: value.count,
              sum: value.sum,
              bounds: value.buckets.map(({ le }) => le),
              counts: counts.map((count, index) => count - (counts[index - 1] ?? 0)),
            },
    }
  })
}

const sorted = (points: readonly Read[]): string[] =>
  points
    .map(({ name, attributes, value }) =>
      JSON.stringify([name, Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1)), value]),
    )
    .sort()

const labelText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom('"', '\n', '\\', '\\n', '\u0000', '\u007f', 'größe', '漢字 😀', "a'b", '}{,='),
)
const aLabels = fc.dictionary(fc.stringMatching(/^l[a-z0-9_]{0,8}$/), labelText, { maxKeys: 4 })
const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0 || 0)
const aHistogram = fc
  .tuple(
    fc.uniqueArray(fc.double({ min: 1e-6, max: 1e6, noNaN: true }), { maxLength: 8 }),
    fc.array(fc.nat(1e9), { minLength: 9, maxLength: 9 }),
    finite,
  )
  .map(([bounds, counts, sum]) => {
    let total = 0
    const buckets = bounds
      .sort((a, b) => a - b)
      .map((le, index) => {
        total += counts[index] ?? 0
        return { le, count: total }
      })
    return { buckets, sum, count: total + (counts[8] ?? 0) }
  })
const aMetric = fc.tuple(fc.stringMatching(/^m[a-z0-9_]{0,12}$/), aLabels).chain(([name, labels]) =>
  fc.oneof(
    finite.map((value): Metric => ({ name: `${name}_gauge`, type: 'gauge', value, labels })),
    finite.map(
      (value): Metric => ({ name: `${name}_total`, type: 'counter', value: Math.abs(value), labels }),
    ),
    aHistogram.map((value): Metric => ({ name: `${name}_seconds`, type: 'histogram', value, labels })),
  ),
)
const metricsOf = fc.uniqueArray(aMetric, {
  minLength: 1,
  maxLength: 12,
  selector: ({ name, labels }) => `${name} ${JSON.stringify(Object.entries(labels).sort())}`,
})

describe('the bytes', () => {
  it('say by the official definitions what the batch says, in both encodings', async () => {
    const server = await OtlpServer.start()
    onTestFinished(() => server.close())
    const asProto = exporter({ url: server.url, compression: 'gzip' }).made
    const asJson = exporter({ url: server.url, protocol: 'http/json' }).made
    let sequence = 0
    await fc.assert(
      fc.asyncProperty(metricsOf, async (metrics) => {
        server.requests.length = 0
        const one = batch(++sequence, metrics)
        for (const made of [asProto, asJson]) {
          made.push(one)
          expect(await made.flush(10_000)).toBe(true)
        }
        const [proto, json] = server.stored as [Received, Received]
        const expected = sorted(pointsOfBatch(one))
        expect(sorted(pointsOf(decoded(proto.body)))).toEqual(expected)
        expect(sorted(pointsOfJson(json.body))).toEqual(expected)
      }),
      { numRuns: 60 },
    )
  }, 120_000)
})

describe('New Relic', () => {
  const KEY = 'nr-l1cense'

  /** The endpoint's rules, as its documentation has them. */
  const broken = ({ path, headers, size, body }: Received): string[] => {
    const faults: string[] = []
    if (path !== '/v1/metrics') faults.push(`path ${path}`)
    if (headers['api-key'] !== KEY) faults.push('api-key')
    if (headers['content-type'] !== 'application/x-protobuf') faults.push(`type ${headers['content-type']}`)
    if (headers['content-encoding'] !== 'gzip') faults.push('not compressed')
    if (size >= 1_000_000 || body.length >= 1_000_000) faults.push('1 MB or more')
    const request = decoded(body)
    for (const resource of inner(request, 'resource_metrics')) {
      const keys = inner(first(resource, 'resource'), 'attributes').map((one) => text(one, 'key'))
      for (const wanted of ['service.name', 'service.instance.id']) {
        if (!keys.includes(wanted)) faults.push(`no ${wanted}`)
      }
    }
    for (const metric of inner(first(request, 'resource_metrics', 'scope_metrics'), 'metrics')) {
      const name = text(metric, 'name')
      if (name.length > 255) faults.push(`name ${name}`)
      const data = first(metric, 'sum') ?? first(metric, 'histogram')
      const monotonic =
        metric.histogram !== undefined || text(first(metric, 'sum'), 'is_monotonic') === 'true'
      const temporality = text(data, 'aggregation_temporality')
      const delta = temporality === 'AGGREGATION_TEMPORALITY_DELTA'
      // Deltas of what counts; a sum that may fall is only understood as its height.
      if (data !== undefined && delta !== monotonic) faults.push(`${name} is ${temporality}`)
      for (const point of inner(data ?? first(metric, 'gauge'), 'data_points')) {
        const start = BigInt(text(point, 'start_time_unix_nano'))
        const end = BigInt(text(point, 'time_unix_nano'))
        if (start > end || (delta && start === end)) faults.push(`${name} from ${start} to ${end}`)
        const attributes = inner(point, 'attributes')
        if (attributes.length > 100) faults.push(`${name} has ${attributes.length} attributes`)
        for (const one of attributes) {
          if (text(one, 'key').length > 255) faults.push('long key')
          if (text(first(one, 'value'), 'string_value').length > 4_095) faults.push('long value')
        }
      }
    }
    return faults
  }

  it('finds its rules kept by the preset of the docs, with a batch of many megabytes too', async () => {
    const server = await OtlpServer.start()
    onTestFinished(() => server.close())
    const { made, errors } = exporter({
      url: server.origin,
      headers: { 'api-key': KEY },
      temporality: 'delta',
      compression: 'gzip',
    })
    const labels = Object.fromEntries(
      Array.from({ length: 15 }, (_, index) => [`l${index}`, 'ß"\n '.repeat(200)]),
    )
    const kinds = (value: number): Metric[] =>
      Array.from({ length: 100 }, (_, index) => ({ ...labels, index: String(index) })).flatMap((own) => [
        gauge('process_resident_memory_bytes', value, own),
        { name: 'jobs_total', type: 'counter', value, labels: own },
        {
          name: 'nodejs_gc_duration_seconds',
          type: 'histogram',
          value: { count: value, sum: value, buckets: [{ le: 1, count: value }] },
          labels: own,
        },
      ])
    for (const value of [1, 2, 3]) made.push(batch(value, kinds(value)))
    expect(await made.flush(30_000)).toBe(true)
    expect(errors).toEqual([])
    expect(server.requests.length).toBeGreaterThan(6)
    expect(server.requests.flatMap(broken)).toEqual([])
    const jobs = server.requests
      .flatMap(({ body }) => pointsOf(decoded(body)))
      .filter(({ name }) => name === 'jobs_total')
    expect(jobs).toHaveLength(200)
    expect(jobs.every(({ value }) => value === 1)).toBe(true)
  }, 120_000)
})

describe('VictoriaMetrics', () => {
  let url: string
  let end: () => void = () => {}

  beforeAll(async () => {
    const binary = join(backend('victoria-metrics'), 'usr/bin/victoria-metrics')
    const data = mkdtempSync(join(tmpdir(), 'offloop-victoria-'))
    const port = await freePort()
    url = `http://127.0.0.1:${port}`
    const child = spawn(
      binary,
      [
        `-httpListenAddr=127.0.0.1:${port}`,
        `-storageDataPath=${data}`,
        '-retentionPeriod=100y',
        '-search.latencyOffset=0s',
      ],
      { stdio: 'ignore' },
    )
    const ended = once(child, 'exit')
    end = () => {
      child.kill('SIGKILL')
      void ended.then(() => rmSync(data, { recursive: true, force: true }))
    }
    const up = () =>
      fetch(`${url}/health`).then(
        ({ ok }) => ok,
        () => false,
      )
    while (!(await up())) {
      if (child.exitCode !== null) throw new Error(`VictoriaMetrics ended with ${child.exitCode}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }, 180_000)
  afterAll(() => end())

  interface Series {
    readonly metric: Record<string, string>
    readonly values: readonly number[]
    readonly timestamps: readonly number[]
  }

  /** All that is stored of one service, once it has something of that instant: the index takes a second to show it. */
  async function stored(service: string, timestamp: number): Promise<Series[]> {
    for (;;) {
      await fetch(`${url}/internal/force_flush`)
      const body = new URLSearchParams({ 'match[]': '{__name__!=""}' })
      const answer = await (await fetch(`${url}/api/v1/export`, { method: 'POST', body })).text()
      const series = answer
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Series)
        .filter(({ metric }) => metric['service.name'] === service)
      if (series.some(({ timestamps }) => timestamps.includes(timestamp))) return series
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  }

  it('stores every series of a sampler, under the names of the conventions', async () => {
    const sampler = offloop.start({
      service: 'shop',
      intervalMs: 200,
      labels: { region: 'eu "quoted" \\ 漢\n' },
      exporters: [{ type: 'otlp', url: `${url}/opentelemetry/v1/metrics`, compression: 'gzip' }],
    })
    onTestFinished(() => sampler.stop())
    const errors: Error[] = []
    const batches: Batch[] = []
    sampler.on('error', (error) => errors.push(error))
    sampler.on('batch', (one) => batches.push(one))
    await sampler.ready
    for (let index = 0; index < 3; index++) gc?.()
    expect(await sampler.flush()).toBe(true)
    await sampler.stop()
    expect(errors).toEqual([])
    const last = batches.at(-1) as Batch
    const series = await stored('shop', last.timestamp)
    // Which names those are, test/core/otel.test.ts says.
    for (const metric of last.metrics) {
      const named = otelName(metric, last)
      const name = typeof named === 'string' ? '' : named.name
      const attributes = Object.entries(otelAttributes(metric, 'shop'))
      const same = series.find(
        ({ metric: labels }) =>
          labels.__name__ === (metric.type === 'histogram' ? `${name}_count` : name) &&
          attributes.every(([label, value]) => labels[label] === value),
      )
      const value = same?.values[same.timestamps.indexOf(last.timestamp)] ?? Number.NaN
      const sent = typeof metric.value === 'number' ? metric.value : metric.value.count
      // It stores decimal numbers.
      expect(Math.abs(value - sent), metric.name).toBeLessThanOrEqual(Math.abs(sent) * 1e-9)
    }
    const major = series.find(
      ({ metric }) => metric.__name__ === 'nodejs_gc_cycles_total' && metric.kind === 'major',
    )
    expect(major?.values.at(-1)).toBeGreaterThanOrEqual(3)
    expect(major?.metric).toMatchObject({
      region: 'eu "quoted" \\ 漢\n',
      'thread.name': 'main',
      'process.pid': String(process.pid),
    })
  }, 60_000)

  it('keeps histograms and labels of any text', async () => {
    const { made, errors } = exporter({ url: `${url}/opentelemetry/v1/metrics` })
    const now = Date.now()
    const odd = 'a"b\\c\nd\te ü 漢 😀'
    const histogram: Metric = {
      name: 'nodejs_gc_duration_seconds',
      type: 'histogram',
      value: {
        count: 7,
        sum: 0.25,
        buckets: [
          { le: 0.001, count: 2 },
          { le: 0.5, count: 6 },
        ],
      },
      labels: { service: 'texts', kind: 'minor', odd },
    }
    const sent = { ...batch(1, [histogram]), timestamp: now, service: 'texts' }
    made.push(sent)
    expect(await made.flush(10_000)).toBe(true)
    expect(errors).toEqual([])
    const series = await stored('texts', now)
    const read = series.map(({ metric, values, timestamps }) => {
      expect(metric).toMatchObject({ odd, 'v8js.gc.type': 'minor' })
      expect(timestamps).toEqual([now])
      return [`${metric.__name__} ${metric.le ?? ''}`, ...values]
    })
    expect(Object.fromEntries(read)).toEqual({
      'v8js.gc.duration_bucket 0.001': 2,
      'v8js.gc.duration_bucket 0.5': 6,
      'v8js.gc.duration_bucket +Inf': 7,
      'v8js.gc.duration_count ': 7,
      'v8js.gc.duration_sum ': 0.25,
    })
  })

  it('answers the rate of a counter', async () => {
    const { made } = exporter({ url: `${url}/opentelemetry/v1/metrics` })
    const now = Math.floor(Date.now() / 1_000) * 1_000
    for (let index = 0; index <= 6; index++) {
      const metric: Metric = {
        name: 'jobs_total',
        type: 'counter',
        value: index * 20,
        labels: { service: 'rates' },
      }
      made.push({ ...batch(index + 1, [metric]), timestamp: now - 60_000 + index * 10_000, service: 'rates' })
    }
    expect(await made.flush(10_000)).toBe(true)
    await fetch(`${url}/internal/force_flush`)
    const query = new URLSearchParams({
      query: 'rate(jobs_total[1m])',
      time: String(now / 1_000),
      nocache: '1',
    })
    const { data } = (await (await fetch(`${url}/api/v1/query?${query}`)).json()) as {
      data: { result: { value: [number, string] }[] }
    }
    expect(Number(data.result[0]?.value[1])).toBeCloseTo(2, 5)
  })
})
