import type { Batch, Description, Histogram, Labels, Metric, MetricType } from '../core/batch'
import { type MetricName, metrics } from '../core/metrics'
import { Slot, type SlotName } from '../probe/layout'
import type { Observation } from './probes'
import { ProcessMetrics } from './process-metrics'
import type { SelfMetrics } from './self-metrics'
import { threadMetrics } from './thread-metrics'

const DESCRIPTIONS = new Map<string, Description>(
  metrics.map(({ name, type, unit, description }) => [name, { type, unit, description }]),
)

const CUSTOM = { unit: '', description: 'From a custom collector.' }

export function describe(metric: string, type: MetricType): Description {
  return DESCRIPTIONS.get(metric) ?? { type, ...CUSTOM }
}

const SECONDS = 1e-9

const PROCESS_SERIES = [
  { name: 'nodejs_process_gc_cycles_total', slot: 'gcMinorCycles', kind: 'minor', scale: 1 },
  { name: 'nodejs_process_gc_cycles_total', slot: 'gcMajorCycles', kind: 'major', scale: 1 },
  { name: 'nodejs_process_gc_pause_seconds_total', slot: 'gcMinorPauseNs', kind: 'minor', scale: SECONDS },
  { name: 'nodejs_process_gc_pause_seconds_total', slot: 'gcMajorPauseNs', kind: 'major', scale: SECONDS },
  { name: 'nodejs_process_gc_main_thread_seconds_total', slot: 'gcMainThreadNs', scale: SECONDS },
  { name: 'nodejs_process_heap_allocated_bytes_total', slot: 'heapAllocatedBytes', scale: 1 },
  { name: 'nodejs_process_heap_reclaimed_bytes_total', slot: 'heapReclaimedBytes', scale: 1 },
] as const satisfies readonly { name: MetricName; slot: SlotName; kind?: string; scale: number }[]

export interface Identity {
  readonly service: string
  readonly labels: Labels
}

/** Makes batches from what was observed: the one place where slots become metrics. */
export class BatchBuilder {
  readonly #service: string
  readonly #common: Labels
  readonly #process: ProcessMetrics

  constructor({ service, labels }: Identity, process = new ProcessMetrics()) {
    this.#process = process
    this.#service = service
    this.#common = { ...labels, service }
  }

  build(
    sequence: number,
    timestamp: number,
    { probes, threads = probes, ended, atNs, heapSpaces = [] }: Observation,
    self: SelfMetrics,
    collected: readonly Metric[],
  ): Batch {
    const out: Metric[] = []
    for (const thread of threads) {
      for (const { name, labels, value } of threadMetrics(thread, heapSpaces, atNs)) {
        this.#add(out, name, labels, value)
      }
    }
    this.#add(out, 'nodejs_threads', {}, probes.length)
    this.#addProcess(out, [...probes.map(({ slots }) => slots), ended])
    for (const { name, labels, value } of this.#process.read()) this.#add(out, name, labels, value)
    for (const { name, labels, value } of self.read()) this.#add(out, name, labels, value)
    const descriptions = new Map<string, Description>()
    for (const { name } of out) descriptions.set(name, DESCRIPTIONS.get(name) as Description)
    for (const metric of collected) {
      out.push({ ...metric, labels: { ...this.#common, ...metric.labels } })
      // Bridges report metrics of the table.
      descriptions.set(metric.name, describe(metric.name, metric.type))
    }
    return {
      sequence,
      timestamp,
      service: this.#service,
      metrics: out,
      descriptions: Object.fromEntries(descriptions),
    }
  }

  #addProcess(out: Metric[], threads: readonly Float64Array[]): void {
    for (const series of PROCESS_SERIES) {
      const sum = threads.reduce((total, slots) => total + (slots[Slot[series.slot]] as number), 0)
      const labels: Labels = 'kind' in series ? { kind: series.kind } : {}
      if (!Number.isNaN(sum)) this.#add(out, series.name, labels, sum * series.scale)
    }
  }

  #add(out: Metric[], name: MetricName, labels: Labels, value: number | Histogram): void {
    const { type } = DESCRIPTIONS.get(name) as Description
    out.push({ name, type, value, labels: { ...this.#common, ...labels } })
  }
}
