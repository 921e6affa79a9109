import { expect, onTestFinished, test } from 'vitest'
import { TinyObsServer } from '../support/tinyobs-server'
import { gaps, Service } from './service'
import { betweenRequests, timesOf, until } from './waiting'

// An outage that outlasts the queue, in real time: 15 s, which at 100 ms are 150 batches for a queue of 120.

const CAPACITY = 120
const LENGTH = 150

test('drops exactly what is beyond the bound, the oldest, and counts it', async () => {
  // One that is stopped afterwards and one that goes on, at the same time.
  const [stopped, goingOn] = await Promise.all([outage(), outage()])
  await checkStopped(stopped)
  await checkGoingOn(goingOn)
})

async function checkStopped({ server, service, delivered, rss }: Outage): Promise<void> {
  // Takes a last sample, and no further ones: none grows too old while the queue is emptied.
  await service.stop(20_000)
  const { batches, errors } = await service.figures()
  const times = batches.map(({ timestamp }) => timestamp)
  const missing = times.filter((time) => !timesOf(server.requests).includes(time))

  // The oldest of the outage, with no gap between them; what is left is the newest 120.
  expect(missing).toEqual(times.slice(delivered, times.length - CAPACITY))
  expect(missing.length).toBeGreaterThanOrEqual(LENGTH - CAPACITY)
  // The last batch was made before it was queued itself, and made the oldest too old.
  expect(batches.at(-1)?.dropped).toBe(missing.length - 1)
  // The newest first, and all the others from there.
  expect(timesOf(server.requests).slice(delivered)).toEqual(times.slice(-CAPACITY).reverse())

  expect(gaps({ batches })).toEqual([])
  expect(errors).toHaveLength(1)
  // While the queue was full.
  expect(Math.max(...rss) - (rss[0] ?? Number.NaN)).toBeLessThan(20)
}

async function checkGoingOn({ server, service, delivered }: Outage): Promise<void> {
  const before = (await service.figures()).batches
  expect(await service.flush(20_000)).toBe(true)
  const { batches } = await service.after(2)
  const times = batches.map(({ timestamp }) => timestamp)
  const stored = timesOf(server.requests)
  // What was taken since the flush may still be under way.
  const missing = times.slice(0, -2).filter((time) => !stored.includes(time))
  expect(missing).toEqual(times.slice(delivered, delivered + missing.length))
  expect(batches.at(-1)?.dropped).toBe(missing.length)
  // None younger than the 120 newest of the moment was given up, and none older was kept.
  expect(missing.length).toBeGreaterThanOrEqual(before.length - delivered - CAPACITY)
  expect(missing.length).toBeLessThanOrEqual(batches.length - delivered - CAPACITY)
}

type Outage = Awaited<ReturnType<typeof outage>>

/** Ends with a server that is back, and a service that has not noticed. */
async function outage() {
  const server = await TinyObsServer.start()
  onTestFinished(() => server.close())
  const service = await Service.start({ exporters: [{ type: 'tinyobs', url: server.url, timeoutMs: 300 }] })
  await until(() => server.requests.length >= 3)
  await betweenRequests(server)
  await server.refuse()
  const start = await service.figures()
  // Sequence numbers start at 1, and so does what the main thread hears.
  const delivered = timesOf(server.requests).length
  expect(start.batches[0]?.sequence).toBe(1)
  expect(start.batches).toHaveLength(delivered)

  const rss: number[] = []
  for (let count = 0; count < delivered + LENGTH; ) {
    count = (await service.after(5)).batches.length
    if (count > delivered + CAPACITY) rss.push(await service.rss())
  }
  await server.accept()
  return { server, service, delivered, rss }
}
