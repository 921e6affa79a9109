// What watching for stalls costs the sampling thread: `stalls.mjs STALL SECONDS WORKERS`, with the option `stall` as JSON and
// that many worker threads that wait for messages. The main thread turns a hundred times a second, busy for half of the time;
// no sample is taken.
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { start } from 'offloop'
import { emit } from '../support/emit.mjs'
import { cpuByThread } from '../support/proc.mjs'

const [stall, seconds, workers] = process.argv.slice(2)
const IDLE = "require('offloop/thread'); require('node:worker_threads').parentPort.on('message', () => {})"
const started = Array.from({ length: Number(workers) }, () => new Worker(IDLE, { eval: true }))
await Promise.all(started.map((worker) => new Promise((resolve) => worker.once('online', resolve))))
await sleep(500)

const others = new Set(cpuByThread(process.pid).keys())
await start({ service: 'stalls', intervalMs: 3_600_000, stall: JSON.parse(stall) }).ready
setInterval(() => {
  for (const end = performance.now() + 5; performance.now() < end; );
}, 10)
// For V8 to compile, and to clean up after the start, which it does after 8 s.
await sleep(10_000)
const before = samplingNs()
const from = performance.now()
await sleep(Number(seconds) * 1_000)
emit({ ns: samplingNs() - before, ms: performance.now() - from })
process.exit()

/** Of the threads that came with the sampler. */
function samplingNs() {
  let ns = 0
  for (const [thread, used] of cpuByThread(process.pid)) if (!others.has(thread)) ns += used
  return ns
}
