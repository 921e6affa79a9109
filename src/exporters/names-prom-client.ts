import type { Batch, Description, Histogram, Metric } from '../core/batch'
import { distribution, since, withBounds } from '../core/histogram'
import { metrics as builtin } from '../core/metrics'

const GC_DURATION = 'nodejs_gc_duration_seconds'
const GC_BOUNDS = [0.001, 0.01, 0.1, 1, 2, 5]
const TURNS = 'nodejs_eventloop_turn_seconds'

/** Names that prom-client and offloop have in common. The eight of the event loop's lag are derived (`lagOf`). */
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
 * report. Of threads it knows the main one alone. No `service`: to Prometheus the target's labels say it. `before`: the
 * histogram of turns from which on the event loop's lag is told; from the start where there is none.
 */
export function promClientNames(batch: Batch, before?: Histogram): Batch {
  const metrics: Metric[] = []
  for (const metric of batch.metrics) {
    const { service, thread, ...labels } = metric.labels
    // No collector may use the label `thread`.
    const isOwn = BUILTIN.has(metric.name) || thread !== undefined
    if (isOwn && (!COMMON.has(metric.name) || (thread ?? 'main') !== 'main')) continue
    const value =
      metric.name === GC_DURATION && typeof metric.value !== 'number'
        ? withBounds(metric.value, GC_BOUNDS)
        : metric.value
    metrics.push({ ...metric, value, labels })
  }
  metrics.push(...lagOf(batch, before))
  const descriptions: Record<string, Description> = {}
  for (const { name } of metrics) {
    const description = DESCRIBED[name] ?? batch.descriptions[name]
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
    nodejs_eventloop_lag_seconds: 'Mean time that a turn of the event loop was busy, in the last minute.',
    nodejs_eventloop_lag_min_seconds: 'Shortest turn of the event loop in the last minute, from a histogram.',
    nodejs_eventloop_lag_max_seconds: 'Longest turn of the event loop in the last minute.',
    nodejs_eventloop_lag_mean_seconds:
      'Mean time that a turn of the event loop was busy, in the last minute.',
    nodejs_eventloop_lag_stddev_seconds:
      'Standard deviation of the turns in the last minute, from a histogram.',
    nodejs_eventloop_lag_p50_seconds: 'Median of the turns in the last minute, from a histogram.',
    nodejs_eventloop_lag_p90_seconds: '90th percentile of the turns in the last minute, from a histogram.',
    nodejs_eventloop_lag_p99_seconds: '99th percentile of the turns in the last minute, from a histogram.',
  }),
}

function described(unit: string, texts: Readonly<Record<string, string>>): Record<string, Description> {
  return Object.fromEntries(
    Object.entries(texts).map(([name, description]) => [name, { type: 'gauge', unit, description }]),
  )
}

/**
 * prom-client times a timer and sets its figures back at each scrape. We have the busy time of every turn, which is how
 * long something that comes in has to wait at most. Without a turn in the window there is nothing to tell.
 */
function lagOf(batch: Batch, before: Histogram | undefined): Metric[] {
  const turns = mainTurns(batch)
  const longest = ofMain(batch, 'nodejs_eventloop_longest_turn_seconds')?.value as number | undefined
  const lag = turns === undefined ? undefined : distribution(since(turns, before), longest)
  if (lag === undefined) return []
  const { service, thread, ...labels } = (ofMain(batch, TURNS) as Metric).labels
  const gauge = (name: string, value: number): Metric => ({ name, type: 'gauge', value, labels })
  return [
    gauge('nodejs_eventloop_lag_seconds', lag.mean),
    gauge('nodejs_eventloop_lag_min_seconds', lag.min),
    gauge('nodejs_eventloop_lag_max_seconds', lag.max),
    gauge('nodejs_eventloop_lag_mean_seconds', lag.mean),
    gauge('nodejs_eventloop_lag_stddev_seconds', lag.stddev),
    gauge('nodejs_eventloop_lag_p50_seconds', lag.quantile(0.5)),
    gauge('nodejs_eventloop_lag_p90_seconds', lag.quantile(0.9)),
    gauge('nodejs_eventloop_lag_p99_seconds', lag.quantile(0.99)),
  ]
}

/** The main thread's turns since the start. */
export function mainTurns(batch: Batch): Histogram | undefined {
  return ofMain(batch, TURNS)?.value as Histogram | undefined
}

function ofMain(batch: Batch, name: string): Metric | undefined {
  return batch.metrics.find((metric) => metric.name === name && metric.labels.thread === 'main')
}
