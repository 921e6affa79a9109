// A sampled process with worker threads that sleep, watched from outside: `threads.mjs WORKERS measured|bare`.
import { setTimeout as sleep } from 'node:timers/promises'
import { emit } from '../support/emit.mjs'
import { cpuByThread, privateBytes } from '../support/proc.mjs'
import { watch } from '../support/watch.mjs'

const INTERVAL_MS = 100
const SECONDS = 3
const SAMPLES = (SECONDS * 1000) / INTERVAL_MS

const [count, probes] = process.argv.slice(2)
const workers = Number(count)
const wishes = { intervalMs: INTERVAL_MS, workers, measured: probes === 'measured' }

const result = await watch('threads', wishes, async ({ pid }) => {
  await sleep(1000)
  const before = cpuByThread(pid)
  await sleep(SECONDS * 1000)
  const spent = [...cpuByThread(pid)].map(([tid, ns]) => ({
    tid,
    ns: (ns - (before.get(tid) ?? 0)) / SAMPLES,
  }))
  // All sleep but the sampling thread. V8's own threads, which have nothing to do either, are the least of them.
  const [sampling, ...others] = spent
    .filter(({ tid }) => tid !== pid)
    .map(({ ns }) => ns)
    .sort((a, b) => b - a)
  const measured = others.slice(0, workers)
  return {
    samplingNs: sampling,
    mainNs: spent.find(({ tid }) => tid === pid)?.ns,
    workerNs: workers === 0 ? 0 : measured.reduce((sum, ns) => sum + ns, 0) / workers,
    bytes: privateBytes(pid),
  }
})
emit(result)
