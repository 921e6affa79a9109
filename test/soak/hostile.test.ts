import { expect, onTestFinished, test } from 'vitest'
import { fuzzHttp, TOKEN } from '../hostile/http-property'
import { gaps, Service } from '../hostile/service'
import { timesOf, until } from '../hostile/waiting'
import { type Fault, TinyObsServer } from '../support/tinyobs-server'

// What test/hostile does in seconds, for minutes.

test('100,000 requests of any kind leave the sampling thread as it was', async () => {
  const service = await Service.start({ serve: { port: 0, token: TOKEN } })
  // Caches and the heap of a thread at work.
  await fuzzHttp(service.url, 20_000)
  const before = await service.rss()
  await fuzzHttp(service.url, 80_000)
  expect(await service.rss()).toBeLessThan(before + 20)
  const figures = await service.figures()
  expect(figures.errors).toEqual([])
  expect(gaps(figures)).toEqual([])
  expect(await service.end()).toMatchObject({ code: 0, stderr: '' })
})

test.each<[string, Fault]>([
  ['silent', { kind: 'hang' }],
  ['failing', { kind: 'status', status: 500, body: 'x'.repeat(100_000) }],
  ['slow', { kind: 'trickle', everyMs: 20 }],
  ['cut off', { kind: 'cut' }],
])('a backend that is %s for three minutes takes no memory', async (_, fault) => {
  const server = await TinyObsServer.start()
  onTestFinished(() => server.close())
  const service = await Service.start({ exporters: [{ type: 'tinyobs', url: server.url, timeoutMs: 300 }] })
  await until(() => timesOf(server.requests).length >= 3)
  server.fault = fault
  // The queue is full by then, and the fixture has its own arrays.
  await service.after(300)
  const before = await service.rss()
  const { errors } = await service.after(1_500)
  expect(await service.rss()).toBeLessThan(before + 15)
  expect(errors).toHaveLength(1)
  server.fault = undefined
  await service.stop(20_000)
  const { batches } = await service.figures()
  const stored = new Set(timesOf(server.requests))
  expect(batches.slice(-120).filter(({ timestamp }) => !stored.has(timestamp))).toEqual([])
  expect(batches.at(-1)?.dropped).toBe(batches.filter(({ timestamp }) => !stored.has(timestamp)).length - 1)
})
