// A gentle load on the service, in a process of its own:
//
//   node examples/load.mjs URL [requests a second, 100] [seconds from one bulk order to the next, none]
import { Agent, request } from 'node:http'

const [base, perSecond = '100', bulkSeconds] = process.argv.slice(2)
const url = `${base}/orders`
const agent = new Agent({ keepAlive: true, maxSockets: 8 })
/** What a service that is slow has to catch up with, so that waiting requests do not pile up here. */
const MAX_OPEN = 64
const BULK_LINES = 60_000
let id = 0
let open = 0

function order(lines) {
  if (open >= MAX_OPEN) return
  const items = Array.from({ length: lines }, (_, i) => ({
    sku: `item-${i}`,
    price: i + 0.5,
    quantity: 1 + (i % 3),
  }))
  open++
  const call = request(url, { method: 'POST', agent }, (response) => response.resume())
  call.on('error', () => {}) // the service is gone, and so are we in a moment
  call.on('close', () => open--)
  call.end(JSON.stringify({ id: id++, items }))
}

setInterval(order, 1000 / Number(perSecond), 20)
if (bulkSeconds !== undefined) setInterval(order, Number(bulkSeconds) * 1000, BULK_LINES)

// Whoever started us went away.
process.on('disconnect', () => process.exit(0))
