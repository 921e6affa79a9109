// What a sample costs the main thread of a server that holds open connections: `sockets.mjs SETUP COUNT…`. They are
// Unix sockets: of ports there are too few for so many. They are opened from here, and nothing is sent over them. Beyond as many as the machine allows they are UDP sockets of its own that are
// not bound.
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { emit } from '../support/emit.mjs'
import { cpuOf, openFilesLimit } from '../support/proc.mjs'
import { openSink } from '../support/sink.mjs'
import { watch } from '../support/watch.mjs'

const [setup, ...counts] = process.argv.slice(2)
const INTERVAL_MS = 250
const SETTLE_MS = 700
const WINDOW_MS = 2000
const AT_ONCE = 100
const program = fileURLToPath(new URL('../support/socket-holder.mjs', import.meta.url))

const sink = await openSink()
const wishes = { ...sink.wishes, intervalMs: INTERVAL_MS }
/** @type {import('node:net').Socket[]} */
const sockets = []
const result = await watch(setup, wishes, observe, { program })
emit(result)
process.exit()

/** @param {import('../support/watch.mjs').Subject} subject */
async function observe({ pid, url = '', hold }) {
  // Both ends have files of their own beside them.
  const limit = openFilesLimit(process.pid) - 200
  const looks = []
  for (const count of counts.map(Number)) {
    const connections = Math.min(count, limit)
    while (sockets.length < connections) await open(url, Math.min(AT_ONCE, connections - sockets.length))
    await hold(count - connections)
    // The garbage of opening them, and the handshakes.
    await sleep(SETTLE_MS)
    const before = cpuOf(pid).mainCpuNs
    await sleep(WINDOW_MS)
    looks.push({
      count,
      connections,
      perSampleNs: (cpuOf(pid).mainCpuNs - before) / (WINDOW_MS / INTERVAL_MS),
    })
  }
  return looks
}

/**
 * Waits for the server's word on each, not for the connection alone: that is there once it is queued, and the queue of a
 * server that is held up by its samples would fill.
 * @param {string} path
 * @param {number} count
 */
async function open(path, count) {
  const opening = Array.from({ length: count }, () => connect(path))
  await Promise.all(opening.map((socket) => once(socket, 'data')))
  sockets.push(...opening)
}
