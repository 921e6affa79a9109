import * as main from './bundle/main'

export type { ObservablePool, ObservePoolOptions } from './bridges/piscina'
export { countHeapObjects, OffloopError, observePool, start } from './bundle/main'
export type { Batch, Description, Histogram, Labels, Metric, MetricType } from './core/batch'
export type { DogStatsDOptions } from './core/dogstatsd-options'
export type { ErrorCode } from './core/errors'
export type { MetricDefinition } from './core/metrics'
export type { CustomExporter, ExporterFactory, ModuleOptions } from './core/module-options'
export type {
  ExporterFunction,
  ExporterOptions,
  HeapCountEstimate,
  HeapCountOptions,
  Names,
  Options,
  ServeOptions,
  StoreOptions,
  TinyObsOptions,
} from './core/options'
export type { OtlpOptions } from './core/otlp'
export type { Frame, Place, Stall } from './core/stall'
export type { StallOptions } from './core/stall-options'
export type { Counters } from './probe/counters'
export type { HeapCount } from './probe/heap-count'
export type { CollectedMetric, Collector } from './sampler/collectors'
export type { Ready, Sampler, SamplerEvents } from './sampler/sampler'

// As values: a re-export is a getter on `exports`, which V8 calls at each `offloop.counters` and does not inline.
export const attach = main.attach
export const counters = main.counters
export const readCounters = main.readCounters

declare const exports: object
const { late } = main
/** The table: name, unit, kind and description of every metric. */
export declare const metrics: typeof main.late.metrics
// In these words, so that Node.js finds the name for `import`.
Object.defineProperty(exports, 'metrics', {
  enumerable: true,
  get() {
    return late.metrics
  },
})
