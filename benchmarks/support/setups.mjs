// What a process may have running while it is measured, by the name that the tables have. Each loads what it needs and
// nothing else. Those of others are in peer-setups.mjs.
import { createRequire } from 'node:module'
import { openPage } from './page-client.mjs'
import { peerSetups } from './peer-setups.mjs'

const require = createRequire(import.meta.url)

/** Nobody listens there. */
const NOWHERE = 'http://127.0.0.1:9/'

/**
 * @typedef {object} Wishes
 * @property {number} [intervalMs] between samples, of ours and of others; 10 s
 * @property {string} [sink] URL of a server that takes what is exported
 * @property {boolean} [deliver] what is sampled is to arrive somewhere: at the sink, or with whoever scrapes
 * @property {number} [series] of own metrics
 * @property {number} [workers] worker threads that sleep
 * @property {boolean} [measured] those have probes
 * @property {boolean} [works] the main thread has a little to do for each sample
 */

/**
 * @typedef {object} Running
 * @property {string} [url] that it serves
 * @property {() => number | Promise<number>} [gcNs] the collector's time so far, as it tells
 * @property {() => number} [read] the same, synchronously
 */

/**
 * @typedef {object} Setup
 * @property {() => any} load
 * @property {(loaded: any, wishes: Wishes) => Running | undefined | Promise<Running | undefined>} start
 */

const loadOurs = () => require('offloop')
const loadFallback = () => {
  process.env.OFFLOOP_NATIVE = '0'
  // It warns that the addon is missing, which is what we want.
  process.removeAllListeners('warning')
  return require('offloop')
}

/**
 * @param {object} [options]
 * @returns {Setup['start']}
 */
function startOurs(options) {
  return (offloop, { intervalMs = 10_000, sink, deliver, series }) => {
    const exporters = deliver ? [{ type: 'tinyobs', url: sink }] : []
    const sampler = offloop.start({ service: 'bench', intervalMs, exporters, ...options })
    if (series !== undefined) sampler.addCollector({ name: 'bench', collect: () => ownMetrics(series) })
    return { gcNs: () => gcNsOfNextBatch(sampler), read: () => offloop.counters.gcPauseNs }
  }
}

/** With every kind of exporter. @param {any} offloop @param {Wishes} wishes */
async function startAll({ start }, { intervalMs = 10_000, sink = NOWHERE }) {
  const exporters = [
    { type: 'tinyobs', url: sink },
    { type: 'otlp', protocol: 'http/json', url: sink },
    { type: 'dogstatsd', host: '127.0.0.1', port: 9 },
  ]
  const sampler = start({ service: 'bench', intervalMs, serve: { port: 0 }, exporters })
  const { url } = await sampler.ready
  return { sampler, url }
}

/** @type {Record<string, Setup>} */
const setups = {
  nothing: { load: () => undefined, start: () => undefined },

  // ours
  offloop: { load: loadOurs, start: startOurs() },
  'offloop, lean': { load: loadOurs, start: startOurs({ heapObjects: false, heapAccounting: false }) },
  'offloop, attached': { load: loadOurs, start: (offloop) => void offloop.attach() },
  'offloop, fallback': { load: loadFallback, start: startOurs() },
  // Every kind of exporter, and the page open in a browser.
  'offloop, all on': {
    load: loadOurs,
    async start(loaded, wishes) {
      const { sampler, url } = await startAll(loaded, wishes)
      openPage(url, wishes.intervalMs ?? 10_000)
      return { url, gcNs: () => gcNsOfNextBatch(sampler) }
    },
  },
  // All but the page.
  'offloop, exporting': { load: loadOurs, start: (loaded, wishes) => startAll(loaded, wishes) },
  // The sampling thread of this one does nothing more; a thread that has nothing to do with it does.
  'beside a busy thread': {
    load: loadOurs,
    async start({ start }, { intervalMs = 10_000 }) {
      const { Worker } = require('node:worker_threads')
      new Worker(require.resolve('./json-worker.cjs'), { workerData: intervalMs }).unref()
      await start({ service: 'bench', intervalMs }).ready
      return undefined
    },
  },
  threads: {
    load: loadOurs,
    async start({ start }, { intervalMs, workers = 0, measured = false }) {
      const { Worker } = require('node:worker_threads')
      const file = require.resolve('./sleeping-worker.cjs')
      await Promise.all(
        Array.from({ length: workers }, () => {
          const worker = new Worker(file, { workerData: { measured } })
          return new Promise((resolve) => worker.once('message', resolve))
        }),
      )
      await start({ service: 'bench', intervalMs }).ready
      return undefined
    },
  },

  // the least that something like ours could cost
  'a bare Worker': {
    load: () => require('node:worker_threads'),
    start: ({ Worker }) => void new Worker(require.resolve('./interval-worker.cjs')).unref(),
  },
  'an empty timer': {
    load: () => undefined,
    start: (_, { intervalMs = 10_000 }) => void setInterval(() => {}, intervalMs),
  },

  ...peerSetups,
}

/** @param {string} name @returns {Setup} */
export function setupOf(name) {
  const setup = setups[name]
  if (setup === undefined) throw new Error(`no set-up is called ${name}`)
  return setup
}

/**
 * @param {string} name
 * @param {Wishes} [wishes]
 * @returns {Promise<Running>}
 */
export async function setUp(name, wishes = {}) {
  const { load, start } = setupOf(name)
  const running = (await start(load(), wishes)) ?? {}
  if (wishes.works) doALittle(wishes.intervalMs)
  return running
}

/** About 50 µs, now and then. @param {number} [everyMs] */
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

/** @param {number} count */
function ownMetrics(count) {
  return Array.from({ length: count }, (_, i) => ({
    name: 'bench_queue_length',
    type: 'gauge',
    value: i,
    labels: { queue: `queue-${i}` },
  }))
}

/** All of the collector's time on the main thread, or where that is unknown its pauses. */
function gcNsOfNextBatch(sampler) {
  // Waiting for a batch keeps no process alive.
  const awake = setInterval(() => {}, 1000)
  return new Promise((resolve) => {
    sampler.once('batch', ({ metrics }) => {
      clearInterval(awake)
      const seconds = (/** @type {string} */ name) =>
        metrics
          .filter((metric) => metric.name === name && metric.labels?.thread === 'main')
          .reduce((sum, { value }) => sum + value, 0)
      const all = seconds('nodejs_gc_main_thread_seconds_total')
      resolve((all > 0 ? all : seconds('nodejs_gc_pause_seconds_total')) * 1e9)
    })
  })
}
