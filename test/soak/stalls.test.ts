import { availableParallelism } from 'node:os'
import { expect, test } from 'vitest'
import { Child } from '../support/child'
import { listStalls, pause, scrapeStalls } from '../support/stalls'

/** To try it, OFFLOOP_SOAK_MS makes it shorter. */
const MS = Number(process.env.OFFLOOP_SOAK_MS ?? 600_000)

test('ten minutes of a load that is heavy and healthy are no stall, of no thread', async () => {
  const given = {
    load: 'heavy',
    pool: 'busy',
    // Those for which there is a CPU, and more.
    spinning: availableParallelism(),
    workers: { parked: 'parked', seldom: 'seldom', idle: 'idle' },
    options: { stall: { workers: true } },
  }
  const child = new Child('stall-threads.cjs', { args: [JSON.stringify(given)] })
  const { url } = await child.next<{ url: string }>()
  await pause(MS)
  expect((await listStalls(url)).stalls).toEqual([])
  expect(await scrapeStalls(url)).toMatchObject({ total: 0, stalled: 0 })
  child.kill()
})
