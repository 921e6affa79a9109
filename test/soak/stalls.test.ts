import { availableParallelism } from 'node:os'
import { expect, test } from 'vitest'
import { Child } from '../support/child'
import { listStalls, pause, scrapeStalls } from '../support/stalls'

/** The loop did not turn, milliseconds since 1970. */
interface Hold {
  readonly from: number
  readonly to: number
}

/** To try it, OFFLOOP_SOAK_MS makes it shorter. */
const MS = Number(process.env.OFFLOOP_SOAK_MS ?? 600_000)

test('in ten minutes of a load that is heavy and healthy nothing is told but what kept the loop for a second', async () => {
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
  const { stalls } = await listStalls(url)
  const scraped = await scrapeStalls(url)
  child.send({ ask: 'holds' })
  let holds: readonly Hold[] | undefined
  // Stalls that were told come first.
  while (holds === undefined) ({ holds } = await child.next<{ holds?: readonly Hold[] }>())
  // By the load's own clock: the turns that it makes are below a second, and a collection in one is not always.
  const long = holds.filter(({ from, to }) => to - from >= 1_000)
  console.log(`${holds.length} of its turns took half a second and more, ${long.length} a second`)
  expect(holds.length).toBeGreaterThan(MS / 10_000)
  for (const { thread, startedAt, durationMs } of stalls) {
    const truly = long.filter(({ from, to }) => startedAt >= from - 50 && startedAt + durationMs <= to + 50)
    expect([thread, truly.length], `${durationMs} ms at ${startedAt}`).toEqual(['main', 1])
  }
  expect(scraped).toMatchObject({ total: stalls.length, stalled: 0 })
  child.kill()
})
