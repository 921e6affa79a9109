import type { Labels, Metric } from '../core/batch'
import { labelValueFault } from '../core/format'
import type { MetricName } from '../core/metrics'
import { addStanding, hasStanding } from '../core/standing'

/** A summary of one of Piscina's histograms: milliseconds, since the pool began or its histogram was reset. */
interface Summary {
  readonly mean: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly p99_9: number
}

/** What is read of a pool: any Piscina pool from version 5 on is one. */
export interface ObservablePool {
  readonly queueSize: number
  readonly completed: number
  readonly threads: readonly unknown[]
  readonly idleThreads: number
  readonly maxThreads: number
  readonly options: { readonly concurrentTasksPerWorker: number }
  /** Without summaries where the pool has `recordTiming: false`. */
  readonly histogram: { readonly runTime?: Summary; readonly waitTime?: Summary }
}

export interface ObservePoolOptions {
  /** The label `pool`. Default: `pool-1` and so on. */
  readonly name?: string
}

const QUANTILES = { p50: '0.5', p90: '0.9', p99: '0.99', p99_9: '0.999' } as const
let observed = 0

/** What the package exports by this name. */
export function observePool(pool: ObservablePool, options: ObservePoolOptions = {}): () => void {
  if (!Array.isArray(pool?.threads) || typeof pool.completed !== 'number' || pool.histogram === undefined) {
    throw new TypeError('offloop: observePool needs a pool of Piscina 5 or later')
  }
  const unknown = Object.keys(options).find((key) => key !== 'name')
  if (unknown !== undefined) throw new TypeError(`offloop: observePool has no option ${unknown}; it has name`)
  const name = options.name ?? `pool-${observed + 1}`
  if (typeof name !== 'string' || name === '' || labelValueFault(name) !== undefined) {
    throw new TypeError('offloop: name of observePool must be a string that can be a label')
  }
  const collector = `piscina ${name}`
  if (hasStanding(collector)) throw new TypeError(`offloop: a pool named ${name} is observed already`)
  observed++
  return addStanding({ name: collector, collect: new PoolReader(pool, name).read })
}

class PoolReader {
  readonly #pool: ObservablePool
  readonly #labels: Labels
  #busy: { readonly seconds: number | undefined; readonly atMs: number }

  constructor(pool: ObservablePool, name: string) {
    this.#pool = pool
    this.#labels = { pool: name }
    this.#busy = { seconds: busySeconds(pool), atMs: performance.now() }
  }

  readonly read = (): readonly Metric[] => {
    const { queueSize, completed, threads, idleThreads, histogram } = this.#pool
    const metrics = [
      this.#metric('nodejs_pool_queue_size', queueSize),
      this.#metric('nodejs_pool_completed_total', completed),
      this.#metric('nodejs_pool_threads', threads.length),
      this.#metric('nodejs_pool_idle_threads', idleThreads),
      ...this.#quantiles('nodejs_pool_wait_seconds', histogram.waitTime),
      ...this.#quantiles('nodejs_pool_run_seconds', histogram.runTime),
    ]
    const before = this.#busy
    const now = { seconds: busySeconds(this.#pool), atMs: performance.now() }
    this.#busy = now
    if (now.seconds === undefined) return metrics
    metrics.push(this.#metric('nodejs_pool_busy_seconds_total', now.seconds))
    // Not Piscina's own `utilization`: that is an average over the pool's life, and in 5.3 a thousandth of it.
    const capacity = this.#capacity() * ((now.atMs - before.atMs) / 1000)
    const spent = now.seconds - (before.seconds ?? 0)
    // Less than before where the application has reset the histogram.
    if (capacity > 0 && spent >= 0) {
      metrics.push(this.#metric('nodejs_pool_utilization', Math.min(1, spent / capacity)))
    }
    return metrics
  }

  /** Seconds of tasks that the pool can do in a second. */
  #capacity(): number {
    return this.#pool.maxThreads * this.#pool.options.concurrentTasksPerWorker
  }

  #quantiles(name: MetricName, summary: Summary | undefined): Metric[] {
    // The mean of nothing is NaN.
    if (summary === undefined || !Number.isFinite(summary.mean)) return []
    return Object.entries(QUANTILES).map(([key, quantile]) =>
      this.#metric(name, summary[key as keyof Summary] / 1000, { quantile }),
    )
  }

  #metric(name: MetricName, value: number, labels: Labels = {}): Metric {
    const type = name.endsWith('_total') ? 'counter' : 'gauge'
    return { name, type, value, labels: { ...this.#labels, ...labels } }
  }
}

/**
 * What all tasks that ended took, from the mean and the count of them. The count is a property of the histogram that
 * Piscina's types do not show; `completed` will not do, since it goes on where an application resets the histogram.
 */
function busySeconds({ histogram }: ObservablePool): number | undefined {
  const { histogram: inner } = histogram as { histogram?: { readonly runTimeCount?: number } | null }
  const count = inner?.runTimeCount
  if (typeof count !== 'number' || histogram.runTime === undefined) return undefined
  return count === 0 ? 0 : (histogram.runTime.mean / 1000) * count
}
