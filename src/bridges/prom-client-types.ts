/** What we use of prom-client, so that our types need not be its, which a user of offloop may not have. */

export type Labels = Readonly<Record<string, string | number>>

/** Where metrics are registered: prom-client's `Registry`. */
export interface PromClientRegistry {
  registerMetric(metric: never): void
}

/** Of prom-client's `collectDefaultMetrics`. */
export interface DefaultMetricsConfig {
  /** Default: prom-client's own `register`. */
  readonly register?: PromClientRegistry
  /** Before every name. */
  readonly prefix?: string
  /** Added to every series. */
  readonly labels?: object
  /** Bounds of `nodejs_gc_duration_seconds`, in seconds. Default `[0.001, 0.01, 0.1, 1, 2, 5]`. */
  readonly gcDurationBuckets?: readonly number[]
  /** Of a timer in milliseconds, which we need only where the addon cannot be loaded. Default 10. */
  readonly eventLoopMonitoringPrecision?: number
}

interface MetricConfig<M> {
  readonly name: string
  readonly help: string
  readonly labelNames: readonly string[]
  readonly registers: readonly PromClientRegistry[] | undefined
  readonly aggregator?: string
  collect?(this: M): void
}

export interface Gauge {
  set(labels: Labels, value: number): void
  reset(): void
}

export interface Counter {
  inc(labels: Labels, value: number): void
}

export interface Sample {
  readonly metricName: string
  readonly labels: Labels
  readonly value: number
}

/** A histogram as a registry asks for it. */
export interface HistogramValues {
  readonly name: string
  readonly help: string
  readonly type: 'histogram'
  readonly aggregator: string
  readonly values: readonly Sample[]
}

export interface HistogramMetric {
  readonly name: string
  readonly help: string
  readonly aggregator: string
  get(): Promise<HistogramValues>
  /** A registry prefers it to `get`, for text. */
  getForPromString?(): Promise<HistogramValues>
  reset(): void
}

export interface PromClient {
  readonly Gauge: new (config: MetricConfig<Gauge>) => Gauge
  readonly Counter: new (config: MetricConfig<Counter>) => Counter
  readonly Histogram: new (
    config: MetricConfig<HistogramMetric> & { readonly buckets: readonly number[] },
  ) => HistogramMetric
}

/** Where metrics go, and what each of them carries. */
export interface Registration {
  readonly client: PromClient
  readonly registers: readonly PromClientRegistry[] | undefined
  readonly prefix: string
  readonly labels: Labels
}
