import { once } from 'node:events'
import { createServer } from 'node:http'

/**
 * A TinyObs server, and an OTLP one, that believes everything. Lives in the trial's process, not in the one that is
 * measured. `at` has when each request came, by performance.now().
 */
export async function openSink() {
  /** @type {{ at: number[], batches: any[] }} */
  const received = { at: [], batches: [] }
  const server = createServer(async (request, response) => {
    const at = performance.now()
    let body = ''
    for await (const chunk of request.setEncoding('utf8')) body += chunk
    received.at.push(at)
    response.setHeader('content-type', 'application/json')
    // OTLP answers with an empty object.
    const { metrics } = JSON.parse(body)
    if (metrics !== undefined) received.batches.push({ at, metrics })
    response.end(JSON.stringify(metrics === undefined ? {} : { status: 'success', count: metrics.length }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  return { url: `http://127.0.0.1:${port}/v1/ingest`, received, close: () => server.close() }
}
