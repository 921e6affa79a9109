// A main thread that computes in turns of 5 ms and is sampled ten times a second: `sample-busy.mjs SECONDS`. It looks
// at the clock all the time and at its block, and so sees how long each answer held it up. `sample-busy.mjs SECONDS waking`: beside
// it is a thread that only wakes up as often, says so, and runs for a millisecond. What that holds up is the machine's.
import { Worker } from 'node:worker_threads'
import { emit } from '../support/emit.mjs'
import { slotOf } from '../support/probe.mjs'
import { nextTurn } from '../support/service.mjs'
import { setUp } from '../support/setups.mjs'

const EACH_MS = 100
const [seconds, what] = process.argv.slice(2)
const end = performance.now() + Number(seconds) * 1000
const { block, at, selfNs } = what === 'waking' ? waking() : await sampled()

/** Between two looks at the clock where the other thread was heard of in between. @type {number[]} */
const heldUpNs = []
const looks = { count: 0, ns: 0 }

while (performance.now() < end) {
  compute(5)
  await nextTurn()
}
emit({ heldUpNs, lookNs: looks.ns / looks.count, selfNs: selfNs() })
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

async function sampled() {
  await setUp('offloop', { intervalMs: EACH_MS })
  const answers = slotOf('answers')
  const answerNs = slotOf('answerNs').at
  return { ...answers, selfNs: () => answers.block[answerNs] / answers.block[answers.at] }
}

function waking() {
  const block = new Float64Array(new SharedArrayBuffer(8))
  const code = `
    const block = new Float64Array(require('node:worker_threads').workerData)
    setInterval(() => {
      block[0]++
      for (const end = performance.now() + 1; performance.now() < end; );
    }, ${EACH_MS})`
  new Worker(code, { eval: true, workerData: block.buffer }).unref()
  return { block, at: 0, selfNs: () => undefined }
}
