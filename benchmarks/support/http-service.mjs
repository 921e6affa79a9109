// A real service to be loaded from outside: `http-service.mjs SETUP WISHES`. JSON comes in and JSON goes out; /light
// makes little garbage for it, /heavy a lot. /hooked, /lean and /bare say what CPU time it has taken so far, and put our hooks
// back, all but the sampling of the heap's objects, or take them away; /garbage makes so many bytes of it. Otherwise like subject.mjs.
import { createServer } from 'node:http'
import { emit } from './emit.mjs'
import { loadBinding, slotOf } from './probe.mjs'
import { createService, makeRecords } from './service.mjs'
import { setUp } from './setups.mjs'
import { threadClock } from './thread-clock.mjs'

/** About a megabyte of garbage a request, and some that stays. */
const HEAVY_TURNS = 1000

const LITTER = 10_000
/** @type {{ litter?: unknown[] }} */
const kept = {}

const STATES = new Set(['/hooked', '/lean', '/bare'])

const [name, wishes] = process.argv.slice(2)
const service = createService(20_000, makeRecords)

const server = createServer((request, response) => {
  let body = ''
  request.setEncoding('utf8')
  request.on('data', (chunk) => {
    body += chunk
  })
  request.on('end', () => {
    const order = JSON.parse(body)
    if (STATES.has(request.url ?? '')) hook(order, request.url ?? '')
    if (request.url === '/garbage') litter(order.bytes)
    if (request.url === '/heavy') order.checksum = service.turn(HEAVY_TURNS)
    order.total = order.items.reduce(
      (/** @type {number} */ sum, /** @type {any} */ { price, count }) => sum + price * count,
      0,
    )
    const answer = JSON.stringify(order)
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(answer),
    })
    response.end(answer)
  })
})
// Connections that wait while garbage is made stay open.
server.keepAliveTimeout = 0
server.listen(0, '127.0.0.1', async () => {
  await setUp(name, JSON.parse(wishes))
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  emit({ url: `http://127.0.0.1:${port}` })
})

/** @param {any} order @param {string} state */
function hook(order, state) {
  const { user, system } = process.cpuUsage()
  order.spent = { mainCpuNs: threadClock()(), processCpuNs: (user + system) * 1e3 }
  const binding = loadBinding()
  binding.suspend(state === '/bare')
  binding.follow(state !== '/bare', state === '/hooked')
  const { block, at } = slotOf('heapAllocatedBytes')
  order.allocatedBytes = block[at]
}

/** @param {number} bytes */
function litter(bytes) {
  for (let made = 0; made < bytes; made += 8 * LITTER) kept.litter = new Array(LITTER)
}

process.stdin.on('end', () => process.exit()).resume()
