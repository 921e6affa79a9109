// An idle process with something set up, watched from outside: its private memory before and after V8 shrinks an idle
// heap, and what two windows of ten seconds cost: `resting.mjs SETUP [alone]`. What is exported arrives here.
import { setTimeout as sleep } from 'node:timers/promises'
import { emit } from '../support/emit.mjs'
import { ownNode } from '../support/own-node.mjs'
import { cpuOf, mainWakeUps, privateBytes } from '../support/proc.mjs'
import { openSink } from '../support/sink.mjs'
import { watch } from '../support/watch.mjs'

const SETTLE_MS = 4_000
const WINDOW_MS = 10_000

const [setup, alone] = process.argv.slice(2)
const sink = await openSink()
const own = alone === 'alone' ? ownNode() : undefined
const result = await watch(setup, { sink: sink.url }, observe, { node: own?.file })
emit(result)
process.exit()

/** @param {import('../support/watch.mjs').Subject} subject */
async function observe({ pid }) {
  own?.remove()
  await sleep(SETTLE_MS)
  const early = privateBytes(pid)
  const looks = [look(pid)]
  for (let window = 0; window < 2; window++) {
    await sleep(WINDOW_MS)
    looks.push(look(pid))
  }
  const windows = looks.slice(1).map((now, i) => ({
    processCpuNs: now.processCpuNs - looks[i].processCpuNs,
    mainWakeUps: now.mainWakeUps - looks[i].mainWakeUps,
  }))
  // V8 shrinks a heap once it has done little for 8 s (not on Node.js 26, as it seems).
  return { early, settled: privateBytes(pid), windows }
}

/** @param {number} pid */
function look(pid) {
  return { ...cpuOf(pid), mainWakeUps: mainWakeUps(pid) }
}
