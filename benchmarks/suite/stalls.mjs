import { quantile } from '../harness/statistics.mjs'

const SECONDS = 20
/** @type {readonly { name: string, stall: unknown, workers?: number, aim?: number }[]} */
const WATCHES = [
  { name: 'threshold of 1,000 ms, as by default', stall: { thresholdMs: 1_000 }, aim: 0.1 },
  { name: 'threshold of 100 ms', stall: { thresholdMs: 100 } },
  {
    name: 'threshold of 1,000 ms, and four workers',
    stall: { thresholdMs: 1_000, workers: true },
    workers: 4,
  },
]
const off = (/** @type {number} */ workers) => `off, ${workers} workers`

/** What docs/stalls.md shows. @type {import('../harness/benchmark.mjs').Benchmark} */
export const stalls = {
  name: 'stalls',
  question: 'what it costs to watch for stalls',
  rounds: 3,
  seconds: 130,
  apart: true,
  variants: [
    ...WATCHES.map(({ name, stall, workers = 0 }) => ({
      name,
      trial: 'stalls.mjs',
      args: [JSON.stringify(stall), String(SECONDS), String(workers)],
      sleeps: true,
    })),
    ...[0, 4].map((workers) => ({
      name: off(workers),
      trial: 'stalls.mjs',
      args: ['false', String(SECONDS), String(workers)],
      sleeps: true,
    })),
    ...['attached', 'bare'].map((name) => ({ name, trial: 'turns.mjs', args: [name] })),
  ],
  figures: (trials) => [
    ...WATCHES.map(({ name, workers = 0, aim }) => ({
      name,
      estimate: trials.difference(name, off(workers), ({ ns, ms }) => ns / 1e4 / ms),
      unit: '% of a core',
      note: 'CPU of the sampling thread, more than without a watch',
      ...(aim !== undefined && { aim }),
    })),
    ...['attached', 'bare'].map((name) => ({
      name: `a turn of setImmediate, ${name}`,
      estimate: trials.median(name, ({ ns }) => quantile(ns, 0.5)),
      unit: 'ns',
    })),
    {
      name: 'a turn, more by the probe',
      estimate: trials.difference('attached', 'bare', ({ ns }) => quantile(ns, 0.5)),
      unit: 'ns',
    },
  ],
}
