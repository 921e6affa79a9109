// What of a sampler's figures arrives while the event loop is stuck: `continuity.mjs SETUP BLOCK_SECONDS [native]`. A sample is
// due each second; what is pushed arrives here, and what must be scraped is scraped from here.
import { setTimeout as sleep } from 'node:timers/promises'
import { emit } from '../support/emit.mjs'
import { openSink } from '../support/sink.mjs'
import { watch } from '../support/watch.mjs'

const [setup, blockSeconds, native] = process.argv.slice(2)
const INTERVAL_MS = 1000
const sink = await openSink()
/** Of answers. @type {number[]} */
const scrapes = []

const wishes = { ...sink.wishes, intervalMs: INTERVAL_MS, deliver: true }
const result = await watch(setup, wishes, async ({ url, block }) => {
  // What others do not push they answer when asked. Ours does both: what it pushes is counted.
  const scraping = setInterval(() => url !== undefined && setup === 'prom-client' && scrape(url), INTERVAL_MS)
  await sleep(2500)
  const before = arrivals(0, performance.now())
  const beganAt = performance.now()
  block(Number(blockSeconds), native === 'native')
  await sleep(Number(blockSeconds) * 1000)
  const endedAt = performance.now()
  clearInterval(scraping)
  return {
    before,
    // The first may have been under way already, and the last moment is not the block's.
    during: arrivals(beganAt + 200, endedAt - 200),
    blockSeconds: (endedAt - beganAt) / 1000,
    fresh: freshBatches(beganAt + 200, endedAt - 200),
  }
})
emit(result)
process.exit()

/** @param {number} from @param {number} to */
function arrivals(from, to) {
  // Of ours the batches, of which an exporter of another kind sends a copy.
  const { at, batches } = sink.received
  const pushed = batches.length > 0 ? batches.map((batch) => batch.at) : at
  return [...pushed, ...scrapes].filter((time) => time > from && time < to).length
}

/** Batches of ours that tell of the thread as it is, and not as it was before. @param {number} from @param {number} to */
function freshBatches(from, to) {
  const age = (/** @type {any} */ { metrics }) =>
    metrics.find((/** @type {any} */ { name }) => name === 'offloop_sample_age_seconds')?.value ?? Number.NaN
  return sink.received.batches.filter(
    (batch) => batch.at > from && batch.at < to && age(batch) < INTERVAL_MS / 1000,
  ).length
}

/** @param {string} url */
async function scrape(url) {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(INTERVAL_MS) })
    await response.text()
    scrapes.push(performance.now())
  } catch {
    // Not answered in time: a hole in the graph.
  }
}
