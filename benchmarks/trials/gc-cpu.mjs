// CPU time of the main thread for pieces of the same work, with something set up: `gc-cpu.mjs SETUP HEAP_MB [WISHES [PIECES]]`.
import { attach } from 'offloop'
import { ballast } from '../support/ballast.mjs'
import { emit } from '../support/emit.mjs'
import { runInner } from '../support/inner.mjs'
import { createService, nextTurn } from '../support/service.mjs'
import { setUp } from '../support/setups.mjs'
import { mainThreadCpuNs } from '../support/thread-cpu.mjs'

const [setup, megabytes, wishes, pieces] = process.argv.slice(2)
if (wishes === undefined) await runInner([setup, megabytes])
// On a large heap each scavenge takes a millisecond.
const PIECES = Number(pieces ?? (Number(megabytes) > 1000 ? 6 : 12))
const held = ballast(Number(megabytes))
const service = createService(1000)

// Compiled code and the heap's size settle.
for (let i = 0; i < PIECES; i++) await work()
// A large heap that has just grown is about to be marked, over many pieces. Once it has been, it is far from the next
// time: what is measured are scavenges, and those nobody forces.
const { gc = () => {} } = globalThis
gc()
await setUp(setup, JSON.parse(wishes))
await new Promise((resolve) => setTimeout(resolve, 300))

const cpuNs = []
for (let i = 0; i < PIECES; i++) {
  const start = mainThreadCpuNs()
  await work()
  cpuNs.push(mainThreadCpuNs() - start)
}

// Counted in the end and for the same work, since counting is among what is measured.
const counters = attach()
await nextTurn()
const before = counters.gcCycles
for (let i = 0; i < PIECES / 3; i++) await work()
// The fallback is told of the last ones by the loop.
await nextTurn()
emit({
  cpuNs,
  cyclesPerPiece: (counters.gcCycles - before) / (PIECES / 3),
  heapBytes: process.memoryUsage().heapUsed,
  held: held.length,
})
process.exit()

async function work() {
  for (let i = 0; i < 200; i++) {
    service.turn(200)
    await nextTurn()
  }
}
