// An idle process whose sampling thread exports to everything, or to nothing: `exporting.mjs SETUP INTERVAL_MS SECONDS`.
// The servers live here, not in the process that is measured.
import { setTimeout as sleep } from 'node:timers/promises'
import { emit } from '../support/emit.mjs'
import { cpuOf } from '../support/proc.mjs'
import { openSink } from '../support/sink.mjs'
import { watch } from '../support/watch.mjs'

const [setup, intervalMs, seconds] = process.argv.slice(2)
const SETTLE_MS = 2_000

const sink = await openSink()
const result = await watch(setup, { intervalMs: Number(intervalMs), sink: sink.url }, async (pid) => {
  await sleep(SETTLE_MS)
  const before = cpuOf(pid).mainCpuNs
  await sleep(Number(seconds) * 1000)
  return { mainCpuNs: cpuOf(pid).mainCpuNs - before }
})
emit({ ...result, delivered: sink.received.requests })
process.exit()
