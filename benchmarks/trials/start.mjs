// What the main thread pays for loading and starting something: `start.mjs SETUP ROUND plain|cached [WISHES]`. With Node.js's
// own cache of compiled code (from Node.js 22 on) it is the second process that has it.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { loadSome, loadThree } from '../peers/peers.mjs'
import { emit } from '../support/emit.mjs'
import { runInner } from '../support/inner.mjs'
import { setupOf } from '../support/setups.mjs'
import { mainThreadCpuNs } from '../support/thread-cpu.mjs'

const SETTLE_MS = 300
/** What V8 allocates of new objects before it collects them, in a young process. */
const NURSERY_BYTES = 2 ** 20
const [setup = '', round, how = '', wishes] = process.argv.slice(2)
if (wishes === undefined) {
  if (how === 'cached') fillCache()
  await runInner([setup, String(round), how])
}
const { load, start } = setupOf(setup)

loadSome()
// What V8 compiles of Node.js's loader meanwhile is nobody's here.
await new Promise((resolve) => setTimeout(resolve, 50))
litter(shareOf(Number(round)) * NURSERY_BYTES)
for (let i = 0; i < 3; i++) mainThreadCpuNs()
const idleNs = mainThreadCpuNs()
// The CPU clock sleeps, and a service that starts does not: the core is at work when the wall clock begins.
loadThree()
const began = performance.now()
const loaded = load()
const afterLoad = performance.now()
const starting = start(loaded, JSON.parse(wishes))
const afterStart = performance.now()
const startedNs = mainThreadCpuNs()
// The thread that was started says that it runs, and has modules and streams to set up on this side.
await new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
const settledNs = mainThreadCpuNs()
await starting

emit({
  loadNs: (afterLoad - began) * 1e6,
  startNs: (afterStart - afterLoad) * 1e6,
  cpuNs: startedNs - idleNs,
  settlingCpuNs: settledNs - startedNs,
})
process.exit()

/** One process before the one that counts. */
function fillCache() {
  const folder = mkdtempSync(path.join(tmpdir(), 'offloop-bench-'))
  process.once('exit', () => rmSync(folder, { recursive: true }))
  process.env.NODE_COMPILE_CACHE = folder
  spawnSync(process.execPath, [...process.argv.slice(1, 5), '{}'])
}

/** From 0 to 1: evenly spread over however many rounds there are. @param {number} round */
function shareOf(round) {
  return (round * ((Math.sqrt(5) - 1) / 2)) % 1
}

/** So that a collection falls into what is timed as often as it would by chance. @param {number} bytes */
function litter(bytes) {
  for (let left = bytes; left > 0; left -= 8016) new Array(1000).fill(left)
}
