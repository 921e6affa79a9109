import { compare } from '../harness/compare.mjs'
import { OURS } from './contenders.mjs'

const COUNTS = [1, 100, 1000, 5000]
const MOST = 5000
const INTERVAL_MS = 500
const SECONDS = 2.5
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
    'Ours calls a collector for each thousand, on the main thread; prom-client has a gauge, set once; OpenTelemetry calls back for observable gauges, a thousand each, and exports them. Those of Datadog and New Relic have none here: their agents send them another way. CPU a sample, an idle process, the default metrics included. A trial fails unless all series are delivered.',
    'Ours keeps a history beside, in a store of 2 MiB: how many series of the most find room there is said below.',
  ],
  rounds: 3,
  seconds: 19,
  thorough: { rounds: 6, seconds: 38 },
  variants: SETUPS.flatMap((name) =>
    COUNTS.map((count) => ({
      name: `${name}, ${count}`,
      trial: 'series.mjs',
      args: [name, JSON.stringify({ intervalMs: INTERVAL_MS, series: count }), String(SECONDS)],
      sleeps: true,
    })),
  ),
  figures: (trials) => [
    ...MEASURES.flatMap(({ group, clock }) =>
      COUNTS.flatMap((count) =>
        compare(trials, SETUPS, {
          measure: `${count.toLocaleString('en')} series`,
          unit: 'µs',
          group,
          pick: (window) => window[clock] / 1e3 / ((SECONDS * 1000) / INTERVAL_MS),
          variantOf: (name) => `${name}, ${count}`,
          references: [OURS],
        }),
      ),
    ),
    ...SETUPS.map((name) => ({
      name: `${name}, delivered of ${MOST.toLocaleString('en')}`,
      estimate: trials.median(`${name}, ${MOST}`, ({ delivered }) => delivered),
      unit: '×',
      aim: MOST,
      more: true,
    })),
    ...COUNTS.map((count) => ({
      name: `offloop, of ${count.toLocaleString('en')} series in the store`,
      estimate: trials.median(`${OURS}, ${count}`, ({ stored }) => stored),
      unit: '×',
    })),
  ],
  plots: [
    {
      file: 'series',
      title: 'Main-thread CPU a sample, with 1,000 series of your own',
      measure: '1,000 series',
      group: 'main thread',
      log: true,
    },
  ],
  reasons: Object.fromEntries(
    COUNTS.map((count) => [
      `${count.toLocaleString('en')} series`,
      count < 1000
        ? 'presumably the batch of all metrics that our sampling thread builds and keeps'
        : 'presumably the check of what a collector returns, and its way to the sampling thread',
    ]),
  ),
}
