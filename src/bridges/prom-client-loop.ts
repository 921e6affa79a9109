import type { Delays } from '../probe/delays'
import type { Probe } from '../probe/probe'
import { gauge } from './prom-client-process'
import { loopSource } from './prom-client-source'
import type { Gauge, Registration } from './prom-client-types'

/** The eight gauges of the event loop's lag since the scrape before, as prom-client has them. */
export function registerEventLoop(registration: Registration, probe: Probe, precisionMs: number): void {
  const { labels } = registration
  const read = loopSource(probe, precisionMs)
  const lag = (name: string, help: string, aggregator: string, collect?: () => void): Gauge =>
    gauge(registration, `nodejs_eventloop_lag_${name}seconds`, help, { aggregator, collect })

  const current = lag('', 'How long setImmediate took at the scrape before.', 'average', () => {
    const startedAt = process.hrtime.bigint()
    setImmediate(() => current.set(labels, Number(process.hrtime.bigint() - startedAt) / 1e9))
    const found = read()
    if (found === undefined) return
    for (const [metric, value] of figures) metric.set(labels, value(found))
  })
  const figures: readonly (readonly [Gauge, (found: Delays) => number])[] = [
    [lag('min_', 'Shortest wait for the event loop since the last scrape: 0.', 'min'), ({ min }) => min],
    [lag('max_', 'Longest wait for the event loop since the last scrape.', 'max'), ({ max }) => max],
    [lag('mean_', 'Mean wait for the event loop since the last scrape.', 'average'), ({ mean }) => mean],
    [
      lag('stddev_', 'Standard deviation of the waits since the last scrape.', 'average'),
      ({ stddev }) => stddev,
    ],
    ...[50, 90, 99].map(
      (p) =>
        [
          lag(`p${p}_`, `${p}th percentile of the waits since the last scrape.`, 'average'),
          (found: Delays) => found.quantile(p / 100),
        ] as const,
    ),
  ]
}
