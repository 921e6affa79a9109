// How much of a request the garbage collector took, in a header that browsers show in their network panel:
//
//   node examples/server-timing.mjs [port]
//   curl -i http://127.0.0.1:8080/report
//
// A collection stops the whole thread, whichever request its garbage is from. So there are two figures:
//
//   gc-sync   pauses during the request's own synchronous work. Nothing else ran meanwhile: these stood in its way and
//             no other request's, though the garbage may have been left by others.
//   gc        pauses between its arrival and its answer. Any of them may have made it wait, also those during other requests
//             that ran while it awaited something. Summed over concurrent requests one pause counts several times:
//             for a total take nodejs_gc_pause_seconds_total.
import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { attach, counters } from 'offloop'

// Enough for the counters. No thread and no timer is started.
attach()

export const server = createServer(async (request, response) => {
  const arrivedNs = counters.gcPauseNs

  // What stands for a database. Others run meanwhile.
  const rows = await sleep(5, request.url === '/report' ? 200_000 : 100)

  const startedNs = counters.gcPauseNs
  const body = report(rows)
  const syncNs = counters.gcPauseNs - startedNs

  const gcNs = counters.gcPauseNs - arrivedNs
  // Milliseconds, says the specification.
  response.setHeader('Server-Timing', `gc;dur=${milliseconds(gcNs)}, gc-sync;dur=${milliseconds(syncNs)}`)
  response.setHeader('Content-Type', 'application/json')
  response.end(body)
})

/** @param {number} count */
function report(count) {
  const rows = Array.from({ length: count }, (_, id) => ({ id, name: `item ${id}`, price: (id * 7) % 100 }))
  const counts = new Map()
  for (const { price } of rows) counts.set(price, (counts.get(price) ?? 0) + 1)
  return JSON.stringify(Object.fromEntries(counts))
}

/** @param {number} ns */
function milliseconds(ns) {
  return (ns / 1e6).toFixed(3)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  server.listen(Number(process.argv[2] ?? 8080), '127.0.0.1', () => {
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
    console.log(`curl -i http://127.0.0.1:${port}/report`)
  })
}
