import { setTimeout } from 'node:timers/promises'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Batch, Metric } from '../../src/core/batch'
import { dist } from '../dist'
import { canonicalBatch, histogramOf } from '../support/canonical'
import { type Family, parseOpenMetrics, parsePrometheus } from '../support/exposition'
import { Measured } from '../support/measured'

const { renaming } = dist<typeof import('../../src/exporters/names')>('exporters/names.js')
const { renderOpenMetrics, renderPrometheus } =
  dist<typeof import('../../src/exporters/prometheus')>('exporters/prometheus.js')

const namesIn = (batch: Batch): string[] => [...new Set(batch.metrics.map(({ name }) => name))].sort()
const series = (batch: Batch, name: string): Metric[] =>
  batch.metrics.filter((metric) => metric.name === name)
const valueIn = (batch: Batch, name: string) => series(batch, name)[0]?.value

describe('any names', () => {
  test.each(['canonical', 'go', 'prom-client'] as const)(
    '%s leave the batch, and what is not named',
    (names) => {
      const batch = canonicalBatch()
      const copy = structuredClone(batch)
      const renamed = renaming(names)(batch)
      expect(batch).toEqual(copy)
      expect(renamed).toMatchObject({ sequence: 1, timestamp: batch.timestamp, service: 'api' })
      expect(valueIn(renamed, 'orders_open')).toBe(3)
      for (const name of namesIn(renamed)) expect(renamed.descriptions).toHaveProperty(name)
    },
  )

  test.each(['go', 'prom-client'] as const)('%s make a valid exposition', (names) => {
    const batch = renaming(names)(canonicalBatch())
    expect(parsePrometheus(renderPrometheus(batch)).size).toBeGreaterThan(30)
    expect(parseOpenMetrics(renderOpenMetrics(batch)).size).toBeGreaterThan(30)
  })
})

test('canonical names are the batch itself', () => {
  const batch = canonicalBatch()
  expect(renaming('canonical')(batch)).toBe(batch)
})

describe('the names of Go', () => {
  const batch = renaming('go')(canonicalBatch())

  test('are the six of TinyObs in place of ours, a series a thread, without kinds', () => {
    const of = (name: string) =>
      series(batch, name).map(({ labels: { service, region, ...labels }, type, value }) => [
        type,
        labels,
        value,
      ])
    expect(of('go_memstats_heap_alloc_bytes')).toEqual([
      ['gauge', { thread: 'main' }, 1],
      ['gauge', { thread: 'pool#3' }, 2],
    ])
    expect(of('go_memstats_heap_sys_bytes')[0]).toEqual(['gauge', { thread: 'main' }, 2])
    expect(of('go_memstats_heap_objects')[0]).toEqual(['gauge', { thread: 'main' }, 4])
    expect(of('go_goroutines')[0]).toEqual(['gauge', { thread: 'main' }, 6])
    expect(of('go_gc_cycles_total')).toEqual([
      ['counter', { thread: 'main' }, 12],
      ['counter', { thread: 'pool#3' }, 24],
    ])
    expect(of('go_memstats_gc_duration_seconds')).toEqual([
      ['counter', { thread: 'main' }, 6],
      ['counter', { thread: 'pool#3' }, 12],
    ])
    expect(namesIn(batch)).not.toContain('nodejs_gc_cycles_total')
    expect(namesIn(batch)).toContain('nodejs_heap_size_limit_bytes')
  })

  test('carry the service and what was added to every metric', () => {
    expect(series(batch, 'go_goroutines')[0]?.labels).toEqual({
      service: 'api',
      region: 'eu',
      thread: 'main',
    })
  })

  test('have a counter that OpenMetrics knows as one by its name alone', () => {
    expect(parseOpenMetrics(renderOpenMetrics(batch)).get('go_memstats_gc_duration_seconds')?.type).toBe(
      'unknown',
    )
    expect(parsePrometheus(renderPrometheus(batch)).get('go_memstats_gc_duration_seconds')?.type).toBe(
      'counter',
    )
    expect(parseOpenMetrics(renderOpenMetrics(batch)).get('go_gc_cycles')?.type).toBe('counter')
  })

  test('give way to nothing that a collector reports', () => {
    const given = canonicalBatch()
    const own: Metric = {
      name: 'go_goroutines',
      type: 'gauge',
      value: 99,
      labels: { service: 'api', region: 'eu', thread: 'main' },
    }
    const renamed = renaming('go')({ ...given, metrics: [...given.metrics, own] })
    const values = series(renamed, 'go_goroutines').map(({ value }) => value)
    expect(values).toEqual([6, 12])
  })
})

describe('the names of prom-client', () => {
  const batch = renaming('prom-client')(canonicalBatch())

  test('are those of its default metrics, and of custom collectors', async () => {
    const { collectDefaultMetrics, Registry } = await import('prom-client')
    const register = new Registry()
    collectDefaultMetrics({ register })
    const theirs = register.getMetricsAsArray().map(({ name }) => name)
    expect(theirs).toHaveLength(31)
    expect(namesIn(batch)).toEqual([...theirs, 'orders_open'].sort())
  })

  test('are what a process serves, with the types and labels of its default metrics', async () => {
    const measured = await Measured.start('prom-client')
    onTestFinished(() => measured.close())
    const { collectDefaultMetrics, Registry } = await import('prom-client')
    const register = new Registry()
    collectDefaultMetrics({ register })
    gc?.()
    await setTimeout(50)
    interface Value {
      readonly metricName?: string
      readonly labels: Readonly<Record<string, unknown>>
    }
    const json = (await register.getMetricsAsJSON()) as unknown as readonly {
      name: string
      type: string
      values: Value[]
    }[]
    const shape = (type: string, samples: readonly { name: string; labels: Value['labels'] }[]) => {
      const series = samples.map(({ name, labels: { quoted, unicode, ...labels } }) =>
        [name, ...Object.keys(labels).sort()].join(),
      )
      return { type, series: [...new Set(series)].sort() }
    }
    const expected = new Map(
      json.map(({ name, type, values }) => [
        name,
        shape(
          type,
          values.map(({ metricName = name, labels }) => ({ name: metricName, labels })),
        ),
      ]),
    )
    const names = [...expected.keys()].sort()
    expect(names).toHaveLength(31)
    let served = new Map() as ReadonlyMap<string, Family>
    // The first sample may be taken before anything was collected.
    await vi.waitFor(
      async () => {
        served = parsePrometheus(await (await fetch(`${measured.url}/metrics`)).text())
        expect([...served.keys()].filter((name) => !name.startsWith('orders_')).sort()).toEqual(names)
      },
      { timeout: 10_000, interval: 200 },
    )
    for (const name of names) {
      const { type, samples } = served.get(name) as Family
      // Of a kind that it has seen none of, prom-client tells nothing.
      if (expected.get(name)?.series.length === 0) continue
      expect(shape(type, samples), name).toEqual(expected.get(name))
    }
    expect(served.get('nodejs_active_requests')?.samples[0]?.labels).toHaveProperty('type')
    const value = (name: string) => served.get(name)?.samples.reduce((sum, sample) => sum + sample.value, 0)
    for (const what of ['handles', 'requests']) {
      expect(value(`nodejs_active_${what}_total`)).toBeGreaterThan(0)
      expect(value(`nodejs_active_${what}_total`)).toBe(value(`nodejs_active_${what}`))
    }
  })

  test('are of the main thread alone, and tell neither thread nor service', () => {
    expect(series(batch, 'nodejs_heap_size_used_bytes')).toEqual([
      { name: 'nodejs_heap_size_used_bytes', type: 'gauge', value: 1, labels: { region: 'eu' } },
    ])
    for (const { labels } of batch.metrics) {
      expect(labels).not.toHaveProperty('service')
      expect(labels).not.toHaveProperty('thread')
    }
  })

  test('have the bounds of its histogram', () => {
    const found = series(batch, 'nodejs_gc_duration_seconds')
    expect(found.map(({ labels }) => labels.kind)).toEqual(['minor', 'major', 'incremental', 'weakcb'])
    expect(found[0]?.value).toEqual({
      count: 4,
      sum: expect.closeTo(20.3205, 9),
      buckets: [0.001, 0.01, 0.1, 1, 2, 5].map((le, index) => ({ le, count: [1, 1, 2, 3, 3, 3][index] })),
    })
  })

  test('tell the lag by how long one waited for the loop', () => {
    const lag = Object.fromEntries(
      batch.metrics
        .filter(({ name }) => name.startsWith('nodejs_eventloop_lag'))
        .map(({ name, value }) => [name.replace(/nodejs_eventloop_lag_|_?seconds/g, ''), value]),
    )
    expect(lag).toEqual({ '': 3, min: 1, max: 2, mean: 3, stddev: 4, p50: 5, p90: 6, p99: 7 })
  })

  test('tell no lag where there is none to tell', () => {
    const { metrics, ...rest } = canonicalBatch()
    const without = metrics.filter(({ name }) => !name.startsWith('nodejs_eventloop_delay_'))
    const renamed = renaming('prom-client')({ ...rest, metrics: without })
    expect(namesIn(renamed)).not.toContain('nodejs_eventloop_lag_seconds')
    expect(renaming('prom-client')({ ...rest, metrics: [] }).metrics).toEqual([])
  })

  test('cut a histogram that is empty as well', () => {
    const [metric] = series(canonicalBatch(), 'nodejs_gc_duration_seconds')
    const given = { ...canonicalBatch(), metrics: [{ ...(metric as Metric), value: histogramOf() }] }
    expect(series(renaming('prom-client')(given), 'nodejs_gc_duration_seconds')[0]?.value).toMatchObject({
      count: 0,
      buckets: Array(6).fill(expect.objectContaining({ count: 0 })),
    })
  })
})
