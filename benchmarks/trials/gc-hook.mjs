// How long each GC callback of ours takes, timed by itself: `gc-hook.mjs HEAP_MB SECONDS [ACCOUNTING]`.
import { ballast } from '../support/ballast.mjs'
import { emit } from '../support/emit.mjs'
import { loadBinding } from '../support/probe.mjs'
import { createService, exchangeJson, nextTurn } from '../support/service.mjs'

const [megabytes, seconds, accounting = 0] = process.argv.slice(2).map(Number)
// A tenth of it is replaced by and by, so that survivors lie all over it.
const held = ballast(megabytes * 0.9)
const service = createService(Math.max(1000, (megabytes * 0.1e6) / 300), exchangeJson)
const binding = loadBinding()
binding.attach(0, 'main', { timeHooks: true })
binding.follow(accounting === 1, false)

const end = performance.now() + seconds * 1000
while (performance.now() < end) {
  service.turn(100)
  await nextTurn()
}
const { prologueNs, epilogueNs } = binding.hookTimings()
emit({
  heapBytes: process.memoryUsage().heapUsed,
  held: held.length,
  clockReadNs: clockReadNs(),
  prologueNs: [...prologueNs],
  epilogueNs: [...epilogueNs],
})

// The clock that the hooks read, warm, with the way from JavaScript: no read in a hook can be cheaper by more than that.
function clockReadNs() {
  const calls = 1e6
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < 10; round++) {
    const start = performance.now()
    for (let i = 0; i < calls; i++) performance.now()
    best = Math.min(best, ((performance.now() - start) * 1e6) / calls)
  }
  return best
}
