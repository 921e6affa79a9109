// A small but real HTTP service: orders come in as JSON, a price goes out as JSON. It keeps what it sold for a
// while, so that its heap has something to hold and something to forget.
import { once } from 'node:events'
import { createServer } from 'node:http'

const KEPT_ORDERS = 20_000

/** Listens on a free port of the loopback address; resolves with the service's URL. */
export async function startService() {
  const orders = new Map()

  const server = createServer(async (request, response) => {
    if (request.method !== 'POST' || request.url !== '/orders') {
      response.writeHead(404).end()
      return
    }
    try {
      let body = ''
      for await (const chunk of request.setEncoding('utf8')) body += chunk
      const order = JSON.parse(body)
      const total = order.items.reduce((sum, { price, quantity }) => sum + price * quantity, 0)
      orders.set(order.id, { ...order, total })
      if (orders.size > KEPT_ORDERS) orders.delete(orders.keys().next().value)
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ id: order.id, total }))
    } catch (error) {
      response
        .writeHead(400, { 'content-type': 'application/json' })
        .end(JSON.stringify({ error: error.message }))
    }
  })

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  return { url: `http://127.0.0.1:${port}`, orders }
}
