import { ValueType } from '@opentelemetry/api'
import { AggregationTemporality, DataPointType } from '@opentelemetry/sdk-metrics'
import * as conventions from '@opentelemetry/semantic-conventions/incubating'
import { describe, expect, it } from 'vitest'
import type { Histogram, Metric } from '../../src/core/batch'
import { dist } from '../dist'
import { batch, FIRST_TIMESTAMP, gauge } from '../support/batches'

const data = dist<typeof import('../../src/core/otel-data')>('core/otel-data.js')
const { otelAttributes, otelName } = dist<typeof import('../../src/core/otel-names')>('core/otel-names.js')
const { metricData, PointMaker } = dist<typeof import('../../src/core/otel-points')>('core/otel-points.js')

const PROCESS_START = FIRST_TIMESTAMP - 60_000
const at = (sequence: number) => FIRST_TIMESTAMP + (sequence - 1) * 10_000
const counter = (value: number, labels: Metric['labels'] = { thread: 'main' }): Metric => ({
  name: 'nodejs_gc_cycles_total',
  type: 'counter',
  value,
  labels: { service: 'api', ...labels },
})
const histogram = (value: Histogram): Metric => ({
  name: 'nodejs_gc_duration_seconds',
  type: 'histogram',
  value,
  labels: { service: 'api', thread: 'main', kind: 'minor' },
})
const buckets = (low: number, high: number, count: number): Histogram['buckets'] => [
  { le: 0.001, count: low },
  { le: 0.5, count: Math.min(high, count) },
]

it('has the numbers of the official enums', () => {
  expect([data.HISTOGRAM, data.GAUGE, data.SUM]).toEqual([
    DataPointType.HISTOGRAM,
    DataPointType.GAUGE,
    DataPointType.SUM,
  ])
  expect([data.DELTA, data.CUMULATIVE]).toEqual([
    AggregationTemporality.DELTA,
    AggregationTemporality.CUMULATIVE,
  ])
  expect(data.DOUBLE).toBe(ValueType.DOUBLE)
  expect(data.hrTime(1_795_482_497_021.5)).toEqual([1_795_482_497, 21_500_000])
})

describe('names', () => {
  const all = new Set(Object.values(conventions))
  it.each<[string, Metric['type'], Record<string, string>, string, string, Record<string, string>]>([
    [
      'nodejs_gc_duration_seconds',
      'histogram',
      { kind: 'weakcb' },
      'v8js.gc.duration',
      's',
      { 'v8js.gc.type': 'weakcb' },
    ],
    [
      'nodejs_heap_space_size_used_bytes',
      'gauge',
      { space: 'new' },
      'v8js.memory.heap.used',
      'By',
      { 'v8js.heap.space.name': 'new_space' },
    ],
    [
      'nodejs_heap_space_size_total_bytes',
      'gauge',
      { space: 'old' },
      'v8js.memory.heap.space.size',
      'By',
      { 'v8js.heap.space.name': 'old_space' },
    ],
    [
      'nodejs_heap_space_size_available_bytes',
      'gauge',
      { space: 'old' },
      'v8js.memory.heap.space.available_size',
      'By',
      { 'v8js.heap.space.name': 'old_space' },
    ],
    [
      'nodejs_heap_space_physical_bytes',
      'gauge',
      { space: 'old' },
      'v8js.memory.heap.space.physical_size',
      'By',
      { 'v8js.heap.space.name': 'old_space' },
    ],
    ['nodejs_eventloop_utilization', 'gauge', {}, 'nodejs.eventloop.utilization', '1', {}],
    ['nodejs_eventloop_delay_min_seconds', 'gauge', {}, 'nodejs.eventloop.delay.min', 's', {}],
    ['nodejs_eventloop_delay_max_seconds', 'gauge', {}, 'nodejs.eventloop.delay.max', 's', {}],
    ['nodejs_eventloop_delay_mean_seconds', 'gauge', {}, 'nodejs.eventloop.delay.mean', 's', {}],
    ['nodejs_eventloop_delay_stddev_seconds', 'gauge', {}, 'nodejs.eventloop.delay.stddev', 's', {}],
    ['nodejs_eventloop_delay_p50_seconds', 'gauge', {}, 'nodejs.eventloop.delay.p50', 's', {}],
    ['nodejs_eventloop_delay_p90_seconds', 'gauge', {}, 'nodejs.eventloop.delay.p90', 's', {}],
    ['nodejs_eventloop_delay_p99_seconds', 'gauge', {}, 'nodejs.eventloop.delay.p99', 's', {}],
    [
      'nodejs_active_resources',
      'gauge',
      { type: 'Timeout' },
      'v8js.resource.active',
      '{resource}',
      { 'v8js.resource.type': 'Timeout' },
    ],
    [
      'nodejs_eventloop_active_seconds_total',
      'counter',
      {},
      'nodejs.eventloop.time',
      's',
      { 'nodejs.eventloop.state': 'active' },
    ],
    [
      'nodejs_eventloop_idle_seconds_total',
      'counter',
      {},
      'nodejs.eventloop.time',
      's',
      { 'nodejs.eventloop.state': 'idle' },
    ],
    ['process_cpu_user_seconds_total', 'counter', {}, 'process.cpu.time', 's', { 'cpu.mode': 'user' }],
    ['process_cpu_system_seconds_total', 'counter', {}, 'process.cpu.time', 's', { 'cpu.mode': 'system' }],
    ['process_resident_memory_bytes', 'gauge', {}, 'process.memory.usage', 'By', {}],
    ['process_virtual_memory_bytes', 'gauge', {}, 'process.memory.virtual', 'By', {}],
    ['process_open_fds', 'gauge', {}, 'process.unix.file_descriptor.count', '{file_descriptor}', {}],
  ])('%s is of the conventions', (name, type, labels, called, unit, attributes) => {
    const metric: Metric = { name, type, value: 0, labels: { service: 'api', thread: 'main', ...labels } }
    expect(otelName(metric, batch(1, [metric]))).toMatchObject({ name: called, unit })
    expect(otelAttributes(metric, 'api')).toEqual({ 'thread.name': 'main', ...attributes })
    for (const known of [called, 'thread.name', ...Object.keys(attributes)]) expect(all).toContain(known)
  })

  it.each([
    ['nodejs_heap_live_bytes', 'nodejs_heap_live_bytes'],
    ['job:requests:rate', 'job.requests.rate'],
    ['_odd', 'offloop._odd'],
    [':odd', 'offloop..odd'],
  ])('%s is %s', (name, called) => {
    const metric = gauge(name, 1)
    expect(otelName(metric, batch(1, [metric]))).toMatchObject({ name: called, instrument: 'gauge' })
    expect(called).toMatch(/^[a-zA-Z][a-zA-Z0-9_./-]{0,254}$/)
  })

  it('with the unit of the table, and labels as they are', () => {
    const metric = gauge('heap', 1, { region: 'eu', service: 'other' })
    const described = {
      ...batch(1, [metric]),
      descriptions: { heap: { type: 'gauge', unit: 'bytes', description: '' } },
    } as const
    expect(otelName(metric, described)).toMatchObject({ unit: 'By' })
    expect(otelAttributes(metric, 'api')).toEqual({ region: 'eu', service: 'other' })
  })

  it('leave labels alone that are called like what every object has', () => {
    const labels = { thread: 'main', kind: 'minor', constructor: 'x', toString: 'y' }
    const metric = { ...histogram({ count: 0, sum: 0, buckets: [] }), labels }
    expect(otelAttributes(metric, 'api')).toEqual({
      'thread.name': 'main',
      'v8js.gc.type': 'minor',
      constructor: 'x',
      toString: 'y',
    })
    const odd = gauge('constructor', 1)
    const described = { type: 'gauge', unit: 'constructor', description: '' } as const
    expect(otelName(odd, { ...batch(1, [odd]), descriptions: { constructor: described } })).toEqual({
      name: 'constructor',
      unit: '',
      instrument: 'gauge',
    })
  })

  it.each([
    ['nodejs_eventloop_active_seconds_total', 'nodejs_eventloop_idle_seconds_total'],
    ['process_cpu_user_seconds_total', 'process_cpu_system_seconds_total'],
  ])('of %s and its like have one description, whichever comes first', (...names) => {
    const described = (order: readonly string[]) => {
      const metrics = order.map((name): Metric => ({ name, type: 'counter', value: 1, labels: {} }))
      const { points } = new PointMaker('cumulative').make(batch(1, metrics))
      const [one, ...others] = metricData(points, 'cumulative')
      expect(others).toEqual([])
      expect(one?.dataPoints).toHaveLength(2)
      return one?.descriptor.description
    }
    expect(described(names)).toMatch(/^[A-Z].*\.$/)
    expect(described(names.toReversed())).toBe(described(names))
  })

  it('too long are refused', () => {
    const metric = gauge('m'.repeat(256), 1)
    expect(new PointMaker('cumulative').make(batch(1, [metric])).omitted).toHaveLength(1)
  })
})

describe('cumulative', () => {
  it('counts from the start of the process, later series from the batch before them', () => {
    const maker = new PointMaker('cumulative', PROCESS_START)
    const first = maker.make(batch(1, [counter(3)])).points
    expect(first).toMatchObject([{ value: 3, start: PROCESS_START, at: at(1) }])
    maker.commit(first)
    const second = maker.make(batch(2, [counter(5), counter(7, { thread: 'w#1' })])).points
    expect(second).toMatchObject([
      { value: 5, start: PROCESS_START },
      { value: 7, start: at(1), at: at(2) },
    ])
    maker.commit(second)
    // One that fell began anew.
    expect(maker.make(batch(3, [counter(1)])).points).toMatchObject([{ value: 1, start: at(2), at: at(3) }])
  })

  it('leaves gauges and says sizes as sums that may fall', () => {
    const maker = new PointMaker('delta', PROCESS_START)
    const size = gauge('process_resident_memory_bytes', 5)
    const { points } = maker.make(batch(1, [gauge('g', -1), size]))
    const [plain, sum] = metricData(points, 'delta')
    expect(plain).toMatchObject({ dataPointType: DataPointType.GAUGE, dataPoints: [{ value: -1 }] })
    expect(sum).toMatchObject({
      dataPointType: DataPointType.SUM,
      isMonotonic: false,
      aggregationTemporality: AggregationTemporality.CUMULATIVE,
    })
  })
})

describe('deltas', () => {
  const deliver = (maker: InstanceType<typeof PointMaker>, sequence: number, ...metrics: Metric[]) => {
    const { points } = maker.make(batch(sequence, metrics))
    maker.commit(points)
    return points
  }

  it('begin with the first batch: what came before it may have been delivered already', () => {
    const maker = new PointMaker('delta', PROCESS_START)
    expect(deliver(maker, 1, counter(1_000))).toEqual([])
    expect(deliver(maker, 2, counter(1_005))).toMatchObject([{ value: 5, start: at(1), at: at(2) }])
    expect(deliver(maker, 3, counter(1_005))).toMatchObject([{ value: 0, start: at(2), at: at(3) }])
  })

  it('count from what was delivered: a batch that was not takes nothing along', () => {
    const maker = new PointMaker('delta', PROCESS_START)
    deliver(maker, 1, counter(0))
    deliver(maker, 2, counter(10))
    maker.make(batch(3, [counter(25)]))
    expect(deliver(maker, 4, counter(27))).toMatchObject([{ value: 17, start: at(2), at: at(4) }])
  })

  it('of a new thread are all that it has, and of one that began anew too', () => {
    const maker = new PointMaker('delta', PROCESS_START)
    deliver(maker, 1, counter(0))
    expect(deliver(maker, 2, counter(4, { thread: 'w#1' }))).toMatchObject([{ value: 4, start: at(1) }])
    expect(deliver(maker, 3, counter(1, { thread: 'w#1' }))).toMatchObject([{ value: 1, start: at(2) }])
    // Absent for a while, and not new.
    deliver(maker, 4)
    expect(deliver(maker, 5, counter(3, { thread: 'w#1' }))).toMatchObject([{ value: 2, start: at(3) }])
  })

  it('of histograms are taken bucket by bucket', () => {
    const maker = new PointMaker('delta', PROCESS_START)
    deliver(maker, 1, histogram({ count: 2, sum: 0.5, buckets: buckets(1, 2, 2) }))
    const [point] = deliver(maker, 2, histogram({ count: 6, sum: 2, buckets: buckets(2, 5, 6) }))
    expect(point?.value).toEqual({
      count: 4,
      sum: 1.5,
      buckets: { boundaries: [0.001, 0.5], counts: [1, 2, 1] },
    })
    // Other bounds: another histogram.
    const other = { count: 9, sum: 3, buckets: [{ le: 1, count: 9 }] }
    expect(deliver(maker, 3, histogram(other))[0]?.value).toMatchObject({ count: 9 })
  })
})

it('what cannot be said is left out, with its reason', () => {
  const { points, omitted } = new PointMaker('cumulative').make(
    batch(1, [
      gauge('nan', Number.NaN),
      gauge('infinite', Number.POSITIVE_INFINITY),
      { ...counter(-1), name: 'negative' },
      histogram({ count: 1, sum: 1, buckets: buckets(3, 1, 1) }),
    ]),
  )
  expect(points).toEqual([])
  expect(omitted).toEqual([
    'metric nan is NaN, which not every backend can take',
    'metric infinite is Infinity, which not every backend can take',
    'metric negative is a counter and negative',
    'metric nodejs_gc_duration_seconds has buckets whose counts fall',
  ])
})
