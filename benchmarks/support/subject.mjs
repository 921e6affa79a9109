// A process to be watched from outside: `node subject.mjs SETUP WISHES`. Says on stdout when it is ready, and sleeps
// until its stdin ends. What watches it costs it nothing, then.
import { emit } from './emit.mjs'
import { setUp } from './setups.mjs'

const [name, wishes] = process.argv.slice(2)
const { url } = await setUp(name, JSON.parse(wishes))
process.stdin.on('data', (seconds) => block(Number(seconds) * 1000))
process.stdin.on('end', () => process.exit())
emit({ url })

/**
 * Keeps the event loop from turning. JavaScript runs every other millisecond, as in any endless loop; it sleeps in
 * between so that many can be watched at once.
 * @param {number} ms
 */
function block(ms) {
  const cell = new Int32Array(new SharedArrayBuffer(4))
  const end = performance.now() + ms
  while (performance.now() < end) Atomics.wait(cell, 0, 0, 1)
}
