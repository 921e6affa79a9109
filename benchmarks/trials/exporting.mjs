// A process whose sampling thread exports to everything, or to nothing: `exporting.mjs SETUP INTERVAL_MS SECONDS [works]`.
// The servers live here, not in the process that is measured.
import { setTimeout as sleep } from 'node:timers/promises'
import { emit } from '../support/emit.mjs'
import { spentBetween, spentBy } from '../support/proc.mjs'
import { openSink } from '../support/sink.mjs'
import { watch } from '../support/watch.mjs'

const [setup, interval, seconds, works] = process.argv.slice(2)
const intervalMs = Number(interval)
// Past the collections that V8 makes once, from 8 s after a start: they would be all that there is to see.
const SETTLE_MS = 12_000

const sink = await openSink()
const wishes = { ...sink.wishes, intervalMs, ...(works === 'works' && { works: intervalMs }) }
const result = await watch(setup, wishes, async ({ pid }) => {
  await sleep(SETTLE_MS)
  const before = spentBy(pid)
  await sleep(Number(seconds) * 1000)
  return spentBetween(before, spentBy(pid))
})
emit({ ...result, requests: sink.received.at.length, datagrams: sink.received.datagrams })
process.exit()
