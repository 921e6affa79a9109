import type { Distribution } from '../core/histogram'
import { gauge } from './prom-client-process'
import type { Gauge, Registration } from './prom-client-types'

/** The eight gauges of the event loop's lag since the scrape before, as prom-client has them. */
export function registerEventLoop(registration: Registration, precisionMs: number): void {
  const { labels } = registration
  const read = delaysSinceLastRead(precisionMs)
  const lag = (name: string, help: string, aggregator: string, collect?: () => void): Gauge =>
    gauge(registration, `nodejs_eventloop_lag_${name}seconds`, help, { aggregator, collect })

  const current = lag('', 'How long setImmediate took at the scrape before.', 'average', () => {
    const startedAt = process.hrtime.bigint()
    setImmediate(() => current.set(labels, Number(process.hrtime.bigint() - startedAt) / 1e9))
    const found = read()
    if (found === undefined) return
    for (const [metric, value] of figures) metric.set(labels, value(found))
  })
  const figures: readonly (readonly [Gauge, (found: Distribution) => number])[] = [
    [lag('min_', 'Shortest turn of the event loop since the last scrape.', 'min'), ({ min }) => min],
    [lag('max_', 'Longest turn of the event loop since the last scrape.', 'max'), ({ max }) => max],
    [lag('mean_', 'Mean turn of the event loop since the last scrape.', 'average'), ({ mean }) => mean],
    [
      lag('stddev_', 'Standard deviation of the turns since the last scrape.', 'average'),
      ({ stddev }) => stddev,
    ],
    ...[50, 90, 99].map(
      (p) =>
        [
          lag(`p${p}_`, `${p}th percentile of the turns since the last scrape.`, 'average'),
          (found: Distribution) => found.quantile(p / 100),
        ] as const,
    ),
  ]
}

/** A timer that is late says how long a turn took, as in prom-client. */
function delaysSinceLastRead(resolution: number): () => Distribution | undefined {
  const { monitorEventLoopDelay } = require('node:perf_hooks') as typeof import('node:perf_hooks')
  // Not in every runtime that takes itself for Node.js.
  if (typeof monitorEventLoopDelay !== 'function') return () => undefined
  const histogram = monitorEventLoopDelay({ resolution })
  histogram.enable()
  return () => {
    const { min, max, mean, stddev } = histogram
    const [p50, p90, p99] = [50, 90, 99].map((p) => histogram.percentile(p) / 1e9)
    const quantiles = new Map([
      [0.5, p50],
      [0.9, p90],
      [0.99, p99],
    ])
    const isEmpty = Number.isNaN(mean)
    histogram.reset()
    if (isEmpty) return undefined
    return {
      min: min / 1e9,
      max: max / 1e9,
      mean: mean / 1e9,
      stddev: stddev / 1e9,
      quantile: (q) => quantiles.get(q) as number,
    }
  }
}
