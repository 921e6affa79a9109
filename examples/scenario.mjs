// What leaking.mjs, thrashing.mjs and blocking.mjs have in common: arguments, the sampler, an HTTP server, its load.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { parseArgs } from 'node:util'
import { start } from 'offloop'

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '9464' },
    interval: { type: 'string', default: '1000' },
    fixed: { type: 'boolean', default: false },
  },
})

/** Without the bug: `--fixed`. */
export const { fixed } = values

/**
 * A service that answers orders with what `answer` makes of them, under a load of its own.
 *
 * @param {string} service
 * @param {(order: any) => unknown} answer may be async
 * @param {{ perSecond: number, bulkSeconds?: number }} load
 */
export async function serve(service, answer, { perSecond, bulkSeconds }) {
  const sampler = start({
    service,
    intervalMs: Number(values.interval),
    serve: { port: Number(values.port) },
  })
  let answered = 0
  sampler.addCollector({
    name: 'orders',
    collect: () => [{ name: 'orders_answered_total', type: 'counter', value: answered }],
  })

  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request.setEncoding('utf8')) body += chunk
    const text = JSON.stringify(await answer(JSON.parse(body)))
    response.writeHead(200, { 'content-type': 'application/json' }).end(text)
    answered++
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())

  const { url } = await sampler.ready
  console.log(`Look at ${url}/. A sample every ${Number(values.interval) / 1000} s. Ctrl-C stops.`)
  const given = [`http://127.0.0.1:${port}`, perSecond, bulkSeconds].filter((value) => value !== undefined)
  fork(new URL('load.mjs', import.meta.url), given.map(String), { stdio: 'ignore' })
  // By exit(): Node.js writes the profile of --heap-prof then, and not where the signal ends it.
  process.once('SIGINT', () => process.exit(130))
}
