import { expect, test } from 'vitest'
import { type Fault, TinyObsServer } from '../support/tinyobs-server'
import { expectDelivered, expectUndisturbed } from './outages'
import { expectNoSecret, INDISCREET, pages, withSecrets } from './secrets'
import { Service } from './service'
import { betweenRequests, until } from './waiting'

// A backend that fails, as a process sees it that samples every 100 ms and exports each sample.

const TIMEOUT_MS = 800
/** Batches of an outage: 1.5 s. */
const LENGTH = 15
/** The queue itself takes less than 1 MB; a heap at work moves by some more. */
const MAX_GROWTH_MB = 40

type Outage = Fault | 'refuse'

const status = (code: number, headers: Record<string, string> = {}): Fault => ({
  kind: 'status',
  status: code,
  headers,
  body: INDISCREET,
})

test.concurrent.for<[string, Outage]>([
  ['500', status(500)],
  ['503 with Retry-After: 0', status(503, { 'retry-after': '0' })],
  ['429 with Retry-After: 2', status(429, { 'retry-after': '2' })],
  ['507', status(507)],
  ['silence', { kind: 'hang' }],
  ['a body that is cut', { kind: 'cut' }],
  ['garbage', { kind: 'garbage' }],
  ["somebody else's page", { kind: 'stranger' }],
  ['a byte at a time', { kind: 'trickle', everyMs: 20 }],
  ['refused connections', 'refuse'],
])('an outage of %s loses nothing, and disturbs nobody', async ([, outage], { onTestFinished: finished }) => {
  const server = await TinyObsServer.start()
  finished(() => server.close())
  const service = await Service.start(withSecrets(server.url, TIMEOUT_MS), { finished })
  // Without an exporter, at the same time.
  const control = await Service.start({}, { finished })
  await until(() => server.requests.length >= 3)

  const rss = await service.rss()
  await Promise.all([service.reset(), control.reset()])
  await betweenRequests(server)
  const before = server.requests.length
  const startedAt = Date.now()
  if (outage === 'refuse') await server.refuse()
  else server.fault = outage
  const during = await service.after(LENGTH)
  const undisturbed = await control.figures()
  const growth = (await service.rss()) - rss
  const texts = await pages(service.url)
  const failed = server.requests.length - before
  const elapsedMs = Date.now() - startedAt

  const last = during.batches.at(-1)
  expect(last?.dropped).toBe(0)
  expect(last?.failures).toBeGreaterThan(0)
  // Once an outage, whatever happens in it.
  expect(during.errors).toEqual([
    expect.objectContaining({
      code: 'ERR_OFFLOOP_EXPORT',
      message: expect.stringMatching(/^exporter tinyobs: .*; it will be retried$/),
    }),
  ])
  // Back-off is by 0 to 1 s, then 0 to 2 s and so on: far from one attempt a batch.
  expect(failed).toBeLessThanOrEqual(LENGTH / 2)
  if (outage !== 'refuse' && outage.kind === 'status' && outage.status === 429) {
    expect(failed).toBeLessThanOrEqual(1 + Math.floor(elapsedMs / 2_000))
  }
  expect(growth).toBeLessThan(MAX_GROWTH_MB)
  expectUndisturbed(during, undisturbed)

  server.fault = undefined
  if (outage === 'refuse') await server.accept()
  expect(await service.flush(10_000)).toBe(true)
  const after = await service.figures()
  await service.stop(10_000)
  const figures = await service.figures()
  // The attempt may have begun just before the batch that was the newest when the outage ended.
  expectDelivered(server, figures, { newest: (last?.timestamp ?? Number.NaN) - 200, before })
  expect(after.errors).toHaveLength(1)
  expect(figures.batches.at(-1)).toMatchObject({ dropped: 0 })
  expect(server.refusals).toEqual([])
  const exit = await service.end()
  expect([exit.code, exit.stderr]).toEqual([0, ''])
  expectNoSecret(texts, figures, exit)
})

test.concurrent('a second outage is reported as well', async ({ onTestFinished: finished }) => {
  const server = await TinyObsServer.start()
  finished(() => server.close())
  const service = await Service.start(withSecrets(server.url, TIMEOUT_MS), { finished })
  for (const count of [1, 2]) {
    server.fault = status(500)
    await service.after(5)
    server.fault = undefined
    expect(await service.flush(10_000)).toBe(true)
    expect((await service.figures()).errors).toHaveLength(count)
  }
})

test.concurrent("where nobody listens to 'error', an outage is one line on stderr, without a secret", async ({
  onTestFinished: finished,
}) => {
  const server = await TinyObsServer.start()
  finished(() => server.close())
  server.fault = status(500)
  const service = await Service.start(withSecrets(server.url, TIMEOUT_MS), { deaf: true, finished })
  await service.after(LENGTH)
  const texts = await pages(service.url)
  const figures = await service.figures()
  await service.stop(300)
  const exit = await service.end()
  expect(exit.stderr).toMatch(/^offloop: exporter tinyobs: .* answered 500: .*\(ERR_OFFLOOP_EXPORT\)\n$/)
  expect(exit.stderr).toContain('no ***')
  expectNoSecret(texts, figures, exit)
})

test.concurrent('a backend that refuses the key for good is told no secret, and is left with what it has', async ({
  onTestFinished: finished,
}) => {
  const server = await TinyObsServer.start({ key: 'another' })
  finished(() => server.close())
  const service = await Service.start(withSecrets(server.url, TIMEOUT_MS), { finished })
  const figures = await service.after(5)
  const texts = await pages(service.url)
  expect(server.stored).toEqual([])
  expect(figures.batches.at(-1)?.dropped).toBeGreaterThan(0)
  expect(figures.errors).toEqual([
    expect.objectContaining({ message: expect.stringMatching(/answered 401: .*; the batch is given up$/) }),
  ])
  expectNoSecret(texts, figures, await service.end())
})
