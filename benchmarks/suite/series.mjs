import { compare } from '../harness/compare.mjs'
import { OURS } from './contenders.mjs'

const COUNTS = [1, 100, 1000, 5000]
const INTERVAL_MS = 500
const SECONDS = 4
const SETUPS = ['prom-client', 'OpenTelemetry', OURS]
const MEASURES = [
  { group: 'main thread', clock: 'mainCpuNs' },
  { group: 'process', clock: 'processCpuNs' },
]

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export const series = {
  name: 'series',
  question: 'what a sample costs with many metrics of your own: gauges with one label',
  method: [
    'Ours calls one collector for all, on the main thread; prom-client has a gauge, set once; OpenTelemetry calls back for observable gauges, and exports them. CPU a sample, an idle process, the default metrics included.',
  ],
  rounds: 2,
  seconds: 15,
  variants: SETUPS.flatMap((name) =>
    COUNTS.map((count) => ({
      name: `${name}, ${count}`,
      trial: 'idle.mjs',
      args: [name, JSON.stringify({ intervalMs: INTERVAL_MS, series: count }), '2', String(SECONDS)],
      sleeps: true,
    })),
  ),
  figures: (trials) =>
    MEASURES.flatMap(({ group, clock }) =>
      COUNTS.flatMap((count) =>
        compare(trials, SETUPS, {
          measure: `${count.toLocaleString('en')} series`,
          unit: 'µs',
          group,
          pick: ([window]) => window[clock] / 1e3 / ((SECONDS * 1000) / INTERVAL_MS),
          variantOf: (name) => `${name}, ${count}`,
          references: [OURS],
        }),
      ),
    ),
  plots: [
    {
      file: 'series',
      title: 'Main-thread CPU a sample, with 1,000 series of your own',
      measure: '1,000 series',
      group: 'main thread',
      log: true,
    },
  ],
  reasons: {
    '1,000 series': 'presumably the check of what a collector returns, and its way to the sampling thread',
    '5,000 series': 'presumably the check of what a collector returns, and its way to the sampling thread',
  },
}
