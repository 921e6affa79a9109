// A process to be watched from outside: `node subject.mjs SETUP WISHES`. Says on stdout when it is ready, and sleeps
// until its stdin ends. What watches it costs it nothing, then.
import { pbkdf2Sync } from 'node:crypto'
import { emit } from './emit.mjs'
import { setUp } from './setups.mjs'

const [name, wishes] = process.argv.slice(2)
const { url, tids, seriesSeen } = await setUp(name, JSON.parse(wishes))
process.stdin.on('data', async (said) => {
  const { seconds, natively, series } = JSON.parse(String(said))
  if (seconds !== undefined && natively) blockNatively(seconds)
  else if (seconds !== undefined) block(seconds * 1000)
  if (series) emit({ series: await seriesSeen?.() })
})
process.stdin.on('end', () => process.exit())
emit({ url, tids })

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

/**
 * The same by one call of a synchronous native function, in which no JavaScript runs: no interrupt comes through.
 * @param {number} seconds
 */
function blockNatively(seconds) {
  const ITERATIONS = 200_000
  const start = performance.now()
  pbkdf2Sync('password', 'salt', ITERATIONS, 32, 'sha256')
  const perSecond = ITERATIONS / ((performance.now() - start) / 1000)
  pbkdf2Sync('password', 'salt', Math.round(perSecond * seconds), 32, 'sha256')
}
