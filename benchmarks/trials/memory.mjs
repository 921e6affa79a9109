// Private memory of a process with something set up, watched from outside: `memory.mjs SETUP [alone]`. What serves is
// scraped, and what exports is listened to.
import { setTimeout as sleep } from 'node:timers/promises'
import { emit } from '../support/emit.mjs'
import { ownNode } from '../support/own-node.mjs'
import { privateBytes } from '../support/proc.mjs'
import { openSink } from '../support/sink.mjs'
import { watch } from '../support/watch.mjs'

const [setup, alone] = process.argv.slice(2)
const sink = await openSink()
const own = alone === 'alone' ? ownNode() : undefined
const bytes = await watch(setup, { sink: sink.url }, observe, own?.file)
emit({ bytes, exported: sink.received.requests })
process.exit()

/**
 * After 4 s and after 17 s: V8 shrinks a heap once it has done little for 8 s (not on Node.js 26, as it seems).
 * @param {number} pid
 * @param {string | undefined} url
 */
async function observe(pid, url) {
  own?.remove()
  for (let second = 1; second <= 3; second++) {
    await sleep(1000)
    if (url !== undefined) await scrape(`${url}/metrics`)
  }
  await sleep(1000)
  const early = privateBytes(pid)
  await sleep(13_000)
  return { early, settled: privateBytes(pid) }
}

/** @param {string} url */
async function scrape(url) {
  const answer = await fetch(url)
  const text = await answer.text()
  if (!answer.ok || text === '') throw new Error(`${url} answered ${answer.status}`)
}
