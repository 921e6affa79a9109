import type { Batch, Metric } from '../../src/core/batch'

/** 2026-11-01T00:00:00Z, and ten seconds more for each batch. */
export const FIRST_TIMESTAMP = Date.UTC(2026, 10, 1)

export function batch(
  sequence: number,
  metrics: readonly Metric[] = [gauge('nodejs_heap_size_used_bytes', sequence)],
): Batch {
  return {
    sequence,
    timestamp: FIRST_TIMESTAMP + (sequence - 1) * 10_000,
    service: 'api',
    metrics,
    descriptions: Object.fromEntries(
      metrics.map(({ name, type }) => [name, { type, unit: '', description: name }]),
    ),
  }
}

export function gauge(name: string, value: number, labels: Metric['labels'] = {}): Metric {
  return { name, type: 'gauge', value, labels: { service: 'api', ...labels } }
}
