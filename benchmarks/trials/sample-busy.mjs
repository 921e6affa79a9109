// A main thread that computes in turns of 5 ms and is sampled ten times a second: `sample-busy.mjs SECONDS`. It looks
// at the clock all the time and at its block, and so sees how long each answer held it up.
import { emit } from '../support/emit.mjs'
import { slotOf } from '../support/probe.mjs'
import { nextTurn } from '../support/service.mjs'
import { setUp } from '../support/setups.mjs'

const end = performance.now() + Number(process.argv[2]) * 1000
await setUp('offloop', { intervalMs: 100 })
const { block, at } = slotOf('answers')
const answerNs = slotOf('answerNs').at

/** Between two looks at the clock where the thread answered in between. @type {number[]} */
const heldUpNs = []
const looks = { count: 0, ns: 0 }

while (performance.now() < end) {
  compute(5)
  await nextTurn()
}
emit({ heldUpNs, lookNs: looks.ns / looks.count, selfNs: block[answerNs] / block[at] })
process.exit()

/** @param {number} ms */
function compute(ms) {
  const start = performance.now()
  let seen = block[at]
  let count = 0
  let last = start
  while (last < start + ms) {
    const now = performance.now()
    if (block[at] !== seen) {
      seen = block[at]
      heldUpNs.push((now - last) * 1e6)
    }
    last = now
    count++
  }
  looks.count += count
  looks.ns += (last - start) * 1e6
}
