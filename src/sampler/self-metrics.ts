import type { Labels } from '../core/batch'
import type { MetricName } from '../core/metrics'
import type { Exporter } from '../exporters/exporter'
import type { ThreadState } from './thread-state'

/** A value that is on its way to a batch. */
export interface Reading {
  readonly name: MetricName
  readonly labels: Labels
  readonly value: number
}

/** What the sampler counts about itself. */
export class SelfMetrics {
  seriesDropped = 0
  readonly #state: ThreadState
  readonly #exporters: readonly Exporter[]
  readonly #droppedByQueue = new Map<string, number>()
  readonly #failuresByExporter = new Map<string, number>()
  readonly #failuresByCollector = new Map<string, number>()

  /** `exporters` count their own; the rest is told here. */
  constructor(state: ThreadState, exporters: readonly Exporter[]) {
    this.#state = state
    this.#exporters = exporters
  }

  countDropped(queue: string): void {
    increment(this.#droppedByQueue, queue)
  }

  countExporterFailure(exporter: string): void {
    increment(this.#failuresByExporter, exporter)
  }

  countCollectorFailure(collector: string): void {
    increment(this.#failuresByCollector, collector)
  }

  read(): Reading[] {
    const readings: Reading[] = [
      { name: 'offloop_missed_ticks_total', labels: {}, value: this.#state.get('missedTicks') },
      {
        name: 'offloop_sampling_thread_restarts_total',
        labels: {},
        value: this.#state.get('restarts'),
      },
      { name: 'offloop_series_dropped_total', labels: {}, value: this.seriesDropped },
    ]
    for (const { name, dropped, failures, omitted } of this.#exporters) {
      readings.push({ name: 'offloop_batches_dropped_total', labels: { queue: name }, value: dropped })
      readings.push({ name: 'offloop_export_failures_total', labels: { exporter: name }, value: failures })
      readings.push({ name: 'offloop_metrics_omitted_total', labels: { exporter: name }, value: omitted })
    }
    const lost = this.#state.get('lostBatches')
    if (lost > 0) {
      readings.push({ name: 'offloop_batches_dropped_total', labels: { queue: 'ended-thread' }, value: lost })
    }
    for (const [queue, value] of this.#droppedByQueue) {
      readings.push({ name: 'offloop_batches_dropped_total', labels: { queue }, value })
    }
    for (const [exporter, value] of this.#failuresByExporter) {
      readings.push({ name: 'offloop_export_failures_total', labels: { exporter }, value })
    }
    for (const [collector, value] of this.#failuresByCollector) {
      readings.push({ name: 'offloop_collector_failures_total', labels: { collector }, value })
    }
    return readings
  }
}

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
