import type { Histogram, Labels } from '../core/batch'
import type { MetricName } from '../core/metrics'
import type { Delays } from '../probe/delays'
import { type DurationTable, histogramOf, type LongestTable, longestOf } from '../probe/durations'
import { REASONS, Slot, type SlotName, SPACE_FIGURES, Table } from '../probe/layout'
import { gcReason } from '../probe/reasons'
import type { ThreadFigures } from './probes'

/** A value that is on its way to a batch. */
export interface ThreadReading {
  readonly name: MetricName
  readonly labels: Labels
  readonly value: number | Histogram
}

const SECONDS = 1e-9

/** Which slot a series comes from. NaN in the slot: absent. */
const SERIES: readonly {
  readonly name: MetricName
  readonly slot: SlotName
  readonly kind?: 'minor' | 'major'
  readonly scale?: number
  /** Read when the thread answers: absent as long as it has never answered. */
  readonly sampled?: true
}[] = [
  { name: 'nodejs_heap_size_used_bytes', slot: 'heapUsedBytes', sampled: true },
  { name: 'nodejs_heap_size_total_bytes', slot: 'heapTotalBytes', sampled: true },
  { name: 'nodejs_heap_size_limit_bytes', slot: 'heapLimitBytes', sampled: true },
  { name: 'nodejs_heap_objects', slot: 'heapObjects', sampled: true },
  { name: 'nodejs_external_memory_bytes', slot: 'externalBytes', sampled: true },
  { name: 'nodejs_malloced_memory_bytes', slot: 'mallocedBytes', sampled: true },
  { name: 'nodejs_native_contexts', slot: 'nativeContexts', sampled: true },
  { name: 'nodejs_detached_contexts', slot: 'detachedContexts', sampled: true },
  { name: 'nodejs_active_resources_total', slot: 'activeResources', sampled: true },
  { name: 'nodejs_heap_allocated_bytes_total', slot: 'heapAllocatedBytes' },
  { name: 'nodejs_heap_reclaimed_bytes_total', slot: 'heapReclaimedBytes' },
  { name: 'nodejs_heap_live_bytes', slot: 'heapLiveBytes' },
  { name: 'nodejs_gc_cycles_total', slot: 'gcMinorCycles', kind: 'minor' },
  { name: 'nodejs_gc_cycles_total', slot: 'gcMajorCycles', kind: 'major' },
  { name: 'nodejs_gc_forced_cycles_total', slot: 'gcForcedMinorCycles', kind: 'minor' },
  { name: 'nodejs_gc_forced_cycles_total', slot: 'gcForcedMajorCycles', kind: 'major' },
  { name: 'nodejs_gc_pause_seconds_total', slot: 'gcMinorPauseNs', kind: 'minor', scale: SECONDS },
  { name: 'nodejs_gc_pause_seconds_total', slot: 'gcMajorPauseNs', kind: 'major', scale: SECONDS },
  { name: 'nodejs_gc_main_thread_seconds_total', slot: 'gcMainThreadNs', scale: SECONDS },
  { name: 'nodejs_gc_incremental_marking_seconds_total', slot: 'gcIncrementalMarkingNs', scale: SECONDS },
  { name: 'offloop_probe_seconds_total', slot: 'answerNs', scale: SECONDS },
]

const DURATIONS: readonly (readonly [kind: string, table: DurationTable, sumNs: SlotName])[] = [
  ['minor', 'gcMinorDurations', 'gcMinorPauseNs'],
  ['major', 'gcMajorDurations', 'gcMajorPauseNs'],
  ['incremental', 'gcIncrementalStartDurations', 'gcIncrementalStartNs'],
  ['weakcb', 'gcWeakCallbackDurations', 'gcWeakCallbackNs'],
]

const LONGEST: readonly (readonly [kind: string, table: LongestTable])[] = [
  ['minor', 'gcMinorLongest'],
  ['major', 'gcMajorLongest'],
  ['incremental', 'gcIncrementalStartLongest'],
]

const SPACES = [
  'nodejs_heap_space_size_total_bytes',
  'nodejs_heap_space_size_used_bytes',
  'nodejs_heap_space_size_available_bytes',
  'nodejs_heap_space_physical_bytes',
] as const satisfies readonly MetricName[]

// By the numbers of native/gc_time.h.
const GC_TIME_SOURCES = ['none', 'long_task_stats', 'histogram']

/** All that a batch says of one thread, at `nowNs` of the probes' clock. */
export function* threadMetrics(
  figures: ThreadFigures,
  heapSpaces: readonly string[],
  nowNs: number,
): Generator<ThreadReading> {
  const { thread, source, slots, tables, recent } = figures
  const at = (slot: SlotName): number => slots[Slot[slot]] as number
  const sampledAtNs = at('sampledAtNs')
  for (const { name, slot, kind, scale, sampled } of SERIES) {
    const value = at(slot)
    if (Number.isNaN(value) || (sampled === true && !(sampledAtNs > 0))) continue
    yield { name, labels: kind === undefined ? { thread } : { thread, kind }, value: value * (scale ?? 1) }
  }

  for (const [kind, table, sumNs] of DURATIONS) {
    const value = histogramOf(tables.of(slots, table), at(sumNs))
    if (value !== undefined) yield { name: 'nodejs_gc_duration_seconds', labels: { thread, kind }, value }
  }
  for (const [kind, table] of LONGEST) {
    const ns = longestOf(slots, table, nowNs)
    if (!Number.isNaN(ns)) {
      yield { name: 'nodejs_gc_longest_pause_seconds', labels: { thread, kind }, value: ns * SECONDS }
    }
  }
  const lastMinute = recent?.lastMinute(slots, figures.idleNs ?? Number.NaN, nowNs)
  for (const [kind, quantiles] of Object.entries(lastMinute?.quantiles ?? {})) {
    for (const { quantile, ns } of quantiles) {
      const labels = { thread, quantile: String(quantile) }
      const value = ns * SECONDS
      yield kind === 'turn'
        ? { name: 'nodejs_eventloop_turn_quantile_seconds', labels, value }
        : { name: 'nodejs_gc_pause_quantile_seconds', labels: { ...labels, kind }, value }
    }
  }
  for (const [kind, table] of [
    ['minor', 'gcMinorReasons'],
    ['major', 'gcMajorReasons'],
  ] as const) {
    for (let reason = 0; reason < REASONS; reason++) {
      const value = slots[Table[table] + reason] as number
      if (value > 0)
        yield { name: 'nodejs_gc_reasons_total', labels: { thread, kind, reason: gcReason(reason) }, value }
    }
  }
  if (at('gcLastMajorAtNs') > 0) {
    const value = Math.max(0, nowNs - at('gcLastMajorAtNs')) * SECONDS
    yield { name: 'nodejs_gc_last_major_age_seconds', labels: { thread }, value }
  }

  if (sampledAtNs > 0) {
    for (const [index, spaceName] of heapSpaces.entries()) {
      const first = Table.heapSpaces + index * SPACE_FIGURES
      const labels = { thread, space: spaceName.replace(/_space$/, '') }
      for (const [figure, name] of SPACES.entries()) {
        const value = slots[first + figure] as number
        if (!Number.isNaN(value)) yield { name, labels, value }
      }
    }
    const value = Math.max(0, nowNs - sampledAtNs) * SECONDS
    yield { name: 'offloop_sample_age_seconds', labels: { thread }, value }
  }

  yield* loopMetrics(figures, lastMinute?.delays, nowNs)
  yield { name: 'offloop_probe_info', labels: { thread, source }, value: 1 }
  const gcTime = GC_TIME_SOURCES[at('gcTimeSource')]
  if (gcTime !== undefined)
    yield { name: 'offloop_gc_time_info', labels: { thread, source: gcTime }, value: 1 }
}

const DELAYS: readonly (readonly [MetricName, (delays: Delays) => number])[] = [
  ['nodejs_eventloop_delay_min_seconds', ({ min }) => min],
  ['nodejs_eventloop_delay_max_seconds', ({ max }) => max],
  ['nodejs_eventloop_delay_mean_seconds', ({ mean }) => mean],
  ['nodejs_eventloop_delay_stddev_seconds', ({ stddev }) => stddev],
  ['nodejs_eventloop_delay_p50_seconds', (delays) => delays.quantile(0.5)],
  ['nodejs_eventloop_delay_p90_seconds', (delays) => delays.quantile(0.9)],
  ['nodejs_eventloop_delay_p99_seconds', (delays) => delays.quantile(0.99)],
]

function* loopMetrics(
  { thread, slots, idleNs = Number.NaN, activeNs = Number.NaN, tables, recent, stalls }: ThreadFigures,
  delays: Delays | undefined,
  nowNs: number,
): Generator<ThreadReading> {
  const labels = { thread }
  const elapsedNs = nowNs - (slots[Slot.attachedAtNs] as number)
  if (elapsedNs > 0) yield { name: 'nodejs_thread_seconds_total', labels, value: elapsedNs * SECONDS }
  if (elapsedNs > 0 && !Number.isNaN(idleNs)) {
    yield { name: 'nodejs_eventloop_active_seconds_total', labels, value: activeNs * SECONDS }
    yield { name: 'nodejs_eventloop_idle_seconds_total', labels, value: idleNs * SECONDS }
    const utilization = recent?.utilization(idleNs, nowNs)
    if (utilization !== undefined) yield { name: 'nodejs_eventloop_utilization', labels, value: utilization }
  }
  const turns = histogramOf(tables.of(slots, 'loopTurnDurations'), slots[Slot.loopBusyNs] as number)
  if (turns !== undefined) yield { name: 'nodejs_eventloop_turn_seconds', labels, value: turns }
  const longestNs = longestOf(slots, 'loopTurnLongest', nowNs)
  if (!Number.isNaN(longestNs)) {
    yield { name: 'nodejs_eventloop_longest_turn_seconds', labels, value: longestNs * SECONDS }
  }
  if (delays !== undefined) {
    for (const [name, value] of DELAYS) yield { name, labels, value: value(delays) }
  }
  const turnAtNs = slots[Slot.loopTurnStartedAtNs] as number
  if (turnAtNs > 0) {
    const value = Math.max(0, nowNs - turnAtNs) * SECONDS
    yield { name: 'nodejs_eventloop_since_turn_seconds', labels, value }
  }
  if (stalls !== undefined) {
    yield { name: 'nodejs_eventloop_stalls_total', labels, value: stalls.total }
    yield { name: 'nodejs_eventloop_stalled', labels, value: stalls.ongoing ? 1 : 0 }
  }
}
