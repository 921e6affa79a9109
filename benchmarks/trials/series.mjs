// What a sample costs with many own series, and whether all of them are delivered: `series.mjs SETUP WISHES SECONDS`.
import { setTimeout as sleep } from 'node:timers/promises'
import { emit } from '../support/emit.mjs'
import { spentBetween, spentBy } from '../support/proc.mjs'
import { OWN_METRIC } from '../support/setups.mjs'
import { openSink } from '../support/sink.mjs'
import { watch } from '../support/watch.mjs'

const [setup, given, seconds] = process.argv.slice(2)
const wishes = JSON.parse(given)
const SETTLE_MS = 2000
const sink = await openSink()

const result = await watch(setup, { ...sink.wishes, ...wishes }, async ({ pid, url, seriesSeen }) => {
  await sleep(SETTLE_MS)
  const before = spentBy(pid)
  await sleep(Number(seconds) * 1000)
  const spent = spentBetween(before, spentBy(pid))
  const delivered = await seriesSeen()
  if (delivered !== wishes.series) throw new Error(`${delivered} of ${wishes.series} series were delivered`)
  return { ...spent, delivered, stored: url === undefined ? null : await storedAt(url) }
})
emit(result)
process.exit()

/** How many of them a server of ours has in its store. @param {string} url */
async function storedAt(url) {
  const response = await fetch(`${url}/v1/query?metric=${OWN_METRIC}`)
  const text = await response.text()
  return new Set(text.match(/queue-\d+/g)).size
}
