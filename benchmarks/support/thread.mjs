// A worker thread that sleeps, computes or is parked, measured by somebody or by nobody. Says which thread it is, by the
// system's number.
import { readlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { parentPort, workerData } from 'node:worker_threads'
import { nextTurn } from './service.mjs'
import { setUp } from './setups.mjs'

const { tool, state, intervalMs, sink } = workerData
const TURN_MS = 5

if (tool === 'offloop') createRequire(import.meta.url)('offloop/thread')
else if (tool !== undefined) await setUp(tool, { intervalMs, sink })
parentPort.on('message', () => {})
parentPort.postMessage(Number(readlinkSync('/proc/thread-self').split('/').at(-1)))

if (state === 'parked') {
  // Once its loop has turned, and the message is out.
  await nextTurn()
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
}
while (state === 'busy') {
  for (const end = performance.now() + TURN_MS; performance.now() < end; );
  await nextTurn()
}
