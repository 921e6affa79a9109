// CPU time of the main thread for pieces of the same work, with something set up: `gc-cpu.mjs SETUP`.
import { attach } from 'offloop'
import { emit } from '../support/emit.mjs'
import { createService, nextTurn } from '../support/service.mjs'
import { setUp } from '../support/setups.mjs'
import { mainThreadCpuNs } from '../support/thread-cpu.mjs'

const PIECES = 40
const service = createService(1000)

// Compiled code and the heap's size settle.
for (let i = 0; i < PIECES; i++) await work()
await setUp(process.argv[2])
await new Promise((resolve) => setTimeout(resolve, 500))

const cpuNs = []
for (let i = 0; i < PIECES; i++) {
  const start = mainThreadCpuNs()
  await work()
  cpuNs.push(mainThreadCpuNs() - start)
}

// Counted in the end and for the same work, since counting is among what is measured.
const counters = attach()
const before = counters.gcCycles
for (let i = 0; i < PIECES; i++) await work()
emit({ cpuNs, cyclesPerPiece: (counters.gcCycles - before) / PIECES })
process.exit()

async function work() {
  for (let i = 0; i < 200; i++) {
    service.turn(200)
    await nextTurn()
  }
}
