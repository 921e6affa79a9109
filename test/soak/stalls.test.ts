import { expect, test } from 'vitest'
import { Child } from '../support/child'
import { listStalls, pause, scrapeStalls } from '../support/stalls'

test('ten minutes of a load that is heavy and healthy are no stall, of no thread', async () => {
  const given = {
    load: 'busy',
    pool: true,
    workers: { parked: 'parked', seldom: 'seldom', idle: 'idle' },
    options: { stall: { workers: true } },
  }
  const child = new Child('stall-threads.cjs', { args: [JSON.stringify(given)] })
  const { url } = await child.next<{ url: string }>()
  await pause(600_000)
  expect(await scrapeStalls(url)).toMatchObject({ total: 0, stalled: 0 })
  expect((await listStalls(url)).stalls).toEqual([])
  child.kill()
})
