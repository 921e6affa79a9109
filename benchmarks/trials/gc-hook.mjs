// How long each GC callback of ours takes, timed by itself, with what they may do beside counting in force one after the
// other: `gc-hook.mjs HEAP_MB OPTIONS SECONDS PHASE…`.
import { ballast } from '../support/ballast.mjs'
import { emit } from '../support/emit.mjs'
import { loadBinding } from '../support/probe.mjs'
import { createService, exchangeJson, nextTurn } from '../support/service.mjs'

/** What follow() is told: bytes, objects; and whether nothing is done but collections. @type {Record<string, [boolean, boolean, boolean?]>} */
const PHASES = {
  'time and counts': [false, false],
  'with bytes': [true, false],
  'with objects': [false, true],
  'with both': [true, true],
  'with bytes, warm': [true, false, true],
}

const [heapMb, options, seconds, ...phases] = process.argv.slice(2)
const megabytes = Number(heapMb)
// Records, which hold pointers, as many as are built in half a second, and of a large heap a tenth; beside them lists of
// numbers. Records are replaced by and by, so that survivors lie all over the heap.
const records = Math.max(Math.min(megabytes, 100), megabytes * 0.1)
const held = ballast(megabytes - records)
const service = createService((records * 1e6) / 300, exchangeJson)
const binding = loadBinding()
binding.attach(0, 'main', { timeHooks: true, ...JSON.parse(options) })

await run(0.2, false)
/** @type {Record<string, object>} */
const timed = {}
for (const phase of phases) {
  const [bytes, objects, forced = false] = PHASES[phase]
  binding.follow(bytes, objects)
  await nextTurn()
  const seen = binding.hookTimings().prologueNs.length
  const ms = await run(Number(seconds), forced)
  const { prologueNs, epilogueNs } = binding.hookTimings()
  timed[phase] = { ms, prologueNs: [...prologueNs.slice(seen)], epilogueNs: [...epilogueNs.slice(seen)] }
}
emit({
  heapBytes: process.memoryUsage().heapUsed,
  held: held.length,
  phases: timed,
})
process.exit()

/** @param {number} seconds @param {boolean} forced @returns {Promise<number>} milliseconds that it took */
async function run(seconds, forced) {
  const start = performance.now()
  while (performance.now() < start + seconds * 1000) {
    if (forced) globalThis.gc?.({ type: 'minor' })
    else service.turn(100)
    await nextTurn()
  }
  return performance.now() - start
}
