import { readFileSync } from 'node:fs'

const cell = new Int32Array(new SharedArrayBuffer(4))
const file = `/proc/self/task/${process.pid}/schedstat`

/**
 * CPU time of the main thread so far, in nanoseconds; Node.js has its own clock for that from version 24 on. The
 * kernel brings a running thread's figure up to date when it stops running (or at a tick, up to 4 ms later), hence
 * the sleep. A call costs the thread some 100 µs: measure pairs without anything in between, and subtract.
 */
export function mainThreadCpuNs() {
  Atomics.wait(cell, 0, 0, 0.01)
  return Number(readFileSync(file, 'utf8').split(' ')[0])
}
