// A service under load from here, with something set up: `http.mjs SETUP SECONDS INTERVAL_SECONDS`. Requests light and heavy, one kind
// after the other, in the same process.
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { quantile } from '../harness/statistics.mjs'
import { emit } from '../support/emit.mjs'
import { openLoad } from '../support/open-loop.mjs'
import { BODY } from '../support/order.mjs'
import { cpuOf } from '../support/proc.mjs'
import { spawnSink } from '../support/sink.mjs'
import { watch } from '../support/watch.mjs'

const [setup, seconds, intervalSeconds] = process.argv.slice(2)
const program = fileURLToPath(new URL('../support/http-service.mjs', import.meta.url))
const WARM_UP_SECONDS = 0.2
const KINDS = [
  { path: '/light', perSecond: 2000 },
  { path: '/heavy', perSecond: 300 },
]
const sink = await spawnSink()
const wishes = { ...sink.wishes, intervalMs: Number(intervalSeconds) * 1000 }
const result = await watch(setup, wishes, observe, { program })
emit(result)
process.exit()

/** @param {import('../support/watch.mjs').Subject} subject */
async function observe({ pid, url = '' }) {
  const load = await openLoad(Number(new URL(url).port))
  for (const { path, perSecond } of KINDS) await load.run(path, BODY, perSecond, WARM_UP_SECONDS)
  /** @type {Record<string, object>} */
  const kinds = {}
  for (const { path, perSecond } of KINDS) {
    await sleep(50)
    const before = cpuOf(pid)
    const ms = await load.run(path, BODY, perSecond, Number(seconds))
    // The kernel brings the figure of a thread up to date when it sleeps.
    await sleep(20)
    const after = cpuOf(pid)
    kinds[path.slice(1)] = {
      ...Object.fromEntries([50, 99, 99.9, 100].map((p) => [`p${p}`, quantile(ms, p / 100)])),
      mainCpuNs: (after.mainCpuNs - before.mainCpuNs) / ms.length,
      processCpuNs: (after.processCpuNs - before.processCpuNs) / ms.length,
    }
  }
  load.close()
  return kinds
}
