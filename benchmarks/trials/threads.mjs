// A sampled process with worker threads, watched from outside: `threads.mjs WORKERS STATE [TOOL]`. The workers sleep, compute
// or are parked in Atomics.wait, and have that tool loaded.
import { setTimeout as sleep } from 'node:timers/promises'
import { emit } from '../support/emit.mjs'
import { cpuByThread, privateBytes } from '../support/proc.mjs'
import { openSink } from '../support/sink.mjs'
import { watch } from '../support/watch.mjs'

const INTERVAL_MS = 100
const SECONDS = 3
const SAMPLES = (SECONDS * 1000) / INTERVAL_MS

const [count, state, tool] = process.argv.slice(2)
const sink = await openSink()
/** @type {any} */
const wishes = { ...sink.wishes, intervalMs: INTERVAL_MS, workers: Number(count), state, tool }

const result = await watch('threads', wishes, async ({ pid, ready: { tids } }) => {
  await sleep(1000)
  const before = cpuByThread(pid)
  await sleep(SECONDS * 1000)
  const spent = new Map(
    [...cpuByThread(pid)].map(([tid, ns]) => [tid, (ns - (before.get(tid) ?? 0)) / SAMPLES]),
  )
  const sum = (/** @type {readonly number[]} */ ids) =>
    ids.reduce((all, tid) => all + (spent.get(tid) ?? 0), 0)
  const named = [tids.main, ...tids.sampling, ...tids.workers]
  return {
    mainNs: sum([tids.main]),
    samplingNs: tids.sampling.length === 0 ? null : sum(tids.sampling),
    workerNs: tids.workers.length === 0 ? null : sum(tids.workers) / tids.workers.length,
    // V8's and libuv's own.
    helpersNs: sum([...spent.keys()].filter((tid) => !named.includes(tid))),
    samplingThreads: tids.sampling.length,
    bytes: privateBytes(pid),
  }
})
emit(result)
process.exit()
