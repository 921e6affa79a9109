// Nanoseconds of a turn of the loop that does nothing but to ask for the next: `turns.mjs SETUP`, `attached` or `bare`.
import { attach } from 'offloop'
import { emit } from '../support/emit.mjs'

const TURNS = 20_000
const BATCHES = 40
const WARM_UP = 5

if (process.argv[2] === 'attached') attach()
/** @type {number[]} */
const ns = []
for (let batch = 0; batch < BATCHES + WARM_UP; batch++) {
  const took = await turns()
  if (batch >= WARM_UP) ns.push(took)
}
emit({ ns })
process.exit()

/** @returns {Promise<number>} */
function turns() {
  return new Promise((resolve) => {
    const from = process.hrtime.bigint()
    let left = TURNS
    setImmediate(function next() {
      if (--left > 0) setImmediate(next)
      else resolve(Number(process.hrtime.bigint() - from) / TURNS)
    })
  })
}
