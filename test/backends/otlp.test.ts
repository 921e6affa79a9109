// What we send, as the official definitions of the protocol and a real receiver read it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { backend } from '../../scripts/backends.mjs'
import type { Batch, Metric } from '../../src/core/batch'
import type { OtlpOptions } from '../../src/index'
import { dist } from '../dist'
import { batch, gauge } from '../support/batches'
import { freePort } from '../support/free-port'
import { OtlpServer, type Received } from '../support/otlp-server'
import { decoded, first, inner, metricsOf, text } from '../support/protoc'
import { rowsOfOtlpProto } from '../support/table'

const { createOtlp } = dist<typeof import('../../src/exporters/otlp')>('exporters/otlp.js')
const { resolveOptions } = dist<typeof import('../../src/core/options')>('core/options.js')
const { otelAttributes, otelName } = dist<typeof import('../../src/core/otel-names')>('core/otel-names.js')
const offloop = dist<typeof import('../../src/index')>('index.js')

beforeAll(() => void backend('protoc'), 120_000)

function exporter(given: Omit<OtlpOptions, 'type'>) {
  const options = { exporters: [{ type: 'otlp', ...given }] }
  const [settings] = resolveOptions(options, () => 'api').settings.exporters
  if (settings?.type !== 'otlp') throw new Error('no settings')
  const errors: string[] = []
  const made = createOtlp(settings, 'otlp', ({ message }) => errors.push(message))
  onTestFinished(() => made.close())
  return { made, errors }
}

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
    for (const metric of metricsOf(request)) {
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

  /** The options of the one exporter in the docs' own block, as a process with a license key would have them. */
  function documented(): Omit<OtlpOptions, 'type'> {
    const docs = readFileSync(new URL('../../docs/exporters.md', import.meta.url), 'utf8')
    const block = /^### New Relic\n\n```js\n(.*?)```/ms.exec(docs)?.[1] ?? ''
    const given: { exporters: OtlpOptions[] }[] = []
    const context = {
      offloop: { start: (options: { exporters: OtlpOptions[] }) => given.push(options) },
      process: { env: { NEW_RELIC_LICENSE_KEY: KEY } },
    }
    runInNewContext(block, context)
    const [{ type, ...options } = {} as OtlpOptions] = structuredClone(given[0]?.exporters ?? [])
    expect([type, given.length]).toEqual(['otlp', 1])
    return options
  }

  it('finds its rules kept by the preset of the docs, with a batch of many megabytes too', async () => {
    const server = await OtlpServer.start()
    onTestFinished(() => server.close())
    const { url, ...preset } = documented()
    expect(url).toBe('https://otlp.nr-data.net')
    const { made, errors } = exporter({ ...preset, url: server.origin })
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
      .flatMap(({ body }) => rowsOfOtlpProto(metricsOf(decoded(body))))
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
