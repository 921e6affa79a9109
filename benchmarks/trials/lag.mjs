// Blocks of known lengths at known times, and what is said of them: `lag.mjs SHARE`, of all blocks that there are. Ours is what
// /metrics says of a thread that does nothing else, each length in one of its own. The truth is what a callback would have waited
// that became ready at a random moment since that thread began; nothing but the blocks is in it.
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { emit } from '../support/emit.mjs'

/** @type {readonly [ms: number, blocks: number][]} */
const PHASES = [
  [1, 100],
  [5, 60],
  [20, 40],
  [100, 20],
  [1000, 5],
]
// As prom-client and OpenTelemetry have it.
const RESOLUTION_MS = 10
const ARRIVALS = 200_000

/**
 * @typedef {object} Told of times on one clock, in milliseconds
 * @property {number} from
 * @property {[number, number][]} known when each block began and ended
 * @property {number} otherMs for how long the loop was active beside
 * @property {Record<string, number>} theirs
 */

if (!isMainThread) await blocks(workerData)
else {
  const { start } = createRequire(import.meta.url)('offloop')
  const share = Number(process.argv[2])
  const { url } = await start({ service: 'lag', intervalMs: 60_000, serve: { port: 0 } }).ready
  // The first one takes long, and what is said is of the moment of the scrape.
  await (await fetch(`${url}/metrics`)).text()
  const phases = []
  for (const [ms, count] of PHASES) phases.push(await phase(url, ms, Math.ceil(count * share)))
  emit({ resolutionMs: RESOLUTION_MS, phases })
  process.exit()
}

/** @param {string} url @param {number} ms @param {number} count */
async function phase(url, ms, count) {
  const worker = new Worker(fileURLToPath(import.meta.url), { workerData: { ms, count } })
  const thread = `#${worker.threadId}"`
  /** @type {Told[]} */
  const [{ from, known, otherMs, theirs }] = await once(worker, 'message')
  const leastMs = now() - from
  const text = await (await fetch(`${url}/metrics`)).text()
  const elapsedMs = now() - from
  await worker.terminate()

  const lines = text.split('\n').filter((line) => line.includes(thread))
  /** @param {string} name @param {string} [label] */
  const value = (name, label = '') => {
    const line = lines.find((one) => one.startsWith(`nodejs_eventloop_${name}{`) && one.includes(label))
    if (line === undefined) throw new Error(`/metrics has no ${name} of the thread`)
    return Number(line.slice(line.lastIndexOf(' ')))
  }
  /** @param {string} figure */
  const delayNs = (figure) => value(`delay_${figure}_seconds`) * 1e9
  const names = ['min', 'max', 'mean', 'stddev', 'p50', 'p90', 'p99']
  return {
    ms,
    blocks: count,
    /** How many turns were at least as long as a block, or for 20 ms as half of one: so are the histogram's bounds. */
    turns:
      value('turn_seconds_count') - value('turn_seconds_bucket', `le="${ms === 20 ? 0.01 : ms / 1_000}"`),
    elapsedNs: elapsedMs * 1e6,
    /** Of that, how much may have been after the scrape. */
    unknown: 1 - leastMs / elapsedMs,
    otherNs: otherMs * 1e6,
    truth: truth(known, from, elapsedMs),
    ours: Object.fromEntries(names.map((name) => [name, delayNs(name)])),
    theirs,
  }
}

/** In a thread of its own. @param {{ ms: number, count: number }} wanted */
async function blocks({ ms, count }) {
  const from = now()
  createRequire(import.meta.url)('offloop/thread')
  const before = performance.eventLoopUtilization()
  const monitor = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  monitor.enable()
  await sleep(50)
  monitor.reset()
  /** @type {[number, number][]} */
  const known = []
  for (let i = 0; i < count; i++) {
    // Not in step with the monitor's timer.
    await sleep(20 + 40 * Math.random())
    const began = now()
    while (now() < began + ms);
    known.push([began, now()])
  }
  // For the turn to end, and the monitor's timer to come.
  await sleep(50)
  const { min, max, mean, stddev } = monitor
  const theirs = { min, max, mean, stddev, ...percentiles((q) => monitor.percentile(q * 100)) }
  monitor.disable()
  const blockedMs = known.reduce((sum, [began, ended]) => sum + ended - began, 0)
  const otherMs = performance.eventLoopUtilization(before).active - blockedMs
  parentPort?.on('message', () => {})
  parentPort?.postMessage({ from, known, otherMs, theirs })
}

/** Nanoseconds that arrivals at random moments would have waited. @param {[number, number][]} known @param {number} from @param {number} elapsedMs */
function truth(known, from, elapsedMs) {
  const waits = Float64Array.from({ length: ARRIVALS }, () => {
    const at = from + elapsedMs * Math.random()
    const during = known.find(([began, ended]) => began <= at && at < ended)
    return during === undefined ? 0 : (during[1] - at) * 1e6
  }).sort()
  const mean = waits.reduce((sum, wait) => sum + wait, 0) / ARRIVALS
  const stddev = Math.sqrt(waits.reduce((sum, wait) => sum + (wait - mean) ** 2, 0) / ARRIVALS)
  return {
    min: 0,
    max: Math.max(...known.map(([began, ended]) => ended - began)) * 1e6,
    mean,
    stddev,
    ...percentiles((q) => waits[Math.ceil(q * ARRIVALS) - 1]),
  }
}

/** The same in all threads. */
function now() {
  return performance.timeOrigin + performance.now()
}

/** @param {(q: number) => number} at */
function percentiles(at) {
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99) }
}
