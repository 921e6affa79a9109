// What a collection costs the main thread with something and without, in one process: `gc-paired.mjs HEAP_MB SECONDS`.
// Blocks of the same work, each with another set-up in force, in an order by chance; by the thread's own CPU clock.
import { PerformanceObserver } from 'node:perf_hooks'
import { generator, shuffled } from '../harness/statistics.mjs'
import { ballast } from '../support/ballast.mjs'
import { emit } from '../support/emit.mjs'
import { loadBinding, slotOf } from '../support/probe.mjs'
import { createService, nextTurn } from '../support/service.mjs'
import { threadClock } from '../support/thread-clock.mjs'

const [megabytes, seconds] = process.argv.slice(2).map(Number)
const TURNS = 5

const threadCpuNs = threadClock()
const held = ballast(megabytes)
const service = createService(1000)
const { block, at } = slotOf('gcCycles')
const binding = loadBinding()
const observer = new PerformanceObserver(() => {})
let observes = false
let last

/** @type {Record<string, { hooks?: boolean, bytes?: boolean, objects?: boolean, observes?: boolean }>} */
const SETUPS = {
  nothing: {},
  'time and counts': { hooks: true },
  'with bytes': { hooks: true, bytes: true },
  'with objects': { hooks: true, objects: true },
  'with both': { hooks: true, bytes: true, objects: true },
  PerformanceObserver: { observes: true },
}
const names = Object.keys(SETUPS)
/** @type {Record<string, number[]>} */
const cpuNs = Object.fromEntries(names.map((name) => [name, []]))
/** Of the blocks in which they are counted. @type {number[]} */
const cycles = []

// Compiled code and the heap's size settle; a large heap is marked once, and then is far from the next time.
for (const name of [...names, ...names]) await inForce(name)
globalThis.gc?.()
for (const name of names) await inForce(name)

const random = generator(process.pid)
for (const end = performance.now() + seconds * 1000; performance.now() < end; ) {
  // One of each, which are compared with each other.
  for (const name of shuffled(names, random)) {
    const spent = await inForce(name)
    cpuNs[name].push(spent.cpuNs)
    if (SETUPS[name].hooks) cycles.push(spent.cycles)
  }
}
emit({
  cpuNs,
  cyclesPerBlock: cycles.reduce((sum, one) => sum + one, 0) / cycles.length,
  held: held.length + last.length,
})
process.exit()

/** @param {string} name */
async function inForce(name) {
  const { hooks = false, bytes = false, objects = false, observes: wanted = false } = SETUPS[name]
  binding.suspend(!hooks)
  binding.follow(bytes, objects)
  if (wanted !== observes) {
    if (wanted) observer.observe({ entryTypes: ['gc'] })
    else observer.disconnect()
    observes = wanted
  }
  // What was asked for is done, and what came before is delivered; and a collection or so, at which V8 looks up anew what
  // it calls.
  await nextTurn()
  churn()
  await nextTurn()
  const before = { cpuNs: threadCpuNs(), cycles: block[at] }
  for (let i = 0; i < TURNS; i++) {
    churn()
    await nextTurn()
  }
  return { cpuNs: threadCpuNs() - before.cpuNs, cycles: block[at] - before.cycles }
}

/**
 * Four megabytes of garbage, most of it in lists that are made fast: the less work there is between two collections, the
 * less of its noise hides them. A tenth are records, of which some live on.
 */
function churn() {
  for (let i = 0; i < 40; i++) {
    service.turn(10)
    for (let list = 0; list < 108; list++) last = new Array(100)
  }
}
