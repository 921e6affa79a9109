import type { Batch, Histogram, Labels, Metric, MetricType } from '../../src/core/batch'
import { FIRST_TIMESTAMP } from './batches'

export const BOUNDS = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10,
]

/** A histogram over `BOUNDS` of these values. */
export function histogramOf(...values: readonly number[]): Histogram {
  return {
    count: values.length,
    sum: values.reduce((a, b) => a + b, 0),
    buckets: BOUNDS.map((le) => ({ le, count: values.filter((value) => value <= le).length })),
  }
}

/** A batch of what two threads and their process may show, and a custom collector's metric. */
export function canonicalBatch(turns: readonly number[] = [0.0003, 0.004, 0.02]): Batch {
  const metrics: Metric[] = []
  const add = (name: string, type: MetricType, value: number | Histogram, labels: Labels = {}): void => {
    metrics.push({ name, type, value, labels: { region: 'eu', service: 'api', ...labels } })
  }
  ;['main', 'pool#3'].forEach((thread, index) => {
    const factor = index + 1
    const gauges = [
      'nodejs_heap_size_used_bytes',
      'nodejs_heap_size_total_bytes',
      'nodejs_heap_size_limit_bytes',
      'nodejs_heap_objects',
      'nodejs_external_memory_bytes',
      'nodejs_active_resources_total',
      'nodejs_eventloop_utilization',
    ]
    gauges.forEach((name, at) => {
      add(name, 'gauge', factor * (at + 1), { thread })
    })
    for (const space of ['new', 'old']) {
      for (const figure of ['total', 'used', 'available']) {
        add(`nodejs_heap_space_size_${figure}_bytes`, 'gauge', factor, { thread, space })
      }
    }
    for (const [kind, count] of [
      ['minor', 10],
      ['major', 2],
    ] as const) {
      add('nodejs_gc_cycles_total', 'counter', factor * count, { thread, kind })
      add('nodejs_gc_pause_seconds_total', 'counter', factor * count * 0.5, { thread, kind })
    }
    for (const kind of ['minor', 'major', 'incremental', 'weakcb']) {
      add('nodejs_gc_duration_seconds', 'histogram', histogramOf(0.0005, 0.02, 0.3, 20), { thread, kind })
    }
    add('nodejs_eventloop_turn_seconds', 'histogram', histogramOf(...turns), { thread })
    add('nodejs_eventloop_longest_turn_seconds', 'gauge', factor * Math.max(0, ...turns), { thread })
    ;['min', 'max', 'mean', 'stddev', 'p50', 'p90', 'p99'].forEach((figure, at) => {
      add(`nodejs_eventloop_delay_${figure}_seconds`, 'gauge', factor * (at + 1), { thread })
    })
    add('offloop_probe_info', 'gauge', 1, { thread, source: 'native' })
  })
  for (const kind of ['minor', 'major']) add('nodejs_process_gc_cycles_total', 'counter', 36, { kind })
  for (const name of ['user_', 'system_', '']) add(`process_cpu_${name}seconds_total`, 'counter', 1)
  for (const name of [
    'process_start_time_seconds',
    'process_resident_memory_bytes',
    'process_virtual_memory_bytes',
    'process_heap_bytes',
    'process_open_fds',
    'process_max_fds',
  ])
    add(name, 'gauge', 1)
  add('nodejs_version_info', 'gauge', 1, { version: 'v20.1.2', major: '20', minor: '1', patch: '2' })
  for (const name of ['resources', 'handles', 'requests']) {
    add(`nodejs_active_${name}`, 'gauge', 1, { type: 'Timeout' })
  }
  for (const name of ['handles', 'requests']) add(`nodejs_active_${name}_total`, 'gauge', 1)
  add('orders_open', 'gauge', 3, { queue: 'eu' })
  return {
    sequence: 1,
    timestamp: FIRST_TIMESTAMP,
    service: 'api',
    metrics,
    descriptions: Object.fromEntries(
      metrics.map(({ name, type }) => [name, { type, unit: '', description: `About ${name}.` }]),
    ),
  }
}
