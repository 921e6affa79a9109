// A server that holds connections, and says once on each that it has it: `socket-holder.mjs SETUP WISHES`. Told to
// hold a number of sockets more, it opens as many that have no file. Otherwise like subject.mjs.
import { createSocket } from 'node:dgram'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { emit } from './emit.mjs'
import { setUp } from './setups.mjs'

const [name, wishes] = process.argv.slice(2)
const folder = mkdtempSync(path.join(os.tmpdir(), 'offloop-bench-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
const address = path.join(folder, 'socket')
createServer((socket) => socket.write('.')).listen({ path: address, backlog: 4096 }, async () => {
  await setUp(name, JSON.parse(wishes))
  emit({ url: address })
})
/** @type {import('node:dgram').Socket[]} */
const unbound = []
process.stdin.on('data', (said) => {
  const { hold } = JSON.parse(String(said))
  while (unbound.length < hold) unbound.push(createSocket('udp4'))
  emit({ held: unbound.length })
})
process.stdin.on('end', () => process.exit())
