// A TinyObs server, an OTLP one and a DogStatsD one that believe everything. They live in the trial's process, or, where that
// one is busy, in one of their own: never in the one that is measured.
import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { emit } from './emit.mjs'

const file = fileURLToPath(import.meta.url)

/** `at` has when each request came, by performance.now(); `wishes` is what a set-up must be told. */
export async function openSink() {
  /** @type {{ at: number[], batches: any[], datagrams: number }} */
  const received = { at: [], batches: [], datagrams: 0 }
  const server = createServer((request, response) => {
    const at = performance.now()
    /** @type {Buffer[]} */
    const chunks = []
    request.on('data', (chunk) => chunks.push(chunk))
    // Whoever ends in the midst of a request has sent none.
    request.on('error', () => {})
    request.on('end', () => {
      received.at.push(at)
      const type = request.headers['content-type'] ?? 'application/json'
      response.setHeader('content-type', type)
      // An empty protobuf message: all was taken.
      if (type === 'application/x-protobuf') {
        response.end()
        return
      }
      const given = Buffer.concat(chunks)
      const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(given) : given
      const { metrics } = JSON.parse(String(body))
      if (metrics !== undefined) received.batches.push({ at, metrics })
      // OTLP answers with an empty object.
      response.end(JSON.stringify(metrics === undefined ? {} : { status: 'success', count: metrics.length }))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  const udp = createSocket('udp4', () => received.datagrams++)
  udp.bind(0, '127.0.0.1')
  await once(udp, 'listening')
  const wishes = { sink: `http://127.0.0.1:${port}/v1/ingest`, udpPort: udp.address().port }
  return { wishes, received }
}

/** The same in a process of its own, which ends with this one. */
export async function spawnSink() {
  const child = spawn(process.execPath, [file], { stdio: ['pipe', 'pipe', 'inherit'] })
  const [line] = await once(child.stdout, 'data')
  // Whatever it is to this process, it keeps it from nothing.
  child.unref()
  for (const pipe of [child.stdin, child.stdout]) /** @type {import('node:net').Socket} */ (pipe).unref()
  return { wishes: JSON.parse(String(line)) }
}

if (process.argv[1] === file) {
  process.stdin.on('end', () => process.exit()).resume()
  emit((await openSink()).wishes)
}
