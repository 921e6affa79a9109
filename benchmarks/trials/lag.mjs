// Blocks of known lengths at known times, and what is said of them: `lag.mjs SHARE`, of all blocks that there are. The
// truth is what a callback would have waited that became ready at a random moment; nothing but the blocks is in it.
import { createRequire } from 'node:module'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { emit } from '../support/emit.mjs'
import { loadBinding } from '../support/probe.mjs'

const require = createRequire(import.meta.url)
const { BlockReader } = require('../../dist/probe/block.js')
const { delaysOf } = require('../../dist/probe/delays.js')
const { longestOf, UPPER_NS } = require('../../dist/probe/durations.js')
const { BLOCK_LENGTH, Table } = require('../../dist/probe/layout.js')

const share = Number(process.argv[2])
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

const block = new BlockReader(loadBinding().attach(0, 'main'))
const monitor = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
monitor.enable()

const phases = []
for (const [ms, blocks] of PHASES) phases.push(await phase(ms, Math.ceil(blocks * share)))
emit({ resolutionMs: RESOLUTION_MS, phases })
process.exit()

/** @param {number} ms @param {number} blocks */
async function phase(ms, blocks) {
  await sleep(50)
  const before = look()
  const from = performance.now()
  monitor.reset()
  /** When each block began and ended. @type {[number, number][]} */
  const known = []
  for (let i = 0; i < blocks; i++) {
    // Not in step with the monitor's timer.
    await sleep(20 + 40 * Math.random())
    const began = performance.now()
    while (performance.now() < began + ms);
    known.push([began, performance.now()])
  }
  // For the turn to end, and the monitor's timer to come.
  await sleep(50)
  const { min, max, mean, stddev } = monitor
  const theirs = { min, max, mean, stddev, ...percentiles((q) => monitor.percentile(q * 100)) }
  const elapsedMs = performance.now() - from
  const after = look()

  const counts = after.map((count, bucket) => count - before[bucket])
  const turnsNs = counts.reduce((sum, count, bucket) => sum + count * (UPPER_NS[bucket - 1] ?? 0), 0)
  const delays = delaysOf(counts, Math.max(0, elapsedMs * 1e6 - turnsNs), longestNs())
  const seconds = (/** @type {number} */ value) => value * 1e9
  return {
    ms,
    blocks,
    /** How many turns were at least as long as a block. */
    turns: counts.reduce((sum, count, bucket) => sum + (UPPER_NS[bucket] > ms * 1e6 ? count : 0), 0),
    truth: truth(known, from, elapsedMs),
    ours: {
      min: seconds(delays.min),
      max: seconds(delays.max),
      mean: seconds(delays.mean),
      stddev: seconds(delays.stddev),
      ...percentiles((q) => seconds(delays.quantile(q))),
    },
    theirs,
  }
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

/** @param {(q: number) => number} at */
function percentiles(at) {
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99) }
}

/** Turns so far, by bucket. */
function look() {
  const figures = new Float64Array(BLOCK_LENGTH)
  block.read(figures)
  return figures.slice(Table.loopTurnDurations, Table.loopTurnDurations + UPPER_NS.length)
}

function longestNs() {
  const figures = new Float64Array(BLOCK_LENGTH)
  block.read(figures)
  return longestOf(figures, 'loopTurnLongest', Number(process.hrtime.bigint()))
}
