import { afterEach, describe, expect, it } from 'vitest'
import type { Metric } from '../../src/core/batch'
import type { OffloopError } from '../../src/core/errors'
import { dist } from '../dist'
import { batch, FIRST_TIMESTAMP, gauge } from '../support/batches'
import { type StoredMetric, TinyObsServer } from '../support/tinyobs-server'

const { TinyObs } = dist<typeof import('../../src/exporters/tinyobs')>('exporters/tinyobs.js')
const { Delivery } = dist<typeof import('../../src/exporters/delivery')>('exporters/delivery.js')

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean()
})

async function start(limits?: Parameters<typeof TinyObsServer.start>[0]): Promise<TinyObsServer> {
  const server = await TinyObsServer.start(limits)
  cleanUp.push(() => server.close())
  return server
}

/** An exporter whose back-offs last no time at all, unless the server asks for some. */
function exporter(
  url: string,
  {
    key,
    timeoutMs = 10_000,
    names = 'canonical',
  }: { key?: string; timeoutMs?: number; names?: 'canonical' | 'go' } = {},
) {
  const reports: OffloopError[] = []
  // What createTinyObs does, but for the chance.
  const delivery = new Delivery(new TinyObs({ url, key, names }, 'tinyobs'), (error) => reports.push(error), {
    timeoutMs,
    random: () => 0,
  })
  cleanUp.push(() => delivery.close())
  return { delivery, reports, messages: () => reports.map(({ message }) => message) }
}

const many = (count: number) => Array.from({ length: count }, (_, index) => gauge(`metric_${index}`, index))
const histogram = (labels: Metric['labels'] = {}): Metric => ({
  name: 'pause_seconds',
  type: 'histogram',
  value: {
    count: 7,
    sum: 0.25,
    buckets: [
      { le: 0.001, count: 2 },
      { le: 0.5, count: 6 },
    ],
  },
  labels: { service: 'api', ...labels },
})

describe('the wire format', () => {
  it('arrives as it was sampled', async () => {
    const server = await start({ key: 'k3y' })
    const { delivery } = exporter(server.url, { key: 'k3y' })
    const counter: Metric = {
      name: 'gc_total',
      type: 'counter',
      value: 1.5e21,
      labels: { service: 'api', kind: 'größe "a"' },
    }
    delivery.push(batch(1, [gauge('heap_bytes', -0.5, { thread: 'main' }), counter]))
    expect(await delivery.flush(5_000)).toBe(true)
    expect(server.refusals).toEqual([])
    const timestamp = '2026-11-01T00:00:00.000Z'
    expect(server.stored).toEqual([
      {
        name: 'heap_bytes',
        type: 'gauge',
        value: -0.5,
        labels: { service: 'api', thread: 'main' },
        timestamp,
      },
      {
        name: 'gc_total',
        type: 'counter',
        value: 1.5e21,
        labels: { service: 'api', kind: 'größe "a"' },
        timestamp,
      },
    ])
  })

  it('gives every metric a service, and leaves one that it has', async () => {
    const server = await start()
    const { delivery } = exporter(server.url)
    delivery.push(
      batch(1, [
        { name: 'a', type: 'gauge', value: 1, labels: {} },
        { name: 'b', type: 'gauge', value: 1, labels: { service: 'other' } },
      ]),
    )
    await delivery.flush(5_000)
    expect(server.stored.map(({ labels }) => labels)).toEqual([{ service: 'api' }, { service: 'other' }])
  })

  it('says a histogram in plain numbers, and loses nothing of it', async () => {
    const server = await start()
    const { delivery } = exporter(server.url)
    delivery.push(batch(1, [histogram({ thread: 'main' })]))
    await delivery.flush(5_000)
    expect(server.stored.map(({ name, type, value, labels }) => [name, type, value, labels])).toEqual([
      ['pause_seconds_count', 'histogram', 7, { service: 'api', thread: 'main' }],
      ['pause_seconds_sum', 'histogram', 0.25, { service: 'api', thread: 'main' }],
      ['pause_seconds_bucket', 'histogram', 2, { service: 'api', thread: 'main', le: '0.001' }],
      ['pause_seconds_bucket', 'histogram', 6, { service: 'api', thread: 'main', le: '0.5' }],
      ['pause_seconds_bucket', 'histogram', 7, { service: 'api', thread: 'main', le: '+Inf' }],
    ])
  })

  it('calls the six by their names in Go, where it is to', async () => {
    const server = await start()
    const { delivery } = exporter(server.url, { names: 'go' })
    const pause = (kind: string, value: number): Metric => ({
      name: 'nodejs_gc_pause_seconds_total',
      type: 'counter',
      value,
      labels: { service: 'api', thread: 'main', kind },
    })
    delivery.push(batch(1, [pause('minor', 0.25), pause('major', 0.5), gauge('nodejs_threads', 2)]))
    await delivery.flush(5_000)
    expect(server.stored.map(({ name, type, value, labels }) => [name, type, value, labels])).toEqual([
      ['go_memstats_gc_duration_seconds', 'counter', 0.75, { service: 'api', thread: 'main' }],
      ['nodejs_threads', 'gauge', 2, { service: 'api' }],
    ])
  })

  it('can be read back', async () => {
    const server = await start()
    const { delivery } = exporter(server.url)
    for (const sequence of [1, 2, 3]) delivery.push(batch(sequence))
    await delivery.flush(5_000)
    const at = (sequence: number) => new Date(FIRST_TIMESTAMP + (sequence - 1) * 10_000).toISOString()
    const query = `metric=nodejs_heap_size_used_bytes&start=${at(2)}&end=${at(3)}`
    const read = async (path: string) => (await fetch(new URL(`${path}?${query}`, server.url))).json()
    expect(await read('/v1/query')).toEqual({
      metrics: [2, 3].map((sequence) => ({ ...batch(sequence).metrics[0], timestamp: at(sequence) })),
      count: 2,
    })
    expect(await read('/v1/query/range')).toMatchObject({
      data: [
        { metric: 'nodejs_heap_size_used_bytes', labels: { service: 'api' }, points: [{ v: 2 }, { v: 3 }] },
      ],
    })
  })

  it.each(['', '{"status":"success"}'])('takes %j for a success', async (body) => {
    const server = await start()
    const { delivery } = exporter(server.url)
    server.fault = { kind: 'status', status: 200, body }
    delivery.push(batch(1))
    expect(await delivery.flush(5_000)).toBe(true)
    expect(delivery).toMatchObject({ dropped: 0, failures: 0 })
  })

  it('keeps no connection after close', async () => {
    const server = await start()
    const { delivery } = exporter(server.url)
    delivery.push(batch(1))
    await delivery.flush(5_000)
    expect(server.open).toBe(1)
    delivery.close()
    await until(() => server.open === 0)
  })

  it('sends no request for a batch without metrics', async () => {
    const server = await start()
    const { delivery } = exporter(server.url)
    delivery.push(batch(1, []))
    expect(await delivery.flush(5_000)).toBe(true)
    expect(server.requests).toEqual([])
  })
})

describe('the limits', () => {
  it('cut a batch into requests of a thousand metrics', async () => {
    const server = await start()
    const { delivery } = exporter(server.url)
    delivery.push(batch(1, many(2_001)))
    expect(await delivery.flush(5_000)).toBe(true)
    expect(server.requests.map(({ status, count }) => [status, count])).toEqual([
      [200, 1_000],
      [200, 1_000],
      [200, 1],
    ])
    expect(server.stored).toHaveLength(2_001)
  })

  it('cut a batch of large metrics before a proxy finds it too large', () => {
    const labels = Object.fromEntries(many(19).map(({ name }) => [name, 'ß'.repeat(512)]))
    const transport = new TinyObs({ url: 'http://localhost/', key: undefined }, 'tinyobs')
    cleanUp.push(() => transport.close())
    const { requests, omitted } = transport.encode(
      batch(
        1,
        many(100).map((one) => ({ ...one, labels })),
      ),
    )
    expect(omitted).toEqual([])
    expect(requests.reduce((sum, { count }) => sum + count, 0)).toBe(100)
    expect(requests.length).toBeLessThan(10)
    for (const { body } of requests) expect(Buffer.byteLength(body)).toBeLessThan(530_000)
  })

  it.each([
    ['20 labels', gauge('m', 1, Object.fromEntries(many(19).map(({ name }) => [name, '']))), true],
    ['21 labels', gauge('m', 1, Object.fromEntries(many(20).map(({ name }) => [name, '']))), false],
    [
      '20 labels and a histogram, whose le is one more',
      histogram(Object.fromEntries(many(19).map(({ name }) => [name, '']))),
      false,
    ],
    ['a name of 256 bytes', gauge('m'.repeat(256), 1), true],
    ['a name of 257 bytes', gauge('m'.repeat(257), 1), false],
    ['a name that _bucket makes too long', { ...histogram(), name: 'm'.repeat(250) }, false],
    ['a label name of 256 bytes', gauge('m', 1, { ['l'.repeat(256)]: '' }), true],
    ['a label name of 257 bytes', gauge('m', 1, { ['l'.repeat(257)]: '' }), false],
    ['a label value of 1024 bytes', gauge('m', 1, { l: 'ß'.repeat(512) }), true],
    ['a label value of 1025 bytes', gauge('m', 1, { l: `${'ß'.repeat(512)}x` }), false],
    ['NaN', gauge('m', Number.NaN), false],
    ['an infinity', gauge('m', Number.POSITIVE_INFINITY), false],
    [
      'a histogram whose sum is NaN',
      { ...histogram(), value: { count: 1, sum: Number.NaN, buckets: [] } },
      false,
    ],
  ])('with %s', async (_, metric, fits) => {
    const server = await start()
    const { delivery, reports } = exporter(server.url)
    delivery.push(batch(1, [gauge('before', 1), metric, gauge('after', 2)]))
    expect(await delivery.flush(5_000)).toBe(true)
    expect(server.refusals).toEqual([])
    expect(server.stored).toHaveLength(fits ? 3 : 2)
    expect(delivery).toMatchObject({ omitted: fits ? 0 : 1, dropped: 0, failures: 0 })
    expect(reports).toHaveLength(fits ? 0 : 1)
  })

  it('are reported with the name of the metric', async () => {
    const server = await start()
    const { delivery, messages } = exporter(server.url)
    delivery.push(batch(1, [gauge('ratio', Number.NaN)]))
    await delivery.flush(5_000)
    expect(messages()).toEqual([
      'exporter tinyobs: metric ratio is NaN, which JSON cannot say; such metrics are left out, and counted',
    ])
  })
})

describe('an outage', () => {
  it.each<[string, TinyObsServer['fault']]>([
    ['500', { kind: 'status', status: 500 }],
    ['503', { kind: 'status', status: 503, headers: { 'retry-after': '0' } }],
    ['507, full', { kind: 'status', status: 507 }],
    ['429, too many series', { kind: 'status', status: 429 }],
    ['an answer cut within its body', { kind: 'cut' }],
    ['garbage', { kind: 'garbage' }],
    ["somebody else's page", { kind: 'stranger' }],
    ['success in JSON that is not an object', { kind: 'status', status: 200, body: 'null' }],
    ['an error that claims success', { kind: 'status', status: 200, body: '{"status":"error"}' }],
  ])('of %s loses nothing', async (_, fault) => {
    const server = await start()
    const { delivery, reports } = exporter(server.url)
    server.fault = fault
    for (const sequence of [1, 2, 3]) delivery.push(batch(sequence))
    await until(() => delivery.failures >= 3)
    expect(server.stored).toEqual([])
    expect(reports).toHaveLength(1)
    server.fault = undefined
    expect(await delivery.flush(5_000)).toBe(true)
    expect(values(server)).toEqual([1, 2, 3])
    expect(delivery.dropped).toBe(0)
  })

  it.each([
    ['a page', '<html>Please log in</html>'],
    ['null', 'null'],
    ['another status', '{"status":"error"}'],
  ])('that looks like success with %s is told apart', async (_, body) => {
    const server = await start()
    const { delivery, messages } = exporter(server.url)
    server.fault = { kind: 'status', status: 200, body }
    delivery.push(batch(1))
    await until(() => delivery.failures > 0)
    expect(messages()).toEqual([
      `exporter tinyobs: ${server.url}: a success that is not TinyObs's: ${body}; it will be retried`,
    ])
  })

  it.each<[string, TinyObsServer['fault']]>([
    ['hangs', { kind: 'hang' }],
    ['answers byte by byte', { kind: 'trickle', everyMs: 20 }],
  ])('in which the server %s loses nothing', async (_, fault) => {
    const server = await start()
    const { delivery, messages } = exporter(server.url, { timeoutMs: 100 })
    server.fault = fault
    delivery.push(batch(1))
    await until(() => delivery.failures > 0)
    server.fault = undefined
    expect(await delivery.flush(5_000)).toBe(true)
    expect(values(server)).toEqual([1])
    expect(messages()).toEqual(['exporter tinyobs: no complete answer within 100 ms; it will be retried'])
  })

  it('in which the server is gone ends with the present, then the past', async () => {
    const server = await start()
    const { delivery, messages } = exporter(`${server.url}?token=hush`)
    delivery.push(batch(1))
    await delivery.flush(5_000)
    await server.refuse()
    for (const sequence of [2, 3, 4]) delivery.push(batch(sequence))
    await until(() => delivery.failures > 0)
    await server.accept()
    expect(await delivery.flush(5_000)).toBe(true)
    expect(values(server)).toEqual([1, 2, 3, 4])
    const order = server.requests.map(
      ({ timestamps: [time = ''] }) => (Date.parse(time) - FIRST_TIMESTAMP) / 10_000 + 1,
    )
    expect(order).toEqual([1, 4, 3, 2])
    expect(messages()).toHaveLength(1)
    expect(messages()[0]).toContain('ECONNREFUSED')
    expect(messages()[0]).not.toContain('hush')
  })

  it('repeats only what is missing of a batch', async () => {
    const server = await start()
    const { delivery } = exporter(server.url)
    server.fault = (request) => (request === 2 || request === 3 ? { kind: 'status', status: 503 } : undefined)
    delivery.push(batch(1, many(2_500)))
    await until(() => server.stored.length === 2_500)
    expect(server.requests.map(({ status, count }) => [status, count])).toEqual([
      [200, 1_000],
      [503, 0],
      [503, 0],
      [200, 1_000],
      [200, 500],
    ])
    expect(delivery).toMatchObject({ dropped: 0, failures: 2 })
  })

  it('in which answers are lost stores nothing twice', async () => {
    const server = await start()
    const { delivery } = exporter(server.url)
    server.fault = (request) => (request === 1 ? { kind: 'lost' } : undefined)
    delivery.push(batch(1))
    await until(() => server.requests.length === 2)
    expect(await delivery.flush(5_000)).toBe(true)
    expect(server.requests.map(({ status }) => status)).toEqual(['lost', 200])
    expect(server.stored).toHaveLength(1)
    expect(delivery).toMatchObject({ dropped: 0, failures: 1 })
  })

  it('of which the server gives the length is respected', async () => {
    const server = await start()
    const { delivery } = exporter(server.url)
    server.fault = { kind: 'status', status: 429, headers: { 'retry-after': '3600' } }
    delivery.push(batch(1))
    await until(() => delivery.failures === 1)
    server.fault = undefined
    delivery.push(batch(2))
    // Without the header the next attempt would come after 0 ms.
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(server.requests).toHaveLength(1)
    expect(await delivery.flush(5_000)).toBe(true)
    expect(values(server)).toEqual([1, 2])
  })

  it('of a server with too many series, or one that is full, keeps the batch', async () => {
    for (const [limits, status] of [
      [{ maxSeries: 2 }, 429],
      [{ maxStored: 0 }, 507],
    ] as const) {
      const server = await start(limits)
      const { delivery } = exporter(server.url)
      delivery.push(batch(1, many(3)))
      await until(() => delivery.failures >= 2)
      expect(server.requests[0]?.status).toBe(status)
      expect(delivery.dropped).toBe(0)
      delivery.close()
    }
  })
})

describe('a refusal', () => {
  it('of a wrong key is counted and not repeated, and the key is not shown', async () => {
    const server = await start({ key: 'right' })
    const { delivery, messages } = exporter(server.url, { key: 'wr0ng' })
    delivery.push(batch(1))
    expect(await delivery.flush(5_000)).toBe(true)
    expect(server.requests.map(({ status }) => status)).toEqual([401])
    expect(delivery).toMatchObject({ dropped: 1, failures: 1 })
    expect(messages()).toHaveLength(1)
    expect(messages()[0]).toContain('401')
    expect(messages()[0]).toContain('unauthorized: Bearer ***')
    expect(messages()[0]).not.toContain('wr0ng')
  })

  it('of a metric gives the reason', async () => {
    const server = await start()
    const { delivery, messages } = exporter(server.url)
    delivery.push(batch(1, [gauge('', 1)]))
    await delivery.flush(5_000)
    expect(delivery.dropped).toBe(1)
    expect(messages()[0]).toContain('invalid metric at index 0: no name')
  })

  it('of some metrics is noticed by the count', async () => {
    const server = await start()
    const { delivery, messages } = exporter(server.url)
    server.fault = { kind: 'status', status: 200, body: '{"status":"success","count":1}' }
    delivery.push(batch(1, many(3)))
    expect(await delivery.flush(5_000)).toBe(true)
    expect(delivery).toMatchObject({ dropped: 1, failures: 1 })
    expect(messages()[0]).toContain('1 of 3 metrics were stored')
  })
})

/** For what happens in a server: there is no event to wait for. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5))
}

function values(server: TinyObsServer): readonly number[] {
  return server.stored.map(({ value }: StoredMetric) => value).sort((a, b) => a - b)
}
