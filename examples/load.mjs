// A gentle load on the service, in a process of its own: `node examples/load.mjs URL`.
import { Agent, request } from 'node:http'

const REQUESTS_PER_SECOND = 100
const agent = new Agent({ keepAlive: true, maxSockets: 8 })
const url = `${process.argv[2]}/orders`
let id = 0

setInterval(() => {
  const items = Array.from({ length: 20 }, (_, i) => ({
    sku: `item-${i}`,
    price: i + 0.5,
    quantity: 1 + (i % 3),
  }))
  const call = request(url, { method: 'POST', agent }, (response) => response.resume())
  call.on('error', () => {}) // the service is gone, and so are we in a moment
  call.end(JSON.stringify({ id: id++, items }))
}, 1000 / REQUESTS_PER_SECOND)

// Whoever started us went away.
process.on('disconnect', () => process.exit(0))
