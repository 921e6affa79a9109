import { EventEmitter } from 'node:events'
import {
  AggregationTemporality,
  DataPointType,
  InMemoryMetricExporter,
  MeterProvider,
  type MetricData,
  type MetricProducer,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Batch, Metric } from '../../src/core/batch'
import { dist } from '../dist'
import { batch, gauge } from '../support/batches'

const { metricProducer, registerInstruments } =
  dist<typeof import('../../src/bridges/opentelemetry')>('bridges/opentelemetry.js')

class Source extends EventEmitter<{ batch: [batch: Batch] }> {}

const cycles = (value: number): Metric => ({
  name: 'nodejs_gc_cycles_total',
  type: 'counter',
  value,
  labels: { service: 'api', thread: 'main', kind: 'minor' },
})
/** `counts` of the buckets up to 1 ms, 10 ms and above. */
const pauses = (counts: readonly [number, number, number], sum: number): Metric => ({
  name: 'nodejs_gc_duration_seconds',
  type: 'histogram',
  value: {
    count: counts[0] + counts[1] + counts[2],
    sum,
    buckets: [
      { le: 0.001, count: counts[0] },
      { le: 0.01, count: counts[0] + counts[1] },
    ],
  },
  labels: { service: 'api', thread: 'main', kind: 'minor' },
})

function provider(temporality: AggregationTemporality, producers: MetricProducer[] = []) {
  const exporter = new InMemoryMetricExporter(temporality)
  const reader = new PeriodicExportingMetricReader({
    exporter,
    exportIntervalMillis: 3_600_000,
    metricProducers: producers,
  })
  const meters = new MeterProvider({ readers: [reader] })
  onTestFinished(() => meters.shutdown())
  const read = async (): Promise<Record<string, MetricData>> => {
    exporter.reset()
    await meters.forceFlush()
    const metrics = exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics))
    return Object.fromEntries(metrics.map((metric) => [metric.descriptor.name, metric]))
  }
  return { meters, read }
}

describe('a metric producer', () => {
  it('hands a reader the latest batch, histograms ready-made', async () => {
    const source = new Source()
    const producer = metricProducer(source)
    const { read } = provider(AggregationTemporality.CUMULATIVE, [producer])
    expect(await read()).toEqual({})
    source.emit(
      'batch',
      batch(1, [cycles(3), pauses([1, 1, 0], 0.005), gauge('nodejs_eventloop_utilization', 0.5)]),
    )
    source.emit(
      'batch',
      batch(2, [cycles(4), pauses([1, 1, 1], 0.105), gauge('nodejs_eventloop_utilization', 0.25)]),
    )
    const metrics = await read()
    expect(metrics['v8js.gc.duration']).toMatchObject({
      dataPointType: DataPointType.HISTOGRAM,
      aggregationTemporality: AggregationTemporality.CUMULATIVE,
      descriptor: { unit: 's' },
      dataPoints: [
        {
          attributes: { 'v8js.gc.type': 'minor', 'thread.name': 'main' },
          value: { count: 3, sum: 0.105, buckets: { boundaries: [0.001, 0.01], counts: [1, 1, 1] } },
        },
      ],
    })
    expect(metrics.nodejs_gc_cycles_total).toMatchObject({ isMonotonic: true, dataPoints: [{ value: 4 }] })
    expect(metrics['nodejs.eventloop.utilization']).toMatchObject({ dataPoints: [{ value: 0.25 }] })
  })

  it('hands out deltas from collection to collection', async () => {
    const source = new Source()
    const producer = metricProducer(source, { temporality: 'delta' })
    const { read } = provider(AggregationTemporality.DELTA, [producer])
    source.emit('batch', batch(1, [cycles(3), pauses([1, 0, 0], 0.001)]))
    source.emit('batch', batch(2, [cycles(5), pauses([1, 1, 0], 0.006)]))
    source.emit('batch', batch(3, [cycles(9), pauses([1, 3, 0], 0.016)]))
    const first = await read()
    expect(first.nodejs_gc_cycles_total?.dataPoints).toMatchObject([{ value: 6 }])
    expect(first['v8js.gc.duration']).toMatchObject({
      aggregationTemporality: AggregationTemporality.DELTA,
      dataPoints: [{ value: { count: 3, buckets: { counts: [0, 3, 0] } } }],
    })
    // Nothing new: no interval, no points.
    expect(await read()).toEqual({})
    source.emit('batch', batch(4, [cycles(9), gauge('g', 1)]))
    const second = await read()
    expect(second.nodejs_gc_cycles_total?.dataPoints).toMatchObject([{ value: 0 }])
    for (const { startTime, endTime } of second.nodejs_gc_cycles_total?.dataPoints ?? [])
      expect(endTime[0] - startTime[0]).toBe(10)
  })

  it('has no deltas in its first batch, which only says where they begin', async () => {
    const source = new Source()
    const producer = metricProducer(source, { temporality: 'delta' })
    const { read } = provider(AggregationTemporality.DELTA, [producer])
    source.emit('batch', batch(1, [cycles(3), pauses([1, 0, 0], 0.001), gauge('g', 1)]))
    expect(Object.keys(await read())).toEqual(['g'])
  })

  it('repeats totals as long as there are no newer ones', async () => {
    const source = new Source()
    const { read } = provider(AggregationTemporality.CUMULATIVE, [metricProducer(source)])
    source.emit('batch', batch(1, [cycles(3)]))
    await read()
    expect((await read()).nodejs_gc_cycles_total?.dataPoints).toMatchObject([{ value: 3 }])
  })

  it('says as an error what it leaves out', async () => {
    const source = new Source()
    const producer = metricProducer(source)
    source.emit('batch', batch(1, [cycles(-1), gauge('nan', Number.NaN), gauge('g', 1)]))
    const { errors, resourceMetrics } = await producer.collect()
    expect(resourceMetrics.scopeMetrics[0]?.metrics.map(({ descriptor }) => descriptor.name)).toEqual(['g'])
    expect(errors).toEqual([
      new Error('offloop: metric nodejs_gc_cycles_total is a counter and negative'),
      new Error('offloop: metric nan is NaN, which not every backend can take'),
    ])
  })

  it('takes nothing once closed', async () => {
    const source = new Source()
    const producer = metricProducer(source)
    producer.close()
    expect(source.listenerCount('batch')).toBe(0)
  })
})

describe('instruments', () => {
  it('show what the latest batch has', async () => {
    const source = new Source()
    const { meters, read } = provider(AggregationTemporality.CUMULATIVE)
    const end = registerInstruments(source, meters.getMeter('app'))
    source.emit(
      'batch',
      batch(1, [
        cycles(3),
        gauge('process_resident_memory_bytes', 7),
        gauge('nodejs_heap_space_size_used_bytes', 2, { space: 'old' }),
      ]),
    )
    source.emit(
      'batch',
      batch(2, [
        cycles(5),
        gauge('process_resident_memory_bytes', 6),
        gauge('nodejs_heap_space_size_used_bytes', 1, { space: 'new' }),
      ]),
    )
    const metrics = await read()
    expect(metrics.nodejs_gc_cycles_total).toMatchObject({
      isMonotonic: true,
      dataPoints: [{ value: 5, attributes: { 'thread.name': 'main', kind: 'minor' } }],
    })
    expect(metrics['process.memory.usage']).toMatchObject({ isMonotonic: false, dataPoints: [{ value: 6 }] })
    expect(metrics['v8js.memory.heap.used']?.dataPoints).toMatchObject([
      { value: 1, attributes: { 'v8js.heap.space.name': 'new_space' } },
    ])
    end()
    expect(source.listenerCount('batch')).toBe(0)
  })

  it('leave out what no instrument can say', async () => {
    const source = new Source()
    const { meters, read } = provider(AggregationTemporality.CUMULATIVE)
    registerInstruments(source, meters.getMeter('app'))
    const turns = { ...pauses([1, 2, 3], Number.NaN), name: 'nodejs_eventloop_turn_seconds' }
    source.emit('batch', batch(1, [cycles(-1), gauge('nan', Number.NaN), gauge('g', 1), turns]))
    const points = Object.values(await read()).flatMap(({ dataPoints }) =>
      dataPoints.map(({ value }) => value),
    )
    expect(points).toEqual([1])
  })

  it('record collections again: counts and buckets exactly, the sum nearly, a burst bit by bit', async () => {
    const source = new Source()
    const { meters, read } = provider(AggregationTemporality.CUMULATIVE)
    registerInstruments(source, meters.getMeter('app'))
    source.emit('batch', batch(1, [pauses([5, 5, 5], 1)]))
    source.emit('batch', batch(2, [pauses([7, 9, 5], 1.015)]))
    expect((await read())['v8js.gc.duration']?.dataPoints).toMatchObject([
      { value: { count: 6, buckets: { boundaries: [0.001, 0.01], counts: [2, 4, 0] } } },
    ])
    source.emit('batch', batch(3, [pauses([2_507, 9, 5], 2)]))
    expect((await read())['v8js.gc.duration']?.dataPoints).toMatchObject([{ value: { count: 1_006 } }])
    source.emit('batch', batch(4, [pauses([2_507, 9, 6], 3)]))
    source.emit('batch', batch(5, [pauses([2_507, 9, 6], 3)]))
    const [point] = (await read())['v8js.gc.duration']?.dataPoints ?? []
    expect(point?.value).toMatchObject({ count: 2_507, buckets: { counts: [2_502, 4, 1] } })
  })

  it('say other histograms as two counters', async () => {
    const source = new Source()
    const { meters, read } = provider(AggregationTemporality.CUMULATIVE)
    registerInstruments(source, meters.getMeter('app'))
    source.emit('batch', batch(1, [{ ...pauses([1, 2, 3], 4), name: 'nodejs_eventloop_turn_seconds' }]))
    const metrics = await read()
    expect(metrics.nodejs_eventloop_turn_seconds_count).toMatchObject({ dataPoints: [{ value: 6 }] })
    expect(metrics.nodejs_eventloop_turn_seconds_sum).toMatchObject({ dataPoints: [{ value: 4 }] })
  })
})
