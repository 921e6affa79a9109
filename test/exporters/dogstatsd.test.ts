import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { networkInterfaces, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { Batch, Metric } from '../../src/core/batch'
import type { OffloopError } from '../../src/core/errors'
import type { Stall } from '../../src/core/stall'
import { dist } from '../dist'
import { batch, gauge } from '../support/batches'
import { Child } from '../support/child'
import { DogStatsDServer, keyOf, type Line } from '../support/dogstatsd-server'

const { DogStatsD } = dist<typeof import('../../src/exporters/dogstatsd')>('exporters/dogstatsd.js')
const { Delivery } = dist<typeof import('../../src/exporters/delivery')>('exporters/delivery.js')

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean()
})

function socketPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'offloop-dogstatsd-'))
  cleanUp.push(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'dsd.socket')
}

async function started(server: Promise<DogStatsDServer>): Promise<DogStatsDServer> {
  const running = await server
  cleanUp.push(() => running.close())
  return running
}
const udp = () => started(DogStatsDServer.udp())
const unix = () =>
  started(DogStatsDServer.unix(socketPath())) as Promise<DogStatsDServer & { target: { path: string } }>

function transportTo(target: object, options: { prefix?: string; tags?: Record<string, string> } = {}) {
  const settings = {
    type: 'dogstatsd',
    host: undefined,
    port: undefined,
    path: undefined,
    prefix: '',
    tags: {},
  } as const
  const transport = new DogStatsD({ ...settings, ...target, ...options }, 'dogstatsd')
  cleanUp.push(() => transport.close())
  return transport
}

function exporterTo(target: object, options: Parameters<typeof transportTo>[1] = {}) {
  const reports: OffloopError[] = []
  const delivery = new Delivery(transportTo(target, options), (error) => reports.push(error), {
    timeoutMs: 5_000,
    random: () => 0,
  })
  cleanUp.push(() => delivery.close())
  return { delivery, messages: () => reports.map(({ message }) => message) }
}

/** For variables that hot-shots reads when the client is made. */
function setEnv(variables: Record<string, string>): void {
  for (const [name, value] of Object.entries(variables)) {
    const before = process.env[name]
    process.env[name] = value
    cleanUp.push(() => {
      if (before === undefined) delete process.env[name]
      else process.env[name] = before
    })
  }
}

/** Sends `batches`, each once the last line of the one before has arrived: there is no other way to know. */
async function sent(
  server: DogStatsDServer,
  batches: readonly Batch[],
  options = {},
): Promise<readonly Line[]> {
  const { delivery, messages } = exporterTo(server.target, options)
  for (const one of batches) {
    delivery.push({ ...one, metrics: [...one.metrics, gauge('the_last', one.sequence)] })
    expect(await delivery.flush(10_000)).toBe(true)
    await server.until((all) =>
      all.some(({ name, value }) => name.endsWith('the_last') && value === one.sequence),
    )
  }
  expect(messages()).toEqual([])
  return server.lines.filter(({ name }) => !name.endsWith('the_last'))
}

const counter = (name: string, value: number, labels: Metric['labels'] = {}): Metric => ({
  name,
  type: 'counter',
  value,
  labels: { service: 'api', ...labels },
})
const histogram = (name: string, count: number, sum: number, labels: Metric['labels'] = {}): Metric => ({
  name,
  type: 'histogram',
  value: {
    count,
    sum,
    buckets: [
      { le: 0.001, count: Math.floor(count / 2) },
      { le: 0.5, count },
    ],
  },
  labels: { service: 'api', ...labels },
})
const shown = (lines: readonly Line[]) =>
  lines.map(({ name, value, type, tags: { service: _, ...tags } }) => [name, value, type, tags])

describe.each([
  ['UDP', udp],
  ['a Unix socket', unix],
])('over %s', (_, listen) => {
  test('gauges arrive as they are and counters as their growth, several a datagram and none too long', async () => {
    const server = await listen()
    const many = (sequence: number) =>
      batch(
        sequence,
        Array.from({ length: 150 }, (_, index) => [
          gauge(`gauge_${index}`, index / 7 - 20, { thread: 'main', text: 'x'.repeat(2 * index) }),
          counter(`counter_${index}_total`, index * sequence, { kind: 'ü'.repeat(index % 50) }),
        ]).flat(),
      )
    const lines = await sent(server, [many(1), many(2), many(5)])
    const values = server.values()
    for (const metric of many(5).metrics) {
      const { name, labels, value } = metric
      const tags = Object.fromEntries(Object.entries(labels).filter(([, text]) => text !== ''))
      const index = Number(/\d+/.exec(name))
      // From the first batch on, and a counter that stands still is not sent.
      const expected = name.startsWith('gauge') ? value : index === 0 ? undefined : index * 4
      expect(values.get(keyOf({ name, tags }))).toBe(expected)
    }
    expect(lines).toHaveLength(3 * 150 + 2 * 149)
    const sizes = server.datagrams.map(({ length }) => length)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(server.limit)
    // All but the last of a batch are as full as they can be: no line of these is longer than 500 bytes.
    expect(sizes.filter((size) => size < server.limit - 600).length).toBeLessThanOrEqual(3)
  })
})

describe('the deltas', () => {
  test('go on from the first batch, also where that could not be encoded', async () => {
    const server = await udp()
    const transport = transportTo(server.target)
    const odd = gauge('odd', 1, { text: 7 as unknown as string })
    expect(() => transport.encode(batch(1, [counter('n_total', 10), odd]))).toThrow()
    for (const request of transport.encode(batch(2, [counter('n_total', 25)])).requests)
      await transport.send(request)
    expect(shown(await server.until((lines) => lines.length > 0))).toEqual([['n_total', 15, 'c', {}]])
  })

  test('start over where a thread has the name of one that ended', async () => {
    const server = await udp()
    const of = (sequence: number, total: number) => batch(sequence, [counter('n_total', total)])
    await sent(server, [of(1, 100), of(2, 130), of(3, 7)])
    const counts = server.lines.filter(({ type }) => type === 'c').map(({ value }) => value)
    expect(counts).toEqual([30, 7])
  })

  test('come once, in the newest batch, where an outage is over', async () => {
    const server = await udp()
    const transport = transportTo(server.target)
    const batches = [1, 2, 3, 4].map((n) => batch(n, [counter('n_total', n * 10), gauge('g', n)]))
    const [first, second, third, fourth] = batches.map((one) => transport.encode(one))
    for (const request of [...(first?.requests ?? []), ...(fourth?.requests ?? [])])
      await transport.send(request)
    // Delivery asks for the older ones now.
    for (const one of batches.slice(0, 3))
      expect(transport.encode(one)).toEqual({ requests: [], omitted: [] })
    expect([second?.requests.length, third?.requests.length]).toEqual([1, 1])
    await server.until((lines) => lines.length === 3)
    expect(shown(server.lines)).toEqual([
      ['g', 1, 'g', {}],
      ['n_total', 30, 'c', {}],
      ['g', 4, 'g', {}],
    ])
  })
})

/** What dd-trace sends: packages/dd-trace/src/runtime_metrics/runtime_metrics.js of its version 7.0.0-pre. */
const DD_TRACE = [
  ...['user', 'system', 'total'].map((name) => `cpu.${name}`),
  ...['heap_total', 'heap_used', 'rss', 'total', 'free', 'external'].map((name) => `mem.${name}`),
  'process.uptime',
  'event_loop.utilization',
  ...['total_heap_size', 'total_heap_size_executable', 'total_physical_size', 'total_available_size'].map(
    (name) => `heap.${name}`,
  ),
  ...['heap_size_limit', 'malloced_memory', 'peak_malloced_memory'].map((name) => `heap.${name}`),
  ...['size', 'used_size', 'available_size', 'physical_size'].map((name) => `heap.${name}.by.space`),
  ...['event_loop.delay', 'gc.pause', 'gc.pause.by.type'].flatMap((name) =>
    ['min', 'max', 'sum', 'total', 'avg', 'count', 'median', '95percentile'].map((end) => `${name}.${end}`),
  ),
].map((name) => `runtime.node.${name}`)
const ABSENT = [
  'heap.total_heap_size_executable',
  'heap.total_available_size',
  'heap.peak_malloced_memory',
  ...['event_loop.delay', 'gc.pause', 'gc.pause.by.type'].flatMap((name) => [`${name}.min`, `${name}.max`]),
].map((name) => `runtime.node.${name}`)

describe("dd-trace's names", () => {
  const thread = { thread: 'main' }
  const of = (sequence: number, n: number) =>
    batch(sequence, [
      gauge('nodejs_heap_size_used_bytes', 1_000, thread),
      gauge('nodejs_heap_size_total_bytes', 2_000, thread),
      gauge('nodejs_heap_size_limit_bytes', 3_000, thread),
      gauge('nodejs_malloced_memory_bytes', 4_000, thread),
      gauge('nodejs_external_memory_bytes', 5_000, thread),
      gauge('nodejs_heap_space_size_total_bytes', 10, { ...thread, space: 'new' }),
      gauge('nodejs_heap_space_size_used_bytes', 11, { ...thread, space: 'new' }),
      gauge('nodejs_heap_space_size_available_bytes', 12, { ...thread, space: 'new' }),
      gauge('nodejs_heap_space_physical_bytes', 13, { ...thread, space: 'new' }),
      gauge('nodejs_heap_space_physical_bytes', 14, { ...thread, space: 'large_object' }),
      gauge('nodejs_eventloop_utilization', 0.25, thread),
      gauge('process_resident_memory_bytes', 6_000),
      gauge('process_start_time_seconds', Date.UTC(2026, 10, 1) / 1_000 - 90),
      counter('nodejs_thread_seconds_total', 100 + 10 * n, thread),
      counter('process_cpu_user_seconds_total', 7 + 4 * n),
      counter('process_cpu_system_seconds_total', 1 + n),
      counter('process_cpu_seconds_total', 8 + 5 * n),
      histogram('nodejs_gc_duration_seconds', 10 * n, 0.002 * n, { ...thread, kind: 'minor' }),
      histogram('nodejs_gc_duration_seconds', 2 * n, 0.01 * n, { ...thread, kind: 'major' }),
      histogram('nodejs_eventloop_turn_seconds', 50 * n, 0.5 * n, thread),
    ])

  test('for all that it sends and cumulative figures tell', async () => {
    const server = await udp()
    const transport = transportTo(server.target)
    for (const one of [of(1, 1), of(2, 3)]) {
      for (const request of transport.encode(one).requests) await transport.send(request)
    }
    const lines = await server.until((all) => all.filter(({ name }) => name.endsWith('uptime')).length === 2)
    const second = lines.slice(lines.findIndex(({ name }) => name.endsWith('uptime')) + 1)
    const runtime = shown(second).filter(([name]) => String(name).startsWith('runtime.node.'))
    const pauses = (name: string, count: number, ns: number, tags: object) => [
      [`runtime.node.${name}.count`, count, 'c', tags],
      [`runtime.node.${name}.sum`, ns, 'c', tags],
      [`runtime.node.${name}.total`, ns, 'c', tags],
      [`runtime.node.${name}.avg`, ns / count, 'g', tags],
      // Half of them are up to 1 ms, the others up to 500 ms: nine tenths of the latter are below the 95th.
      [`runtime.node.${name}.median`, 1_000_000, 'g', tags],
      [`runtime.node.${name}.95percentile`, 1_000_000 + 0.9 * 499_000_000, 'g', tags],
    ]
    expect(runtime).toEqual(
      [
        ['runtime.node.mem.heap_used', 1_000, 'g', thread],
        ['runtime.node.mem.heap_total', 2_000, 'g', thread],
        ['runtime.node.heap.total_heap_size', 2_000, 'g', thread],
        ['runtime.node.heap.heap_size_limit', 3_000, 'g', thread],
        ['runtime.node.heap.malloced_memory', 4_000, 'g', thread],
        ['runtime.node.mem.external', 5_000, 'g', thread],
        ['runtime.node.heap.size.by.space', 10, 'g', { ...thread, heap_space: 'new_space' }],
        ['runtime.node.heap.used_size.by.space', 11, 'g', { ...thread, heap_space: 'new_space' }],
        ['runtime.node.heap.available_size.by.space', 12, 'g', { ...thread, heap_space: 'new_space' }],
        ['runtime.node.heap.physical_size.by.space', 13, 'g', { ...thread, heap_space: 'new_space' }],
        [
          'runtime.node.heap.physical_size.by.space',
          14,
          'g',
          { ...thread, heap_space: 'large_object_space' },
        ],
        ['runtime.node.event_loop.utilization', 0.25, 'g', thread],
        ['runtime.node.mem.rss', 6_000, 'g', {}],
        ['runtime.node.mem.total', totalmem(), 'g', {}],
        ['runtime.node.mem.free', expect.any(Number), 'g', {}],
        ...pauses('gc.pause.by.type', 20, 4_000_000, { ...thread, gc_type: 'scavenge' }),
        ...pauses('gc.pause.by.type', 4, 20_000_000, { ...thread, gc_type: 'mark_sweep_compact' }),
        ...pauses('gc.pause', 24, 24_000_000, thread),
        ...pauses('event_loop.delay', 100, 1_000_000_000, thread),
        ['runtime.node.heap.total_physical_size', 27, 'g', thread],
        ['runtime.node.process.uptime', 100, 'g', {}],
        ['runtime.node.cpu.user', 40, 'g', {}],
        ['runtime.node.cpu.system', 10, 'g', {}],
        ['runtime.node.cpu.total', 50, 'g', {}],
      ].sort(byPlace(runtime)),
    )
    // Each of dd-trace's is sent, or documented as not sent.
    const names = new Set(runtime.map(([name]) => String(name)))
    const absent = DD_TRACE.filter((name) => !names.has(name))
    expect([...names].filter((name) => !DD_TRACE.includes(name))).toEqual([])
    expect(absent).toEqual(ABSENT)
    const docs = readFileSync(new URL('../../docs/exporters-datadog.md', import.meta.url), 'utf8')
    const notSent = /Not sent: (.*?)\n\n/s.exec(docs)?.[1] ?? ''
    for (const name of absent)
      expect(notSent).toContain(name.replace(/^runtime\.node\.(?=heap)|.*(?=\.(min|max)$)/, ''))
    // Everything else by its own name, histograms whole.
    expect(shown(second).filter(([name]) => /^(nodejs|process)_/.test(String(name)))).toEqual(
      expect.arrayContaining([
        ['process_cpu_user_seconds_total', 8, 'c', {}],
        ['nodejs_gc_duration_seconds.count', 20, 'c', { ...thread, kind: 'minor' }],
        ['nodejs_gc_duration_seconds.sum', 0.004, 'c', { ...thread, kind: 'minor' }],
        ['nodejs_gc_duration_seconds.bucket', 10, 'c', { ...thread, kind: 'minor', upper_bound: '0.001' }],
        ['nodejs_gc_duration_seconds.bucket', 20, 'c', { ...thread, kind: 'minor', upper_bound: '0.5' }],
      ]),
    )
    expect(second.map(({ name }) => name)).not.toContain('nodejs_heap_size_used_bytes')
  })

  /** CPU and uptime come in the order of the batch. */
  function byPlace(lines: readonly (readonly unknown[])[]) {
    const places = new Map(lines.map((line, index) => [JSON.stringify([line[0], line[3]]), index]))
    const placeOf = (line: readonly unknown[]) => places.get(JSON.stringify([line[0], line[3]])) ?? -1
    return (a: readonly unknown[], b: readonly unknown[]) => placeOf(a) - placeOf(b)
  }
})

describe('tags', () => {
  test('are the labels, the options, and what Datadog has in the environment', async () => {
    setEnv({ DD_SERVICE: 'shop', DD_ENV: 'prod', DD_VERSION: '1.2.3', DD_TAGS: 'team:a,env:no' })
    const server = await udp()
    const one = batch(1, [gauge('g', 1, { thread: 'worker#3', region: 'eu' }), gauge('h', 1, { empty: '' })])
    const [g, h] = await sent(server, [one], { tags: { tier: 'web', region: 'no' } })
    const common = { service: 'shop', env: 'prod', version: '1.2.3', team: 'a', tier: 'web' }
    expect(g?.tags).toEqual({ ...common, thread: 'worker_3', region: 'eu' })
    expect(h?.tags).toEqual({ ...common, region: 'no' })
  })

  test("the service is the batch's where Datadog's environment names none", async () => {
    const server = await udp()
    expect((await sent(server, [batch(1, [gauge('g', 1)])]))[0]?.tags).toEqual({ service: 'api' })
  })

  test('the prefix stands before every name', async () => {
    const server = await udp()
    const lines = await sent(server, [batch(1)], { prefix: 'my.app' })
    expect(lines.map(({ name }) => name)).toEqual(['my.app.runtime.node.mem.heap_used'])
  })

  test('the container is named as Datadog finds it, or by what its admission controller says', async () => {
    setEnv({ DD_EXTERNAL_ENV: 'it-false,cn-web,pu-1' })
    const server = await udp()
    const [line] = await sent(server, [batch(1)])
    expect(line?.fields.e).toBe('it-false,cn-web,pu-1')
    const { getContainerID } = (await import('hot-shots/lib/originDetection.js' as string)).default as {
      getContainerID(): string | undefined
    }
    expect(line?.fields.c).toBe(getContainerID())
  })
})

describe.each([
  ['UDP', udp],
  ['a Unix socket', unix],
])('stalls over %s', (_, listen) => {
  const frame = (index: number, file: string) => ({
    functionName: `call${index}`,
    place: { file, line: index + 1, column: 5 },
  })
  const stall = (changed: Partial<Stall> = {}): Stall => ({
    id: 1,
    thread: 'main',
    startedAt: 1_700_000_000_400,
    durationMs: 1_004.2,
    ongoing: true,
    cause: 'code',
    gcMs: 0,
    ...changed,
  })
  const events = async (server: DogStatsDServer, count: number) => {
    await server.until(() => server.events.length >= count)
    return server.events
  }
  /** Events go by names and tags that come with the first batch. */
  async function telling(server: DogStatsDServer, options: Parameters<typeof transportTo>[1] = {}) {
    const { delivery } = exporterTo(server.target, options)
    delivery.push(batch(1))
    expect(await delivery.flush(10_000)).toBe(true)
    return delivery
  }

  test('are an event when they are told first, and one when they are over', async () => {
    const server = await listen()
    const delivery = await telling(server, { prefix: 'my.app', tags: { tier: 'web' } })
    const stack = [frame(0, '/app/a|b.js'), { functionName: '' }, frame(1, 'C:\\new\\ü.js')]
    delivery.stall(stall({ stack }))
    delivery.stall(stall({ stack, durationMs: 1_500 }))
    await events(server, 1)
    delivery.stall(stall({ stack, ongoing: false, durationMs: 5_230 }))
    const calls = 'at call0 (/app/a|b.js:1:5)\nat <native>\nat call1 (C:/new/?.js:2:5)'
    const [first, last] = await events(server, 2)
    expect(first).toMatchObject({
      title: 'Event loop of main is stuck',
      text: `For 1.0 s so far. It runs JavaScript.\n${calls}`,
      tags: { service: 'api', tier: 'web', thread: 'main' },
      fields: { d: '1700000000', k: `offloop-stall-${process.pid}-1`, t: 'error' },
    })
    expect(last).toMatchObject({
      title: 'Event loop of main was stuck for 5.2 s',
      text: `Cause: code\n${calls}`,
      fields: { k: first?.fields.k, t: 'info' },
    })
    expect(server.events).toHaveLength(2)
  })

  test('have as much of a stack as a datagram holds, and say what is left out', async () => {
    const server = await listen()
    const delivery = await telling(server)
    const stack = Array.from({ length: 64 }, (_, index) => frame(index, `/app/${'x'.repeat(200)}.js`))
    delivery.stall(stall({ stack }))
    const [{ text } = { text: '' }] = await events(server, 1)
    const calls = text.split('\n').filter((line) => line.startsWith('at call'))
    expect(calls.length).toBeGreaterThan(3)
    expect(calls.length).toBeLessThan(64)
    expect(text.split('\n').at(-1)).toBe(`... and ${64 - calls.length} more calls, which have no room here`)
    // One more would not have fitted.
    expect(server.datagrams.at(-1)?.length).toBeGreaterThan(server.limit - 250)
  })

  test('are five a minute, and those are told to be over', async () => {
    const server = await listen()
    const delivery = await telling(server)
    for (let id = 1; id <= 8; id++) delivery.stall(stall({ id }))
    for (let id = 1; id <= 8; id++) delivery.stall(stall({ id, ongoing: false }))
    await events(server, 10)
    delivery.push(batch(2, [gauge('the_last', 2)]))
    await server.until((lines) => lines.some(({ name }) => name === 'the_last'))
    expect(server.events.map(({ fields }) => [fields.t, fields.k?.split('-').at(-1)])).toEqual([
      ...[1, 2, 3, 4, 5].map((id) => ['error', String(id)]),
      ...[1, 2, 3, 4, 5].map((id) => ['info', String(id)]),
    ])
  })
})

describe('what cannot be sent', () => {
  test('is left out and counted: no number, and a line that fits no datagram', async () => {
    const server = await udp()
    const { delivery, messages } = exporterTo(server.target)
    const long = { a: 'x'.repeat(1_000), b: 'y'.repeat(1_000) }
    const metrics = [
      gauge('long', 1, long),
      gauge('nan', Number.NaN),
      gauge('inf', -Infinity),
      gauge('fine', 1),
    ]
    delivery.push(batch(1, metrics))
    expect(await delivery.flush(5_000)).toBe(true)
    const lines = await server.until((all) => all.length > 0)
    expect(lines.map(({ name }) => name)).toEqual(['fine'])
    expect(delivery).toMatchObject({ omitted: 3, dropped: 0, failures: 0 })
    expect(messages()).toEqual([
      expect.stringMatching(
        /^exporter dogstatsd: metric long takes 20\d\d bytes, of 1432 that a datagram holds; /,
      ),
    ])
  })
})

describe('a peer that is not there', () => {
  test('a Unix socket: an error that names it, and delivery once it is there, again and again', async () => {
    const path = socketPath()
    const { delivery, messages } = exporterTo({ path })
    delivery.push(batch(1, [counter('n_total', 1)]))
    for (const sequence of [2, 4]) {
      delivery.push(batch(sequence, [counter('n_total', 10 * sequence)]))
      expect(await delivery.flush(50)).toBe(false)
      const server = await DogStatsDServer.unix(path)
      delivery.push(batch(sequence + 1, [counter('n_total', 10 * sequence + 5)]))
      expect(await delivery.flush(10_000)).toBe(true)
      // In one piece, or the second try came first, and then in two.
      const total = () => server.lines.reduce((sum, { value }) => sum + value, 0)
      await server.until(() => total() === (sequence === 2 ? 24 : 20))
      await server.close()
    }
    expect(messages()[0]).toMatch(
      new RegExp(`^exporter dogstatsd: ${path}: (ENOENT|ECONNREFUSED); it will be retried`),
    )
    expect(delivery.dropped).toBe(0)
  })

  test('an agent that is too busy to read: what its queue does not take comes later', async () => {
    const server = await unix()
    server.pause(true)
    const metrics = Array.from({ length: 200 }, (_, index) =>
      gauge(`g_${index}`, index, { x: 'x'.repeat(1_000) }),
    )
    const { delivery } = exporterTo(server.target)
    delivery.push(batch(1, metrics))
    const delivered = delivery.flush(20_000)
    await new Promise((resolve) => setTimeout(resolve, 50))
    server.pause(false)
    while (!(await delivered) && !(await delivery.flush(5_000)));
    const lines = await server.until((all) => all.length === metrics.length)
    expect(lines.map(({ value }) => value)).toEqual(metrics.map(({ value }) => value))
    expect(server.datagrams.length).toBeGreaterThan(20)
    expect(delivery.dropped).toBe(0)
  })

  test('a host without an address', async () => {
    const { delivery, messages } = exporterTo({ host: 'no.such.host.invalid', port: 8125 })
    delivery.push(batch(1))
    expect(await delivery.flush(2_000)).toBe(false)
    expect(messages()).toEqual([
      expect.stringMatching(/^exporter dogstatsd: no\.such\.host\.invalid: getaddrinfo E/),
    ])
  })
})

describe('a host', () => {
  test('by its name, and by IPv6', async () => {
    const server = await udp()
    const { port } = server.target as { port: number }
    const named = exporterTo({ host: 'localhost', port })
    for (const sequence of [1, 2, 3]) {
      named.delivery.push(batch(sequence))
      expect(await named.delivery.flush(10_000)).toBe(true)
    }
    expect(await server.until((lines) => lines.length === 3)).toHaveLength(3)
    const v6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'))
    if (!v6) return
    const other = await started(DogStatsDServer.udp('::1'))
    exporterTo(other.target).delivery.push(batch(1))
    expect(await other.until((lines) => lines.length > 0)).toHaveLength(1)
  })
})

describe('in a process', () => {
  const exporting = (path?: string, env: Record<string, string> = {}) =>
    new Child('exporting.cjs', { args: [JSON.stringify({ type: 'dogstatsd', path })], env })

  test.each<[string, (target: { path: string }, port: number) => Record<string, string>]>([
    ['DD_DOGSTATSD_URL, UDP', (_, port) => ({ DD_DOGSTATSD_URL: `udp://127.0.0.1:${port}` })],
    ['DD_DOGSTATSD_URL, unixgram', ({ path }) => ({ DD_DOGSTATSD_URL: `unixgram://${path}` })],
    ['DD_DOGSTATSD_SOCKET', ({ path }) => ({ DD_DOGSTATSD_SOCKET: path })],
    ['DD_AGENT_HOST', (_, port) => ({ DD_AGENT_HOST: '127.0.0.1', DD_DOGSTATSD_PORT: `${port}` })],
  ])('to where %s says', async (_, variables) => {
    const [local, remote] = [await unix(), await udp()]
    const env = variables(local.target, (remote.target as { port: number }).port)
    const [there, elsewhere] =
      'path' in local.target && JSON.stringify(env).includes('dsd.socket') ? [local, remote] : [remote, local]
    const child = exporting(undefined, env)
    expect(await there.until((lines) => lines.length > 0)).not.toHaveLength(0)
    expect((await child.exited).stderr).toBe('')
    expect(elsewhere.datagrams).toEqual([])
  })

  test('from the sampling thread to a Unix socket, down to the last sample', async () => {
    const server = await unix()
    const child = exporting(server.target.path)
    const { first, last } = await child.next<{ first: Batch; last: Batch }>()
    const { code, stderr } = await child.exited
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const pauses = (one: Batch) =>
      one.metrics.find(
        ({ name, labels }) => name === 'nodejs_gc_pause_seconds_total' && labels.kind === 'minor',
      )
    const { labels, value } = pauses(last) as Metric
    const { service: _, ...tags } = labels
    const key = keyOf({ name: 'nodejs_gc_pause_seconds_total', tags: { ...tags, service: 'shop' } })
    const grown = (value as number) - (pauses(first)?.value as number)
    await server.until(() => Math.abs((server.values().get(key) ?? 0) - grown) < 1e-9)
    const names = new Set(server.lines.map(({ name }) => name))
    expect([...names]).toEqual(
      expect.arrayContaining(['runtime.node.mem.heap_used', 'orders_open', 'orders_total']),
    )
  })

  test("its exit by process.exit() loses nothing, and the application's own unix-dgram is left alone", async () => {
    const server = await unix()
    const child = new Child('exits-exporting.cjs', { args: [server.target.path] })
    const { code, stdout, stderr } = await child.exited
    expect({ code, stderr }).toEqual({ code: 3, stderr: '' })
    const { total, unixDgram } = JSON.parse(stdout) as { total: number; unixDgram: boolean }
    expect(unixDgram).toBe(false)
    await server.until((lines) => lines.some(({ name, value }) => name === 'orders_open' && value === total))
  })

  test('without the addon it says what it lacks, and does no harm', async () => {
    const child = exporting(socketPath(), { OFFLOOP_NATIVE: '0' })
    await child.next()
    const { code, stderr } = await child.exited
    expect(code).toBe(0)
    expect(stderr).toContain(
      'a Unix socket needs the addon, and OFFLOOP_NATIVE=0 is set; the batch is given up',
    )
  })
})
