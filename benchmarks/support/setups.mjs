// What a process may have running while it is measured, by name. Each loads what it needs and nothing else.
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

/**
 * @typedef {object} Wishes
 * @property {number} [intervalMs]
 * @property {string} [sink] URL of a TinyObs server
 * @property {number} [workers] worker threads that sleep
 * @property {boolean} [measured] those have probes
 * @property {boolean} [works] the main thread has a little to do for each sample
 */

/** @type {Record<string, (wishes: Wishes) => unknown>} */
const setups = {
  nothing() {},

  // ours
  attached: () => require('offloop').attach(),
  started: ({ intervalMs = 10_000 }) => require('offloop').start({ service: 'bench', intervalMs }),
  'started, heapObjects: false': () => require('offloop').start({ service: 'bench', heapObjects: false }),
  async everything({ intervalMs = 10_000, sink }) {
    const exporters = [{ type: 'tinyobs', url: sink }]
    const sampler = require('offloop').start({ service: 'bench', intervalMs, serve: { port: 0 }, exporters })
    return (await sampler.ready).url
  },
  async exporting({ intervalMs = 10_000, sink }) {
    const exporters = [
      { type: 'tinyobs', url: sink },
      { type: 'otlp', protocol: 'http/json', url: sink },
      { type: 'dogstatsd', host: '127.0.0.1', port: 9 },
    ]
    await require('offloop').start({ service: 'bench', intervalMs, serve: { port: 0 }, exporters }).ready
  },
  /** The sampling thread of this one does nothing more; a thread that has nothing to do with it does. */
  async 'beside a busy thread'({ intervalMs = 10_000 }) {
    const { Worker } = require('node:worker_threads')
    new Worker(require.resolve('./json-worker.cjs'), { workerData: intervalMs }).unref()
    await require('offloop').start({ service: 'bench', intervalMs }).ready
  },
  async threads({ intervalMs, workers = 0, measured = false }) {
    const { Worker } = require('node:worker_threads')
    const file = require.resolve('./sleeping-worker.cjs')
    await Promise.all(
      Array.from({ length: workers }, () => {
        const worker = new Worker(file, { workerData: { measured } })
        return new Promise((resolve) => worker.once('message', resolve))
      }),
    )
    await require('offloop').start({ service: 'bench', intervalMs }).ready
  },

  // the least that something like ours could cost
  worker() {
    const { Worker } = require('node:worker_threads')
    new Worker(require.resolve('./interval-worker.cjs')).unref()
  },
  timer: ({ intervalMs }) => void setInterval(() => {}, intervalMs),

  // others
  observer() {
    const { PerformanceObserver } = require('node:perf_hooks')
    new PerformanceObserver(() => {}).observe({ entryTypes: ['gc'] })
  },
  'prom-client': () => require('prom-client').collectDefaultMetrics(),
}

/**
 * @param {string} name
 * @param {Wishes} [wishes]
 */
export async function setUp(name, wishes = {}) {
  const outcome = await setups[name](wishes)
  if (wishes.works) doALittle(wishes.intervalMs)
  return outcome
}

/** About 50 µs, now and then. @param {number} everyMs */
function doALittle(everyMs) {
  const order = {
    id: 1,
    name: 'order',
    items: Array.from({ length: 200 }, (_, i) => ({ id: i, price: i * 1.5 })),
  }
  let kept
  setInterval(() => {
    kept = JSON.parse(JSON.stringify(order))
    if (kept.id !== 1) throw new Error('never')
  }, everyMs)
}
