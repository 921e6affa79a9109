import { median, quantile } from '../harness/statistics.mjs'

const INTERVAL_MS = 100
const IDLE_SECONDS = 4
const AIM_US = 25

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export const sample = {
  name: 'sample',
  question: 'what a sample costs the main thread',
  rounds: 4,
  variants: [
    ...['nothing', 'timer', 'started'].map((name) => ({
      name,
      trial: 'idle.mjs',
      args: [name, JSON.stringify({ intervalMs: INTERVAL_MS }), '1', String(IDLE_SECONDS)],
      sleeps: true,
    })),
    { name: 'busy', trial: 'sample-busy.mjs', args: ['3'] },
    { name: 'scrape', trial: 'scrape.mjs', args: ['20'] },
  ],
  figures(trials) {
    /** @param {string} variant */
    const idleCost = (variant) => trials.difference(variant, 'nothing', microsecondsATick)
    return [
      {
        name: 'idle, CPU',
        estimate: idleCost('started'),
        unit: 'µs',
        aim: AIM_US,
        note: `at ${INTERVAL_MS} ms`,
      },
      {
        name: 'idle, CPU of an empty timer',
        estimate: idleCost('timer'),
        unit: 'µs',
        note: 'a wake-up in itself',
      },
      {
        name: 'busy, held up p50',
        estimate: trials.median('busy', heldUp(0.5)),
        unit: 'µs',
        aim: AIM_US,
        note: 'as JavaScript sees it',
      },
      { name: 'busy, held up p90', estimate: trials.median('busy', heldUp(0.9)), unit: 'µs' },
      {
        name: 'busy, as reported',
        estimate: trials.median('busy', ({ selfNs }) => selfNs / 1e3),
        unit: 'µs',
        note: 'offloop_probe_seconds_total',
      },
      {
        name: 'prom-client, CPU p50',
        estimate: trials.median('scrape', scrapeCpu),
        unit: 'µs',
        note: 'register.metrics(), default metrics',
      },
      {
        name: 'prom-client, held up p50',
        estimate: trials.median('scrape', ({ scrapes }) => median(scrapes.map(({ wallNs }) => wallNs)) / 1e3),
        unit: 'µs',
      },
    ]
  },
}

/** @param {readonly { mainCpuNs: number }[]} windows */
function microsecondsATick([{ mainCpuNs }]) {
  return mainCpuNs / 1e3 / ((IDLE_SECONDS * 1000) / INTERVAL_MS)
}

/** @param {number} q */
function heldUp(q) {
  return (/** @type {{ heldUpNs: number[], lookNs: number }} */ { heldUpNs, lookNs }) =>
    (quantile(heldUpNs, q) - lookNs) / 1e3
}

/** @param {{ scrapes: { cpuNs: number }[], empty: number[] }} result */
function scrapeCpu({ scrapes, empty }) {
  return (median(scrapes.map(({ cpuNs }) => cpuNs)) - median(empty)) / 1e3
}
