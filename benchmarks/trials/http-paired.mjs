// What a request costs a service with us and without, in one process: `http-paired.mjs SECONDS`. Blocks of requests, as
// fast as they are answered, with our hooks in force, with all of them but the sampling of objects, or with none, in an
// order by chance; by its own CPU clocks. No sample is taken meanwhile; but V8's heap samples are as rare as the load has
// made them before (native/sampling_rate.h): each /hooked asks the thread as the sampling thread does.
import { fileURLToPath } from 'node:url'
import { generator, shuffled } from '../harness/statistics.mjs'
import { emit } from '../support/emit.mjs'
import { openLoad } from '../support/open-loop.mjs'
import { BODY } from '../support/order.mjs'
import { watch } from '../support/watch.mjs'

const seconds = Number(process.argv[2])
const NEVER_MS = 3_600_000
const TASTE_MS = 1_000
const MINUTE_MS = 60_000
// What the largest interval is for.
const ENOUGH_BYTES = 26e9
const program = fileURLToPath(new URL('../support/http-service.mjs', import.meta.url))
const KINDS = [
  { path: '/light', requests: 300 },
  { path: '/heavy', requests: 60 },
]
const STATES = ['hooked', 'lean', 'bare']

const result = await watch('offloop', { intervalMs: NEVER_MS }, observe, { program })
emit(result)
process.exit()

/** @param {import('../support/watch.mjs').Subject} subject */
async function observe({ url = '' }) {
  const load = await openLoad(Number(new URL(url).port))
  const random = generator(process.pid)
  /** @type {Record<string, Record<string, { mainCpuNs: number, processCpuNs: number }>[]>} */
  const kinds = {}
  for (const { path, requests } of KINDS) {
    const cost = async (/** @type {string} */ state) => {
      await load.ask(`/${state}`, BODY)
      // V8 looks up anew what it calls at a collection.
      await load.rush(path, BODY, requests / 10)
      const before = (await load.ask(`/${state}`, BODY)).spent
      await load.rush(path, BODY, requests)
      const { spent } = await load.ask(`/${state}`, BODY)
      return {
        mainCpuNs: (spent.mainCpuNs - before.mainCpuNs) / requests,
        processCpuNs: (spent.processCpuNs - before.processCpuNs) / requests,
      }
    }
    // As much garbage as a minute of these requests makes. The first answer finds it, the next one acts upon it.
    const { allocatedBytes } = await load.ask('/hooked', BODY)
    const began = performance.now()
    while (performance.now() - began < TASTE_MS) await load.rush(path, BODY, requests)
    const more = (await load.ask('/hooked', BODY)).allocatedBytes - allocatedBytes
    const bytes = Math.min((more * MINUTE_MS) / (performance.now() - began), ENOUGH_BYTES)
    await load.ask('/garbage', JSON.stringify({ items: [], bytes }))
    for (let i = 0; i < 2; i++) await load.ask('/hooked', BODY)
    for (let i = 0; i < 5; i++) await cost('hooked')
    const rounds = []
    for (const end = performance.now() + (seconds * 1000) / KINDS.length; performance.now() < end; ) {
      /** @type {Record<string, Awaited<ReturnType<typeof cost>>>} */
      const spent = {}
      for (const state of shuffled(STATES, random)) spent[state] = await cost(state)
      rounds.push(spent)
    }
    kinds[path.slice(1)] = rounds
  }
  load.close()
  return kinds
}
