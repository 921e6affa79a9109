import type { Batch, Description, Metric } from '../core/batch'
import { withBounds } from '../core/histogram'
import { metrics as builtin } from '../core/metrics'

const GC_DURATION = 'nodejs_gc_duration_seconds'
const GC_BOUNDS = [0.001, 0.01, 0.1, 1, 2, 5]
/** prom-client's names of the event loop's lag, by ours. */
const LAG: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  [
    'nodejs_eventloop_delay_mean_seconds',
    ['nodejs_eventloop_lag_seconds', 'nodejs_eventloop_lag_mean_seconds'],
  ],
  ...['min', 'max', 'stddev', 'p50', 'p90', 'p99'].map(
    (figure) =>
      [`nodejs_eventloop_delay_${figure}_seconds`, [`nodejs_eventloop_lag_${figure}_seconds`]] as const,
  ),
])

/** Names that prom-client and offloop have in common. */
const COMMON: ReadonlySet<string> = new Set([
  'process_cpu_user_seconds_total',
  'process_cpu_system_seconds_total',
  'process_cpu_seconds_total',
  'process_start_time_seconds',
  'process_resident_memory_bytes',
  'process_virtual_memory_bytes',
  'process_heap_bytes',
  'process_open_fds',
  'process_max_fds',
  'nodejs_active_resources',
  'nodejs_active_resources_total',
  'nodejs_heap_size_total_bytes',
  'nodejs_heap_size_used_bytes',
  'nodejs_external_memory_bytes',
  'nodejs_heap_space_size_total_bytes',
  'nodejs_heap_space_size_used_bytes',
  'nodejs_heap_space_size_available_bytes',
  'nodejs_version_info',
  GC_DURATION,
])

const BUILTIN: ReadonlySet<string> = new Set(builtin.map(({ name }) => name))

/**
 * The default metrics of prom-client 15 by its names, labels and bounds, and nothing else but what custom collectors
 * report. Of threads it knows the main one alone. No `service`: to Prometheus the target's labels say it.
 */
export function promClientNames(batch: Batch): Batch {
  const metrics: Metric[] = []
  for (const metric of batch.metrics) {
    const { service, thread, ...labels } = metric.labels
    // No collector may use the label `thread`.
    const isOwn = BUILTIN.has(metric.name) || thread !== undefined
    if (isOwn && (thread ?? 'main') !== 'main') continue
    for (const name of LAG.get(metric.name) ?? []) metrics.push({ ...metric, name, labels })
    if (isOwn && !COMMON.has(metric.name)) continue
    const value =
      metric.name === GC_DURATION && typeof metric.value !== 'number'
        ? withBounds(metric.value, GC_BOUNDS)
        : metric.value
    metrics.push({ ...metric, value, labels })
  }
  const descriptions: Record<string, Description> = {}
  for (const { name } of metrics) {
    const description = Object.hasOwn(DESCRIBED, name) ? DESCRIBED[name] : batch.descriptions[name]
    if (description !== undefined) descriptions[name] = description
  }
  return { ...batch, metrics, descriptions }
}

/** Of what is not in the table of metrics. */
const DESCRIBED: Readonly<Record<string, Description>> = {
  ...described('', {
    nodejs_active_resources: 'Active resources by the type of their async resource.',
    nodejs_active_handles: 'Active libuv handles by the class of their object.',
    nodejs_active_requests: 'Active libuv requests by the class of their object.',
    nodejs_active_handles_total: 'Active libuv handles that belong to an object.',
    nodejs_active_requests_total: 'Active libuv requests that belong to an object.',
  }),
  ...described('seconds', {
    nodejs_eventloop_lag_seconds: 'Mean wait for the event loop in the last minute.',
    nodejs_eventloop_lag_min_seconds: 'Shortest wait for the event loop in the last minute: 0.',
    nodejs_eventloop_lag_max_seconds: 'Longest wait for the event loop in the last minute.',
    nodejs_eventloop_lag_mean_seconds: 'Mean wait for the event loop in the last minute.',
    nodejs_eventloop_lag_stddev_seconds:
      'Standard deviation of the waits for the event loop in the last minute.',
    nodejs_eventloop_lag_p50_seconds: 'Median of the waits for the event loop in the last minute.',
    nodejs_eventloop_lag_p90_seconds:
      'The 90th percentile of the waits for the event loop in the last minute.',
    nodejs_eventloop_lag_p99_seconds:
      'The 99th percentile of the waits for the event loop in the last minute.',
  }),
}

function described(unit: string, texts: Readonly<Record<string, string>>): Record<string, Description> {
  return Object.fromEntries(
    Object.entries(texts).map(([name, description]) => [name, { type: 'gauge', unit, description }]),
  )
}
