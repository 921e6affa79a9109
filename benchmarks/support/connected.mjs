// A server that holds connections and says nothing: `connected.mjs OPTIONS`, options of start(). Prints its port; on each
// line of stdin `N` it opens N sockets more that have no file (the machine may allow too few), and prints `N`.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { start } from 'offloop'
import { emit } from './emit.mjs'

// So many connections need several addresses: each has some 28,000 ports to connect from.
const HOSTS = ['127.0.0.1', '127.0.0.2', '127.0.0.3', '127.0.0.4']

const options = JSON.parse(process.argv[2])
await start({ service: 'bench', serve: { port: 0 }, ...options }).ready
// The main thread is asked at each sample, in all variants alike.
setInterval(() => {}, options.intervalMs)
const held = []
/** @type {number | undefined} */
let port
for (const host of HOSTS) {
  const server = createServer((socket) => held.push(socket)).listen({ host, port: port ?? 0, backlog: 4096 })
  await once(server, 'listening')
  port ??= /** @type {import('node:net').AddressInfo} */ (server.address()).port
}
emit({ port, hosts: HOSTS })
for await (const line of createInterface({ input: process.stdin })) {
  for (let i = 0; i < Number(line); i++) held.push(createSocket('udp4'))
  emit({ held: held.length })
}
process.exit()
