import { expect, test } from 'vitest'
import { Child } from '../support/child'

test('a binary for another ABI is refused, by name of both', async () => {
  const told = await new Child('wrong-abi.cjs').next<{ abi: string; message: string }>()
  expect(told).toMatchObject({ code: 'ERR_OFFLOOP_ABI' })
  expect(told.message).toBe(`this binary is for Node.js ABI ${told.abi} and the running Node.js has ABI 999`)
})

// In the matrix there are three of them; after `npm test` on a fresh clone there is none.
test('binaries that were built for other versions are refused', async () => {
  const child = new Child('other-abis.cjs')
  const codes = await child.next<string[]>()
  // A symbol that this version's V8 lacks is the dynamic linker's own refusal.
  for (const code of codes) expect(['ERR_OFFLOOP_ABI', 'ERR_DLOPEN_FAILED']).toContain(code)
  expect((await child.exited).code).toBe(0)
})

test('require and import find the same instance', async () => {
  const told = await new Child('instance.mjs').next<{ names: string[]; same: boolean; counts: boolean }>()
  expect(told.same).toBe(true)
  expect(told.counts).toBe(true)
  expect(told.names.filter((name) => !['default', 'module.exports', '__esModule'].includes(name))).toEqual([
    'OffloopError',
    'attach',
    'countHeapObjects',
    'counters',
    'metrics',
    'observePool',
    'readCounters',
    'start',
  ])
})
