// What a process may have running while it is measured, by the name that the tables have. Each loads what it needs and
// nothing else. Those of others are in peer-setups.mjs.
import { readdirSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { requireInstalled } from '../peers/peers.mjs'
import { openPage } from './page-client.mjs'
import { peerSetups } from './peer-setups.mjs'

const require = createRequire(import.meta.url)

const ADDON = `../../prebuilds/${process.platform}-${process.arch}/offloop.abi${process.versions.modules}.glibc.node`

export const OWN_METRIC = 'bench_queue_length'

/**
 * @typedef {object} Wishes
 * @property {number} [intervalMs] between samples, of ours and of others; 10 s
 * @property {string} [sink] URL of a server that takes what is exported
 * @property {number} [udpPort] of a server that takes what DogStatsD sends
 * @property {boolean} [deliver] what is sampled is to arrive somewhere: at the sink, or with whoever scrapes
 * @property {number} [series] of own metrics
 * @property {number} [workers] worker threads
 * @property {'asleep' | 'busy' | 'parked'} [state] of those
 * @property {string} [tool] what each of those has loaded: ours, a peer or nothing
 * @property {number} [works] so often the main thread has a little to do, in ms
 */

/**
 * @typedef {object} Running
 * @property {string} [url] that it serves
 * @property {() => number | Promise<number>} [gcNs] the collector's time so far, as it tells
 * @property {() => number} [read] the same, synchronously
 * @property {() => number | Promise<number>} [seriesSeen] how many own series it delivers
 * @property {{ main: number, sampling: number[], workers: number[] }} [tids] which thread is which, by the system's number
 */

/**
 * @typedef {object} Setup
 * @property {() => any} load
 * @property {(loaded: any, wishes: Wishes) => Running | undefined | Promise<Running | undefined>} start
 */

const loadOurs = () => requireInstalled('offloop')
const loadFallback = () => {
  process.env.OFFLOOP_NATIVE = '0'
  // It warns that the addon is missing, which is what we want.
  process.removeAllListeners('warning')
  return loadOurs()
}

/**
 * @param {object} [options]
 * @returns {Setup['start']}
 */
function startOurs(options) {
  return async (offloop, { intervalMs = 10_000, sink, deliver, series }) => {
    const exporters = deliver ? [{ type: 'tinyobs', url: sink }] : []
    // Whether the store has them is asked over HTTP.
    const serve = series === undefined ? {} : { serve: { port: 0 } }
    const sampler = offloop.start({ service: 'bench', intervalMs, exporters, ...serve, ...options })
    const running = { gcNs: () => gcNsOfNextBatch(sampler), read: () => offloop.counters.gcPauseNs }
    if (series === undefined) return running
    // A collector may return a thousand.
    for (let from = 0; from < series; from += 1000) {
      const to = Math.min(series, from + 1000)
      sampler.addCollector({ name: `bench-${from}`, collect: () => ownMetrics(from, to) })
    }
    const { url } = await sampler.ready
    const isOwn = (/** @type {{ name: string }} */ { name }) => name === OWN_METRIC
    // A batch that is due while the main thread is held up goes without.
    const seriesSeen = async () => {
      let most = 0
      for (let batch = 0; batch < 4 && most < series; batch++) {
        most = Math.max(most, (await nextBatch(sampler)).filter(isOwn).length)
      }
      return most
    }
    return { ...running, url, seriesSeen }
  }
}

/** With every kind of exporter. @param {any} offloop @param {Wishes} wishes */
async function startAll({ start }, { intervalMs = 10_000, sink, udpPort }) {
  if (sink === undefined || udpPort === undefined) throw new Error('it has nowhere to export to')
  const exporters = [
    { type: 'tinyobs', url: sink },
    { type: 'otlp', protocol: 'http/protobuf', compression: 'gzip', url: sink },
    { type: 'dogstatsd', host: '127.0.0.1', port: udpPort },
    { type: 'module', path: fileURLToPath(new URL('discard.mjs', import.meta.url)) },
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
  'offloop, bytes only': { load: loadOurs, start: startOurs({ heapObjects: false }) },
  'offloop, objects only': { load: loadOurs, start: startOurs({ heapAccounting: false }) },
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
    async start({ start }, { intervalMs, sink, workers = 0, state, tool }) {
      const { Worker } = require('node:worker_threads')
      const file = fileURLToPath(new URL('thread.mjs', import.meta.url))
      const tids = await Promise.all(
        Array.from({ length: workers }, async () => {
          const worker = new Worker(file, { workerData: { state, tool, intervalMs, sink } })
          return new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
        }),
      )
      // libuv's own threads begin with the first that needs them: not to be taken for ours.
      await Promise.all(Array.from({ length: 8 }, () => stat('/')))
      const before = readdirSync('/proc/self/task')
      if (tool === 'offloop') await start({ service: 'bench', intervalMs }).ready
      const sampling = readdirSync('/proc/self/task').filter((tid) => !before.includes(tid))
      return { tids: { main: process.pid, sampling: sampling.map(Number), workers: tids } }
    },
  },

  // the least that something like ours could cost
  'a bare Worker': {
    load: () => require('node:worker_threads'),
    start: ({ Worker }) => void new Worker(require.resolve('./interval-worker.cjs')).unref(),
  },
  'a Worker and our addon': {
    load() {
      // Found by its name, as ours is.
      requireInstalled('empty')
      return require('node:worker_threads')
    },
    start({ Worker }) {
      // As we do it.
      process.dlopen({ exports: {} }, fileURLToPath(new URL(ADDON, import.meta.url)))
      new Worker(require.resolve('./interval-worker.cjs')).unref()
      return undefined
    },
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
  if (wishes.works !== undefined) doALittle(wishes.works)
  return running
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

/** @param {number} from @param {number} to */
function ownMetrics(from, to) {
  return Array.from({ length: to - from }, (_, i) => ({
    name: OWN_METRIC,
    type: 'gauge',
    value: from + i,
    labels: { queue: `queue-${from + i}` },
  }))
}

/** All of the collector's time on the main thread, or where that is unknown its pauses. */
async function gcNsOfNextBatch(sampler) {
  const metrics = await nextBatch(sampler)
  const seconds = (/** @type {string} */ name) =>
    metrics
      .filter((metric) => metric.name === name && metric.labels?.thread === 'main')
      .reduce((sum, { value }) => sum + value, 0)
  const all = seconds('nodejs_gc_main_thread_seconds_total')
  return (all > 0 ? all : seconds('nodejs_gc_pause_seconds_total')) * 1e9
}

/** @returns {Promise<any[]>} */
function nextBatch(sampler) {
  // Waiting for a batch keeps no process alive.
  const awake = setInterval(() => {}, 1000)
  return new Promise((resolve) => {
    sampler.once('batch', ({ metrics }) => {
      clearInterval(awake)
      resolve(metrics)
    })
  })
}
