import { expect, test } from 'vitest'
import { TinyObsServer } from '../support/tinyobs-server'
import { expectDelivered, expectUndisturbed } from './outages'
import { type Figures, gaps, Service } from './service'
import { betweenRequests, timesOf, until } from './waiting'

// Outages of ten and of 25 minutes at the default interval, in a sampling thread whose time passes faster.

const SPEED = 200
const TEN_MINUTES = 60
/** More than the queue holds, by 30. */
const TWENTY_FIVE_MINUTES = 150
const CAPACITY = 120
/** So that a busy machine does not look like a server that does not answer: it is 600 ms. */
const TIMEOUT_MS = 120_000
/** What the sampling thread takes for a minute. */
const PATIENCE_MS = 60_000 * SPEED

type Finished = (clean: () => void) => void

test.concurrent('ten minutes lose nothing, and end with the present', async ({
  onTestFinished: finished,
}) => {
  const control = await Service.start({ intervalMs: 10_000 }, { speed: SPEED, finished })
  const { server, service, before, during, undisturbed, rss } = await outage(TEN_MINUTES, finished, control)
  const last = during.batches.at(-1)
  expect(last?.dropped).toBe(0)
  expect(during.errors).toHaveLength(1)
  // Each waits up to 1, 2, 4 … 60 s for the next: one in 30 s, with luck in 15, beside the first ones.
  const elapsedMs = (last?.timestamp ?? Number.NaN) - (during.batches[before]?.timestamp ?? Number.NaN)
  expect(last?.failures).toBeGreaterThanOrEqual(5)
  expect(last?.failures).toBeLessThanOrEqual(10 + elapsedMs / 15_000)
  expect(Math.max(...rss) - (rss[0] ?? Number.NaN)).toBeLessThan(40)
  expectUndisturbed(during, undisturbed)

  await server.accept()
  // By itself, within a back-off: not because it is told to.
  await until(() => timesOf(server.requests).length > before)
  await service.stop(PATIENCE_MS)
  const figures = await service.figures()
  expectDelivered(server, figures, { newest: (last?.timestamp ?? Number.NaN) - 20_000, before })
  expect(figures.batches.at(-1)?.dropped).toBe(0)
  expect((await service.end()).stderr).toBe('')
})

test.concurrent('25 minutes drop exactly what is beyond the bound, the oldest, and count it', async ({
  onTestFinished: finished,
}) => {
  const { server, service, before: delivered, rss } = await outage(TWENTY_FIVE_MINUTES, finished)
  await server.accept()
  // Takes a last sample, and no further ones: none grows too old while the queue is emptied.
  await service.stop(PATIENCE_MS)
  const { batches, errors } = await service.figures()
  const times = batches.map(({ timestamp }) => timestamp)
  const missing = times.filter((time) => !timesOf(server.requests).includes(time))

  // The oldest of the outage, with no gap between them; what is left is the newest 120.
  expect(missing).toEqual(times.slice(delivered, times.length - CAPACITY))
  expect(missing.length).toBeGreaterThanOrEqual(TWENTY_FIVE_MINUTES - CAPACITY)
  // The last batch was made before it was queued itself, and made the oldest too old.
  expect(batches.at(-1)?.dropped).toBe(missing.length - 1)
  // The newest first, and all the others from there.
  expect(timesOf(server.requests).slice(delivered)).toEqual(times.slice(-CAPACITY).reverse())

  // What was dropped is resolution: the collections in it are in what came after.
  const cycles = (time: number | undefined) => batches.find(({ timestamp }) => timestamp === time)?.cycles
  expect(cycles(times[delivered + missing.length])).toBeGreaterThanOrEqual(
    (cycles(times[delivered - 1]) ?? Number.NaN) + COLLECTIONS,
  )
  for (const time of [times[delivered - 1], times[delivered + missing.length], times.at(-1)]) {
    expect(storedCycles(server, time ?? Number.NaN)).toBe(cycles(time))
  }

  expect(gaps({ batches })).toEqual([])
  expect(errors).toHaveLength(1)
  // While the queue was full.
  expect((rss.at(-1) ?? Number.NaN) - (rss[CAPACITY / STEP] ?? Number.NaN)).toBeLessThan(20)
})

test.concurrent('25 minutes of a service that goes on drop as much, and no more', async ({
  onTestFinished: finished,
}) => {
  const { server, service, before: delivered, during } = await outage(TWENTY_FIVE_MINUTES, finished)
  await server.accept()
  expect(await service.flush(PATIENCE_MS)).toBe(true)
  const { batches } = await service.after(2)
  const times = batches.map(({ timestamp }) => timestamp)
  const stored = timesOf(server.requests)
  // What was taken since the flush may still be under way.
  const missing = times.slice(0, -2).filter((time) => !stored.includes(time))
  expect(missing).toEqual(times.slice(delivered, delivered + missing.length))
  expect(batches.at(-1)?.dropped).toBe(missing.length)
  // None younger than the 120 newest of the moment was given up, and none older was kept.
  expect(missing.length).toBeGreaterThanOrEqual(during.batches.length - delivered - CAPACITY)
  expect(missing.length).toBeLessThanOrEqual(batches.length - delivered - CAPACITY)
})

/** Early in an outage, where they are among what a long one drops. */
const COLLECTIONS = 10
/** Batches between two looks at the memory. */
const STEP = 10

/** Ends with a server that is still away. */
async function outage(length: number, finished: Finished, control?: Service) {
  const server = await TinyObsServer.start()
  finished(() => server.close())
  const service = await Service.start(
    { intervalMs: 10_000, exporters: [{ type: 'tinyobs', url: server.url, timeoutMs: TIMEOUT_MS }] },
    { speed: SPEED, finished },
  )
  await until(() => server.requests.length >= 3)
  // On a busy machine one may be overtaken by the next: with all that is known delivered.
  let batches: Figures['batches']
  do {
    await betweenRequests(server)
    batches = (await service.figures()).batches
  } while (batches.some(({ timestamp }) => !timesOf(server.requests).includes(timestamp)))
  await server.refuse()
  // Sequence numbers start at 1, and so does what the main thread hears.
  const before = timesOf(server.requests).length
  expect(batches[0]?.sequence).toBe(1)

  for (let count = 0; count < COLLECTIONS; count++) await service.collect()
  await Promise.all([service.reset(), control?.reset()])
  const rss = [await service.rss()]
  let during = await service.figures()
  while (during.batches.length < before + length) {
    during = await service.after(STEP)
    rss.push(await service.rss())
  }
  const undisturbed = (await control?.figures()) ?? during
  return { server, service, before, during, undisturbed, rss }
}

function storedCycles(server: TinyObsServer, time: number): number {
  return server.stored
    .filter(({ name, timestamp }) => name === 'nodejs_gc_cycles_total' && Date.parse(timestamp) === time)
    .reduce((sum, { value }) => sum + value, 0)
}
