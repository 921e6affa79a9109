// What a turn of the event loop costs with our hooks and without: `turn-cost.mjs SECONDS`. Blocks of turns that do nothing,
// in pairs, by the thread's own CPU clock.
import { generator, shuffled } from '../harness/statistics.mjs'
import { emit } from '../support/emit.mjs'
import { loadBinding } from '../support/probe.mjs'
import { nextTurn } from '../support/service.mjs'
import { threadClock } from '../support/thread-clock.mjs'

const seconds = Number(process.argv[2])
const TURNS = 2000
const threadCpuNs = threadClock()
const binding = loadBinding()
binding.attach(0, 'main')
const random = generator(process.pid)
/** @type {number[]} */
const moreNs = []
await turns(true)
for (const end = performance.now() + seconds * 1000; performance.now() < end; ) {
  /** @type {Map<boolean, number>} */
  const ns = new Map()
  for (const hooked of shuffled([true, false], random)) ns.set(hooked, await turns(hooked))
  moreNs.push((Number(ns.get(true)) - Number(ns.get(false))) / TURNS)
}
emit({ moreNs })
process.exit()

/** @param {boolean} hooked */
async function turns(hooked) {
  binding.suspend(!hooked)
  await nextTurn()
  const before = threadCpuNs()
  for (let i = 0; i < TURNS; i++) await nextTurn()
  return threadCpuNs() - before
}
