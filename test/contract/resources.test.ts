import { expect, test } from 'vitest'
import { Child } from '../support/child'

interface Told {
  told: [Record<string, string>, number][]
  expected: Record<string, number>
}

test('active resources by type are what Node.js counts, JavaScript timers included', async () => {
  const child = new Child('resources.cjs', { args: ['by-type'] })
  const { told, expected } = await child.next<Told>()
  expect(Object.fromEntries(told.map(([{ type }, value]) => [type, value]))).toEqual(expected)
  expect(expected).toMatchObject({ Timeout: 4, TCPSocketWrap: 6, TCPServerWrap: 1, FSEventWrap: 1 })
  for (const [labels] of told) expect(labels).toEqual({ service: 'resources', type: expect.any(String) })
  expect((await child.exited).code).toBe(0)
})

test('they are not counted unless somebody asks for it', async () => {
  const { told } = await new Child('resources.cjs').next<Told>()
  expect(told).toEqual([])
})
