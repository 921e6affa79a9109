import type { Batch, Labels, Metric } from '../core/batch'
import type { MetricName } from '../core/metrics'
import type { Settings } from '../core/options'
import type { Stall } from '../core/stall'
import type { Faults, SharedProcess, Status, ThreadStatus } from '../core/status'
import { version } from '../core/version'
import { Evidence } from './evidence'
import type { SeriesColumns, Source } from './source'
import { EVIDENCE, EVIDENCE_OF_A_DAY, EVIDENCE_OF_LOADS, utilizationOf, verdicts } from './verdicts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const LATELY_MS = 5 * MINUTE_MS

const FAULTS = {
  missedTicks: 'offloop_missed_ticks_total',
  droppedBatches: 'offloop_batches_dropped_total',
  exportFailures: 'offloop_export_failures_total',
  restarts: 'offloop_sampling_thread_restarts_total',
} as const satisfies Record<keyof Faults, MetricName>

/** `now`: what a scrape finds; `sampledAt`: when the newest sample was taken, 0 before the first. */
export function statusOf({
  settings,
  store,
  now,
  sampledAt,
  stalls,
  processes,
}: {
  readonly settings: Pick<Settings, 'service' | 'intervalMs' | 'stall'>
  readonly store: Pick<Source, 'series'>
  readonly now: Batch
  readonly sampledAt: number
  readonly stalls: readonly Stall[]
  readonly processes?: readonly SharedProcess[] | undefined
}): Status {
  const stored = (names: ReadonlySet<string>, ms: number, thread?: string) =>
    store.series(names, now.timestamp - ms, now.timestamp, thread)
  const evidenceOf = (thread: string, series: Iterable<SeriesColumns>): Evidence => {
    const stallSeconds = (settings.stall?.thresholdMs ?? 1_000) / 1000
    return new Evidence(withNow(series, now, thread), thread, now.timestamp, stalls, stallSeconds)
  }
  const names = threadsOf(now)
  // The one that the service is: another one only where that is not measured.
  const judged = names.includes('main') ? 'main' : (names[0] ?? 'main')
  const grounds = [
    ...stored(EVIDENCE_OF_A_DAY, DAY_MS, judged),
    ...stored(new Set([...EVIDENCE].filter((name) => !EVIDENCE_OF_A_DAY.has(name))), HOUR_MS, judged),
  ]
  const then = now.timestamp - LATELY_MS
  const known = [...store.series(new Set(Object.values(FAULTS)), then - 2.5 * settings.intervalMs, then)]
  const sumThen = (name: MetricName): number =>
    known.reduce((sum, { name: of, v }) => sum + (of === name ? (v.at(-1) ?? 0) : 0), 0)
  const loads = [...stored(EVIDENCE_OF_LOADS, MINUTE_MS)]
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
      ...faults((name) => sum(now, name)),
      lately: faults((name) => sum(now, name) - sumThen(name)),
    },
    threads: names.map((thread) => threadStatus(now, thread, evidenceOf(thread, loads))),
    verdicts: verdicts(evidenceOf(judged, grounds)),
    ...(processes === undefined ? {} : { processes }),
  }
}

function faults(count: (name: MetricName) => number): Faults {
  const { missedTicks, droppedBatches, exportFailures, restarts } = FAULTS
  return {
    missedTicks: count(missedTicks),
    droppedBatches: count(droppedBatches),
    exportFailures: count(exportFailures),
    restarts: count(restarts),
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
function* withNow(stored: Iterable<SeriesColumns>, now: Batch, thread: string): Generator<SeriesColumns> {
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
