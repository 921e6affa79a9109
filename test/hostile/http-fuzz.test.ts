import { expect, test } from 'vitest'
import { fuzzHttp, TOKEN } from './http-property'
import { gaps, Service } from './service'

test('whatever the request is, the answer is HTTP, and the sampling thread goes on', async () => {
  const service = await Service.start({ serve: { port: 0, token: TOKEN } })
  await fuzzHttp(service.url, 2_000)
  const figures = await service.after(3)
  expect(figures.errors).toEqual([])
  expect(gaps(figures)).toEqual([])
  const { code, stderr } = await service.end()
  expect([code, stderr]).toEqual([0, ''])
})
