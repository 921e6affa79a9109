import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import type { MetricDefinition } from '../../src/core/metrics'
import type { Exporter } from '../../src/exporters/exporter'
import { dist } from '../dist'

const metrics: readonly MetricDefinition[] =
  dist<typeof import('../../src/core/metrics')>('core/metrics.js').metrics
const { labelNameFault, metricNameFault, RESERVED_LABELS } =
  dist<typeof import('../../src/core/format')>('core/format.js')
const { BatchBuilder } = dist<typeof import('../../src/sampler/build')>('sampler/build.js')
const { ProcessMetrics } = dist<typeof import('../../src/sampler/process-metrics')>(
  'sampler/process-metrics.js',
)
const { SelfMetrics } = dist<typeof import('../../src/sampler/self-metrics')>('sampler/self-metrics.js')
const { ThreadState } = dist<typeof import('../../src/sampler/thread-state')>('sampler/thread-state.js')
const { ObservedProbe } = dist<typeof import('../../src/sampler/probes')>('sampler/probes.js')
const { BLOCK_LENGTH } = dist<typeof import('../../src/probe/layout')>('probe/layout.js')

/** A batch in which everything that can be reported is. */
function fullBatch() {
  const exporter = { name: 'tinyobs', dropped: 1, failures: 2, omitted: 3 } as Exporter
  const self = new SelfMetrics(new ThreadState(), [exporter])
  self.countDropped('main')
  self.countExporterFailure('log()')
  self.countCollectorFailure('pool')
  const probe = new ObservedProbe('main', 'native', new SharedArrayBuffer(BLOCK_LENGTH * 8))
  probe.slots.fill(1)
  // Both more than 5 s ago and within a minute.
  probe.recent.look(probe.slots, 0, 1)
  probe.idleNs = 1
  probe.stalls = { total: 1, ongoing: true }
  probe.activeNs = 1
  // What observePool() and resourcesByType report, by the table: test/bridges/piscina.test.ts has a real pool.
  const pool = metrics
    .filter(({ name }) => name.startsWith('nodejs_pool_') || name === 'nodejs_active_resources')
    .map(({ name, type, labels }) => ({
      name,
      type,
      value: 1,
      labels: Object.fromEntries(labels.map((label) => [label, 'x'])),
    }))
  const everything = new ProcessMetrics(fileURLToPath(new URL('../fixtures/container', import.meta.url)))
  return new BatchBuilder({ service: 'api', labels: {} }, everything).build(
    1,
    0,
    { probes: [probe], ended: new Float64Array(BLOCK_LENGTH), atNs: 6e9, heapSpaces: ['new_space'] },
    self,
    pool,
  )
}

describe('the table and what is reported', () => {
  const batch = fullBatch()

  test('every metric of the table can appear, and every one that appears is in the table', () => {
    const reported = [...new Set(batch.metrics.map(({ name }) => name))].sort()
    expect(reported).toEqual(metrics.map(({ name }) => name).sort())
  })

  test('with the type and exactly the labels that the table says', () => {
    const rows = new Map(metrics.map((row) => [row.name, row]))
    for (const { name, type, value, labels } of batch.metrics) {
      const row = rows.get(name)
      expect(typeof value, name).toBe(row?.type === 'histogram' ? 'object' : 'number')
      expect(type, name).toBe(row?.type)
      expect(Object.keys(labels).sort(), name).toEqual(['service', ...(row?.labels ?? [])].sort())
    }
  })

  test('described by the table', () => {
    expect(batch.descriptions).toEqual(
      Object.fromEntries(
        metrics.map(({ name, type, unit, description }) => [name, { type, unit, description }]),
      ),
    )
  })
})

describe('the table', () => {
  test('has every name once', () => {
    const names = metrics.flatMap(({ name, go }) => (go === undefined ? [name] : [name, go]))
    expect(new Set(names).size).toBe(names.length)
  })

  test.each(metrics)('$name is named as Prometheus wants it', ({ name, type, unit }) => {
    expect(metricNameFault(name)).toBeUndefined()
    expect(name).not.toContain(':')
    const ending = unit === '' ? '' : `_${unit}`
    // prom-client's name, and dashboards know it, although it is a gauge.
    const total = type === 'counter' || name === 'nodejs_active_resources_total' ? '_total' : ''
    expect(name.endsWith(`${ending}${total}`)).toBe(true)
    expect(name.endsWith('_total')).toBe(total !== '')
    if (unit === '') expect(name).not.toMatch(/_(bytes|seconds)(_|$)/)
  })

  test.each(metrics)('$name is described in one line', ({ description, source, labels }) => {
    expect(description).toMatch(/^[A-Z][^\n]+\.$/)
    expect(source).not.toBe('')
    for (const label of labels) {
      expect(labelNameFault(label)).toBeUndefined()
      if (label !== 'thread' && label !== 'quantile') expect(RESERVED_LABELS.has(label)).toBe(false)
    }
    expect(labels).not.toContain('service')
  })

  test('has the six of TinyObs for Go, under their names there', () => {
    expect(
      Object.fromEntries(metrics.flatMap(({ name, go }) => (go === undefined ? [] : [[go, name]]))),
    ).toEqual({
      go_memstats_heap_alloc_bytes: 'nodejs_heap_size_used_bytes',
      go_memstats_heap_sys_bytes: 'nodejs_heap_size_total_bytes',
      go_memstats_heap_objects: 'nodejs_heap_objects',
      go_goroutines: 'nodejs_active_resources_total',
      go_gc_cycles_total: 'nodejs_gc_cycles_total',
      go_memstats_gc_duration_seconds: 'nodejs_gc_pause_seconds_total',
    })
  })

  test('says of the number of heap objects that it is an estimate', () => {
    expect(metrics.find(({ name }) => name === 'nodejs_heap_objects')?.description).toMatch(/estimate/i)
  })
})
