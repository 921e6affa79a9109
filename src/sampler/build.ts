import type { Batch, Description, Labels, Metric } from '../core/batch'
import { type MetricName, metrics } from '../core/metrics'
import { Slot, type SlotName } from '../probe/layout'
import type { Observation, ThreadFigures } from './probes'
import type { SelfMetrics } from './self-metrics'

const DESCRIPTIONS = new Map<string, Description>(
  metrics.map(({ name, type, unit, description }) => [name, { type, unit, description }]),
)

const SECONDS = 1e-9

/** Which slot a series of a thread comes from. */
const THREAD_SERIES: readonly {
  readonly name: MetricName
  readonly slot: SlotName
  readonly kind?: 'minor' | 'major'
  readonly scale?: number
  /** Read when the thread answers: absent as long as it has never answered. */
  readonly sampled?: true
}[] = [
  { name: 'nodejs_heap_size_used_bytes', slot: 'heapUsedBytes', sampled: true },
  { name: 'nodejs_heap_size_total_bytes', slot: 'heapTotalBytes', sampled: true },
  { name: 'nodejs_heap_objects', slot: 'heapObjects', sampled: true },
  { name: 'nodejs_active_resources_total', slot: 'activeResources', sampled: true },
  { name: 'nodejs_gc_cycles_total', slot: 'gcMinorCycles', kind: 'minor' },
  { name: 'nodejs_gc_cycles_total', slot: 'gcMajorCycles', kind: 'major' },
  { name: 'nodejs_gc_pause_seconds_total', slot: 'gcMinorPauseNs', kind: 'minor', scale: SECONDS },
  { name: 'nodejs_gc_pause_seconds_total', slot: 'gcMajorPauseNs', kind: 'major', scale: SECONDS },
  { name: 'offloop_probe_seconds_total', slot: 'answerNs', scale: SECONDS },
]

const PROCESS_SERIES = [
  { name: 'nodejs_process_gc_cycles_total', slot: 'gcMinorCycles', kind: 'minor', scale: 1 },
  { name: 'nodejs_process_gc_cycles_total', slot: 'gcMajorCycles', kind: 'major', scale: 1 },
  { name: 'nodejs_process_gc_pause_seconds_total', slot: 'gcMinorPauseNs', kind: 'minor', scale: SECONDS },
  { name: 'nodejs_process_gc_pause_seconds_total', slot: 'gcMajorPauseNs', kind: 'major', scale: SECONDS },
] as const satisfies readonly { name: MetricName; slot: SlotName; kind: string; scale: number }[]

export interface Identity {
  readonly service: string
  readonly labels: Labels
}

/** Makes batches from what was observed: the one place where slots become metrics. */
export class BatchBuilder {
  readonly #service: string
  readonly #common: Labels

  constructor({ service, labels }: Identity) {
    this.#service = service
    this.#common = { ...labels, service }
  }

  build(
    sequence: number,
    timestamp: number,
    { probes, threads = probes, ended, atNs }: Observation,
    self: SelfMetrics,
    collected: readonly Metric[],
  ): Batch {
    const out: Metric[] = []
    for (const thread of threads) this.#addThread(out, thread, atNs)
    this.#addProcess(out, [...probes.map(({ slots }) => slots), ended])
    for (const { name, labels, value } of self.read()) this.#add(out, name, labels, value)
    const descriptions = new Map<string, Description>()
    for (const { name } of out) descriptions.set(name, DESCRIPTIONS.get(name) as Description)
    for (const metric of collected) {
      out.push({ ...metric, labels: { ...this.#common, ...metric.labels } })
      const custom = { type: metric.type, unit: '', description: 'From a custom collector.' }
      // Bridges report metrics of the table.
      descriptions.set(metric.name, DESCRIPTIONS.get(metric.name) ?? custom)
    }
    return {
      sequence,
      timestamp,
      service: this.#service,
      metrics: out,
      descriptions: Object.fromEntries(descriptions),
    }
  }

  #addThread(out: Metric[], { thread, source, slots }: ThreadFigures, nowNs: number): void {
    const sampledAtNs = slots[Slot.sampledAtNs] as number
    for (const { name, slot, kind, scale, sampled } of THREAD_SERIES) {
      const value = slots[Slot[slot]] as number
      if (Number.isNaN(value) || (sampled === true && sampledAtNs === 0)) continue
      this.#add(out, name, kind === undefined ? { thread } : { thread, kind }, value * (scale ?? 1))
    }
    this.#add(out, 'offloop_probe_info', { thread, source }, 1)
    if (sampledAtNs > 0) {
      const ageNs = Math.max(0, nowNs - sampledAtNs)
      this.#add(out, 'offloop_sample_age_seconds', { thread }, ageNs * SECONDS)
    }
  }

  #addProcess(out: Metric[], threads: readonly Float64Array[]): void {
    for (const { name, slot, kind, scale } of PROCESS_SERIES) {
      const sum = threads.reduce((total, slots) => total + (slots[Slot[slot]] as number), 0)
      if (!Number.isNaN(sum)) this.#add(out, name, { kind }, sum * scale)
    }
  }

  #add(out: Metric[], name: MetricName, labels: Labels, value: number): void {
    const { type } = DESCRIPTIONS.get(name) as Description
    out.push({ name, type, value, labels: { ...this.#common, ...labels } })
  }
}
