import { describe, expect, test } from 'vitest'
import type { Batch, Labels, Metric } from '../../src/core/batch'
import type { Exporter } from '../../src/exporters/exporter'
import type { SlotName } from '../../src/probe/layout'
import { dist } from '../dist'

const { BatchBuilder } = dist<typeof import('../../src/sampler/build')>('sampler/build.js')
const { SelfMetrics } = dist<typeof import('../../src/sampler/self-metrics')>('sampler/self-metrics.js')
const { ThreadState } = dist<typeof import('../../src/sampler/thread-state')>('sampler/thread-state.js')
const { ObservedProbe } = dist<typeof import('../../src/sampler/probes')>('sampler/probes.js')
const { Slot, BLOCK_LENGTH } = dist<typeof import('../../src/probe/layout')>('probe/layout.js')

const NOW_NS = 5_000_000_000

/** What a thread that has answered may show: every slot another value. */
const ANSWERED: Partial<Record<SlotName, number>> = {
  gcCycles: 107,
  gcPauseNs: 50e9,
  gcMinorCycles: 100,
  gcMinorPauseNs: 20e9,
  gcMajorCycles: 7,
  gcMajorPauseNs: 30e9,
  gcIncrementalStarts: 8,
  gcIncrementalStartNs: 9e9,
  answeredRequest: 3,
  sampledAtNs: NOW_NS - 1_500_000_000,
  heapUsedBytes: 1_000,
  heapTotalBytes: 2_000,
  heapObjects: 30,
  activeResources: 4,
  answers: 3,
  answerNs: 12_000,
}

function probe(
  slots: Partial<Record<SlotName, number>> = ANSWERED,
  thread = 'main',
  source: 'native' | 'perf_hooks' = 'native',
) {
  const observed = new ObservedProbe(thread, source, new SharedArrayBuffer(BLOCK_LENGTH * 8))
  observed.read()
  for (const [name, value] of Object.entries(slots)) observed.slots[Slot[name as SlotName]] = value
  return observed
}

function build({
  probes = [probe()],
  ended = {},
  self = new SelfMetrics(new ThreadState(), []),
  collected = [],
  labels = {},
}: {
  probes?: ReturnType<typeof probe>[]
  /** Of threads that ended. */
  ended?: Partial<Record<SlotName, number>>
  self?: InstanceType<typeof SelfMetrics>
  collected?: readonly Metric[]
  labels?: Labels
} = {}): Batch {
  const observation = { probes, ended: probe(ended).slots, atNs: NOW_NS }
  return new BatchBuilder({ service: 'api', labels }).build(7, 1_234, observation, self, collected)
}

/** Values of `name`, by their labels other than `service`. */
function series(batch: Batch, name: string): Record<string, Metric['value']> {
  return Object.fromEntries(
    batch.metrics
      .filter((metric) => metric.name === name)
      .map(({ labels: { service, ...others }, value }) => [Object.values(others).join(), value]),
  )
}

describe('a thread that has answered', () => {
  const batch = build()

  test('shows its heap, resources and collections in base units', () => {
    expect(series(batch, 'nodejs_heap_size_used_bytes')).toEqual({ main: 1_000 })
    expect(series(batch, 'nodejs_heap_size_total_bytes')).toEqual({ main: 2_000 })
    expect(series(batch, 'nodejs_heap_objects')).toEqual({ main: 30 })
    expect(series(batch, 'nodejs_active_resources_total')).toEqual({ main: 4 })
    expect(series(batch, 'nodejs_gc_cycles_total')).toEqual({ 'main,minor': 100, 'main,major': 7 })
    expect(series(batch, 'nodejs_gc_pause_seconds_total')).toEqual({
      'main,minor': expect.closeTo(20, 9),
      'main,major': expect.closeTo(30, 9),
    })
    expect(series(batch, 'offloop_probe_seconds_total')).toEqual({ main: expect.closeTo(12e-6, 12) })
    expect(series(batch, 'offloop_probe_info')).toEqual({ 'main,native': 1 })
  })

  test('shows the age of its figures, and never a negative one', () => {
    expect(series(batch, 'offloop_sample_age_seconds')).toEqual({ main: expect.closeTo(1.5, 9) })
    // Answered between the look at the clock and the look at the block.
    const later = build({ probes: [probe({ ...ANSWERED, sampledAtNs: NOW_NS + 1 })] })
    expect(series(later, 'offloop_sample_age_seconds')).toEqual({ main: 0 })
  })

  test('has no number of heap objects where none is known', () => {
    const without = build({ probes: [probe({ ...ANSWERED, heapObjects: Number.NaN })] })
    expect(series(without, 'nodejs_heap_objects')).toEqual({})
    expect(without.descriptions).not.toHaveProperty('nodejs_heap_objects')
    expect(series(without, 'nodejs_heap_size_used_bytes')).toEqual({ main: 1_000 })
  })
})

describe('a thread that has never answered', () => {
  const { sampledAtNs, ...slots } = ANSWERED
  const batch = build({ probes: [probe(slots)] })

  test('has no heap figures rather than zeros, and no age', () => {
    for (const name of [
      'nodejs_heap_size_used_bytes',
      'nodejs_heap_size_total_bytes',
      'nodejs_heap_objects',
      'nodejs_active_resources_total',
      'offloop_sample_age_seconds',
    ]) {
      expect(series(batch, name), name).toEqual({})
      expect(batch.descriptions).not.toHaveProperty(name)
    }
  })

  test('has its collections all the same, zeros included', () => {
    expect(series(batch, 'nodejs_gc_cycles_total')).toEqual({ 'main,minor': 100, 'main,major': 7 })
    expect(series(batch, 'offloop_probe_info')).toEqual({ 'main,native': 1 })
    const idle = build({ probes: [probe({})] })
    expect(series(idle, 'nodejs_gc_pause_seconds_total')).toEqual({ 'main,minor': 0, 'main,major': 0 })
  })
})

test('threads are told apart by name, and how each is measured is said', () => {
  const batch = build({
    probes: [
      probe(),
      probe({ ...ANSWERED, gcMinorCycles: 1 }, 'worker#1'),
      probe({}, 'pool#2', 'perf_hooks'),
    ],
  })
  expect(series(batch, 'nodejs_gc_cycles_total')).toMatchObject({
    'main,minor': 100,
    'worker#1,minor': 1,
    'pool#2,minor': 0,
  })
  expect(series(batch, 'offloop_probe_info')).toEqual({
    'main,native': 1,
    'worker#1,native': 1,
    'pool#2,perf_hooks': 1,
  })
})

test('a batch says when, which and whose it is, and is plain data', () => {
  const batch = build({ labels: { region: 'eu' } })
  expect(batch).toMatchObject({ sequence: 7, timestamp: 1_234, service: 'api' })
  expect(structuredClone(batch)).toEqual(batch)
  expect(JSON.parse(JSON.stringify(batch))).toEqual(batch)
})

test('every metric carries the service and the common labels, collected ones included', () => {
  const self = new SelfMetrics(new ThreadState(), [])
  self.countCollectorFailure('pool')
  const { metrics } = build({
    self,
    labels: { region: 'eu', zone: 'b' },
    collected: [{ name: 'queue_size', type: 'gauge', value: 1, labels: { queue: 'mail' } }],
  })
  expect(metrics.length).toBeGreaterThan(10)
  for (const { name, labels } of metrics) {
    expect(labels, name).toMatchObject({ service: 'api', region: 'eu', zone: 'b' })
  }
})

describe('collected metrics', () => {
  test('travel as they are, described as what they are', () => {
    const histogram = { count: 3, sum: 4.5, buckets: [{ le: 1, count: 2 }] }
    const { metrics, descriptions } = build({
      probes: [],
      collected: [
        { name: 'latency', type: 'histogram', value: histogram, labels: {} },
        { name: 'jobs_total', type: 'counter', value: 5, labels: { queue: 'a' } },
        { name: 'jobs_total', type: 'counter', value: 6, labels: { queue: 'b' } },
      ],
    })
    expect(metrics.slice(-3)).toEqual([
      { name: 'latency', type: 'histogram', value: histogram, labels: { service: 'api' } },
      { name: 'jobs_total', type: 'counter', value: 5, labels: { service: 'api', queue: 'a' } },
      { name: 'jobs_total', type: 'counter', value: 6, labels: { service: 'api', queue: 'b' } },
    ])
    expect(descriptions.latency).toMatchObject({ type: 'histogram', unit: '' })
    expect(descriptions.jobs_total).toMatchObject({ type: 'counter', unit: '' })
  })

  test('may set a common label themselves', () => {
    const { metrics } = build({
      labels: { region: 'eu' },
      collected: [{ name: 'm', type: 'gauge', value: 1, labels: { region: 'us' } }],
    })
    expect(metrics.at(-1)?.labels).toEqual({ service: 'api', region: 'us' })
  })

  test('may be called like what every object has', () => {
    const batch = build({
      collected: ['constructor', 'toString', '__proto__'].map((name) => ({
        name,
        type: 'gauge' as const,
        value: 1,
        labels: {},
      })),
    })
    const clone = structuredClone(batch)
    for (const name of ['constructor', 'toString', '__proto__']) {
      expect(Object.hasOwn(clone.descriptions, name)).toBe(true)
      expect(clone.descriptions[name]).toMatchObject({ type: 'gauge' })
    }
  })
})

test('process totals are those of all threads, and of those that ended', () => {
  const batch = build({
    probes: [probe(), probe(ANSWERED, 'worker#1')],
    ended: { gcMinorCycles: 1_000, gcMajorPauseNs: 5e9 },
  })
  expect(series(batch, 'nodejs_process_gc_cycles_total')).toEqual({ minor: 1_200, major: 14 })
  expect(series(batch, 'nodejs_process_gc_pause_seconds_total')).toEqual({ minor: 40, major: 65 })
})

test('what the sampler counts about itself is told, each by what it concerns', () => {
  const exporters = [
    { name: 'tinyobs', dropped: 1, failures: 2, omitted: 3 },
    { name: 'tinyobs#2', dropped: 4, failures: 5, omitted: 6 },
  ]
  const state = new ThreadState()
  const self = new SelfMetrics(state, exporters as Exporter[])
  state.add('missedTicks', 5)
  state.add('restarts', 2)
  state.add('lostBatches', 3)
  self.seriesDropped += 6
  for (let count = 0; count < 7; count++) self.countDropped('main')
  self.countDropped('log()')
  self.countExporterFailure('log()')
  self.countCollectorFailure('pool')
  self.countCollectorFailure('pool')
  const batch = build({ self })
  expect(series(batch, 'offloop_missed_ticks_total')).toEqual({ '': 5 })
  expect(series(batch, 'offloop_sampling_thread_restarts_total')).toEqual({ '': 2 })
  expect(series(batch, 'offloop_series_dropped_total')).toEqual({ '': 6 })
  expect(series(batch, 'offloop_batches_dropped_total')).toEqual({
    tinyobs: 1,
    'tinyobs#2': 4,
    main: 7,
    'log()': 1,
    'ended-thread': 3,
  })
  expect(series(batch, 'offloop_export_failures_total')).toEqual({ tinyobs: 2, 'tinyobs#2': 5, 'log()': 1 })
  expect(series(batch, 'offloop_metrics_omitted_total')).toEqual({ tinyobs: 3, 'tinyobs#2': 6 })
  expect(series(batch, 'offloop_collector_failures_total')).toEqual({ pool: 2 })
})
