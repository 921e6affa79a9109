// What a sample costs the main thread of a process with many open sockets: `resources.mjs OPTIONS COUNT…`. The sockets
// are connections over the loopback interface from here, as many as the machine allows one process to have; what is
// missing is made up for by UDP sockets that are not bound, which need no file and are as good to walk over.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { emit } from '../support/emit.mjs'
import { cpuOf } from '../support/proc.mjs'

const [options, ...counts] = process.argv.slice(2)
const INTERVAL_MS = 200
// Opening leaves garbage, which is collected for a while.
const SETTLE_MS = 3_000
const WINDOW_MS = 4_000
const AT_ONCE = 500

const program = fileURLToPath(new URL('../support/connected.mjs', import.meta.url))
const child = spawn(
  process.execPath,
  [program, JSON.stringify({ ...JSON.parse(options), intervalMs: INTERVAL_MS })],
  {
    stdio: ['pipe', 'pipe', 'inherit'],
  },
)
const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
const said = async () => JSON.parse((await lines.next()).value)
const { port, hosts } = await said()
const pid = /** @type {number} */ (child.pid)
// Both ends have some files beside them.
const [, limit] = /Max open files\s+(\d+)/.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
const most = Number(limit) - 200

/** @type {import('node:net').Socket[]} */
const sockets = []
let unbound = 0
const looks = []
for (const count of counts.map(Number)) {
  while (sockets.length < Math.min(count, most)) {
    const opening = Array.from(
      { length: Math.min(AT_ONCE, Math.min(count, most) - sockets.length) },
      (_, i) => connect(port, hosts[(sockets.length + i) % hosts.length]),
    )
    await Promise.all(opening.map((socket) => once(socket, 'connect')))
    sockets.push(...opening)
  }
  const missing = count - sockets.length - unbound
  if (missing > 0) {
    child.stdin.write(`${missing}\n`)
    await said()
    unbound += missing
  }
  await sleep(SETTLE_MS)
  const before = cpuOf(pid).mainCpuNs
  await sleep(WINDOW_MS)
  const mainCpuNs = cpuOf(pid).mainCpuNs - before
  looks.push({ count, connections: sockets.length, perSampleNs: mainCpuNs / (WINDOW_MS / INTERVAL_MS) })
}
emit(looks)
child.stdin.end()
await once(child, 'exit')
process.exit()
