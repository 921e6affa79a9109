import type { ObservablePool, ObservePoolOptions } from './bridges/piscina'
import type { HeapCount, HeapCountOptions } from './probe/heap-count'

export type { ObservablePool, ObservePoolOptions } from './bridges/piscina'
export type { Batch, Description, Histogram, Labels, Metric, MetricType } from './core/batch'
export type { DogStatsDOptions } from './core/dogstatsd-options'
export { type ErrorCode, OffloopError } from './core/errors'
export type { ExporterOptions } from './core/exporter-options'
export type { MetricDefinition } from './core/metrics'
export type { CustomExporter, ExporterFactory, ModuleOptions } from './core/module-options'
export type { ExporterFunction, Names, Options, ServeOptions, StoreOptions } from './core/options'
export type { OtlpOptions } from './core/otlp'
export type { Frame, Place, Stall } from './core/stall'
export type { StallOptions } from './core/stall-options'
export type { TinyObsOptions } from './core/tinyobs-options'
export { attach, type Counters, counters, readCounters } from './probe/counters'
export type { HeapCount, HeapCountEstimate, HeapCountOptions } from './probe/heap-count'
export type { CollectedMetric, Collector } from './sampler/collectors'
export type { Ready, Sampler, SamplerEvents } from './sampler/sampler'
export { start } from './sampler/start'

/** The table: name, unit, kind and description of every metric. Loaded when it is read (scripts/bundle.mjs). */
export declare const metrics: typeof import('./core/metrics').metrics

// Loaded when they are called.

/**
 * Reports a Piscina pool with each sample, as `nodejs_pool_*`. To be called in the thread that calls `start()`, before
 * it or after: the pool is reported by the sampler that runs, and by each that is started later. Returns what ends it;
 * until then the pool is kept.
 *
 * @throws {TypeError} where `pool` is none, or the name cannot be a label or is another observed pool's.
 */
export function observePool(pool: ObservablePool, options?: ObservePoolOptions): () => void {
  return (require('./bridges/piscina') as typeof import('./bridges/piscina')).observePool(pool, options)
}

/**
 * Counts the objects on the calling thread's heap, exactly. It runs a full collection and walks the heap, and the
 * thread stands still meanwhile: about 0.2 s for a million objects. One line on stderr says how long before it starts.
 *
 * @throws {OffloopError} `ERR_OFFLOOP_HEAP_COUNT` where it would take longer than `maxPauseMs` or more memory than there
 * is, or while an inspector tracks heap objects; `ERR_OFFLOOP_NO_ADDON` where no addon is loaded.
 * @throws {TypeError | RangeError} `ERR_OFFLOOP_INVALID_OPTION` for a bad option.
 */
export function countHeapObjects(options?: HeapCountOptions): HeapCount {
  return (require('./probe/heap-count') as typeof import('./probe/heap-count')).countHeapObjects(options)
}
