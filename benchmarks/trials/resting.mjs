// An idle process with something set up, watched from outside: what two windows of ten seconds cost, and its private
// memory before and after V8 shrinks idle heaps: `resting.mjs SETUP [alone | often]`. What is exported arrives here.
import { setTimeout as sleep } from 'node:timers/promises'
import { emit } from '../support/emit.mjs'
import { ownNode } from '../support/own-node.mjs'
import { privateBytes, spentBetween, spentBy } from '../support/proc.mjs'
import { openSink } from '../support/sink.mjs'
import { watch } from '../support/watch.mjs'

const SETTLE_MS = 4_000
const WINDOW_MS = 10_000
// V8 shrinks the heap of an idle main thread after 8 s, and that of an idle worker by and by: after 45 to 70 s.
const REST_MS = 80_000

// Some three hundred samples by then, which is most of what the history has room for.
const OFTEN_MS = 250

const [setup, how] = process.argv.slice(2)
const sink = await openSink()
const own = how === 'alone' ? ownNode() : undefined
const wishes = { ...sink.wishes, ...(how === 'often' && { intervalMs: OFTEN_MS }) }
const result = await watch(setup, wishes, observe, { node: own?.file })
emit(result)
process.exit()

/** @param {import('../support/watch.mjs').Subject} subject */
async function observe({ pid }) {
  own?.remove()
  await sleep(SETTLE_MS)
  const early = privateBytes(pid)
  const looks = [spentBy(pid)]
  for (let window = 0; window < 2; window++) {
    await sleep(WINDOW_MS)
    looks.push(spentBy(pid))
  }
  const settled = privateBytes(pid)
  const windows = looks.slice(1).map((now, i) => spentBetween(looks[i], now))
  await sleep(REST_MS - SETTLE_MS - windows.length * WINDOW_MS)
  return { early, settled, resting: privateBytes(pid), windows }
}
