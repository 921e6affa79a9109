// What the main thread pays for a scrape of prom-client's default metrics: `scrape.mjs SCRAPES`.
import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import { emit } from '../support/emit.mjs'
import { setUp } from '../support/setups.mjs'
import { mainThreadCpuNs } from '../support/thread-cpu.mjs'

const { register } = createRequire(import.meta.url)('prom-client')
await setUp('prom-client')

const scrapes = []
const empty = []
for (let i = 0; i < Number(process.argv[2]); i++) {
  await sleep(50)
  const before = mainThreadCpuNs()
  const startedAt = performance.now()
  await register.metrics()
  const wallNs = (performance.now() - startedAt) * 1e6
  scrapes.push({ cpuNs: mainThreadCpuNs() - before, wallNs })
  // The two looks at the clock alone, in the same state of the caches.
  await sleep(50)
  const emptyBefore = mainThreadCpuNs()
  await Promise.resolve()
  empty.push(mainThreadCpuNs() - emptyBefore)
}
emit({ scrapes, empty })
process.exit()
