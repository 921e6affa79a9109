// A process whose sampling thread exports to everything, or to nothing: `exporting.mjs SETUP INTERVAL_MS SECONDS [works]`.
// The servers live here, not in the process that is measured.
import { setTimeout as sleep } from 'node:timers/promises'
import { emit } from '../support/emit.mjs'
import { spentBetween, spentBy } from '../support/proc.mjs'
import { openSink } from '../support/sink.mjs'
import { watch } from '../support/watch.mjs'

const [setup, intervalMs, seconds, works] = process.argv.slice(2)
// Past the collections that V8 makes once, from 8 s after a start: they would be all that there is to see.
const SETTLE_MS = 30_000

const sink = await openSink()
const wishes = { intervalMs: Number(intervalMs), ...sink.wishes, works: works === 'works' }
const result = await watch(setup, wishes, async ({ pid }) => {
  await sleep(SETTLE_MS)
  const before = look(pid)
  await sleep(Number(seconds) * 1000)
  const after = look(pid)
  return {
    mainCpuNs: after.mainCpuNs - before.mainCpuNs,
    processCpuNs: after.processCpuNs - before.processCpuNs,
    mainWakeUps: after.mainWakeUps - before.mainWakeUps,
  }
})
emit({ ...result, delivered: sink.received.at.length })
process.exit()

/** @param {number} pid */
function look(pid) {
  return { ...cpuOf(pid), mainWakeUps: mainWakeUps(pid) }
}
