import type { Batch, Labels, Metric } from '../core/batch'
import type { Settings } from '../core/options'
import type { Stall } from '../core/stall'
import type { SharedProcess, Status, ThreadStatus } from '../core/status'
import { version } from '../core/version'
import { Evidence } from './evidence'
import type { SeriesColumns, Source } from './source'
import { EVIDENCE, utilizationOf, verdicts } from './verdicts'

const DAY_MS = 24 * 3_600_000
const MINUTE_MS = 60_000

/** `now`: what a scrape finds; `sampledAt`: when the newest sample was taken, 0 before the first. */
export function statusOf({
  settings,
  store,
  now,
  sampledAt,
  stalls,
  processes,
}: {
  readonly settings: Pick<Settings, 'service' | 'intervalMs'>
  readonly store: Pick<Source, 'series'>
  readonly now: Batch
  readonly sampledAt: number
  readonly stalls: readonly Stall[]
  readonly processes?: readonly SharedProcess[] | undefined
}): Status {
  const stored = [...store.series(EVIDENCE, now.timestamp - DAY_MS, now.timestamp)]
  const evidenceOf = (thread: string): Evidence =>
    new Evidence(withNow(stored, now, thread), thread, now.timestamp, stalls)
  const names = threadsOf(now)
  // The one that the service is: another one only where that is not measured.
  const judged = names.includes('main') ? 'main' : (names[0] ?? 'main')
  return {
    service: settings.service,
    pid: process.pid,
    nodeVersion: process.version,
    offloopVersion: version(),
    startedAt: Math.round((find(now, 'process_start_time_seconds', {}) ?? 0) * 1000),
    now: now.timestamp,
    intervalMs: settings.intervalMs,
    sequence: now.sequence,
    sampledAt,
    health: {
      missedTicks: sum(now, 'offloop_missed_ticks_total'),
      droppedBatches: sum(now, 'offloop_batches_dropped_total'),
      exportFailures: sum(now, 'offloop_export_failures_total'),
      restarts: sum(now, 'offloop_sampling_thread_restarts_total'),
    },
    threads: names.map((thread) => threadStatus(now, thread, evidenceOf(thread))),
    verdicts: verdicts(evidenceOf(judged)),
    ...(processes === undefined ? {} : { processes }),
  }
}

function threadStatus(now: Batch, thread: string, evidence: Evidence): ThreadStatus {
  const utilization = utilizationOf(evidence, MINUTE_MS)
  const heapUsedBytes = find(now, 'nodejs_heap_size_used_bytes', { thread })
  const cycles = of(now, 'nodejs_gc_cycles_total', { thread })
  const native = find(now, 'offloop_probe_info', { thread, source: 'native' }) !== undefined
  return {
    thread,
    source: native ? 'native' : 'perf_hooks',
    ...(utilization === undefined ? {} : { utilization }),
    ...(heapUsedBytes === undefined ? {} : { heapUsedBytes }),
    ...(cycles.length === 0 ? {} : { gcCycles: cycles.reduce((total, value) => total + value, 0) }),
    stalled: evidence.stalls.some((stall) => stall.ongoing && stall.thread === thread),
  }
}

/** What is stored of the thread and the process, with this moment as the last point. */
function* withNow(stored: readonly SeriesColumns[], now: Batch, thread: string): Generator<SeriesColumns> {
  const rest = new Map<string, Metric>()
  for (const metric of now.metrics) if (EVIDENCE.has(metric.name)) rest.set(keyOf(metric), metric)
  for (const series of stored) {
    if (series.labels.thread !== undefined && series.labels.thread !== thread) continue
    const value = rest.get(keyOf(series))?.value
    if (typeof value !== 'number') yield series
    else {
      const { min, max } = series
      const more = (column: readonly number[]): number[] => [...column, value]
      yield {
        ...series,
        t: [...series.t, now.timestamp],
        v: more(series.v),
        ...(min === undefined || max === undefined ? {} : { min: more(min), max: more(max) }),
      }
    }
  }
}

function keyOf({ name, labels }: { name: string; labels: Labels }): string {
  return `${name} ${labels.thread ?? ''} ${labels.kind ?? ''}`
}

function threadsOf({ metrics }: Batch): string[] {
  return [
    ...new Set(
      metrics.flatMap(({ name, labels }) =>
        name === 'offloop_probe_info' && labels.thread !== undefined ? [labels.thread] : [],
      ),
    ),
  ]
}

function of({ metrics }: Batch, name: string, labels: Labels): number[] {
  return metrics.flatMap((metric) =>
    metric.name === name &&
    typeof metric.value === 'number' &&
    Object.entries(labels).every(([label, value]) => metric.labels[label] === value)
      ? [metric.value]
      : [],
  )
}

function find(batch: Batch, name: string, labels: Labels): number | undefined {
  return of(batch, name, labels)[0]
}

function sum(batch: Batch, name: string): number {
  return of(batch, name, {}).reduce((total, value) => total + value, 0)
}
