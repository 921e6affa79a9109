import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import type { Counters } from '../../src/probe/counters'
import { Child } from '../support/child'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

interface Told {
  before: string[]
  threadsBefore: number
  threadsAfter: number
  minor: number
  major: number
  again: Counters
  copy: Counters
  sameObject: boolean
  grown: number
  cycles: number
  frozen: boolean
}

// Both probes write the same block, so both must keep the same promises.
describe.each([
  ['native', {}],
  ['perf_hooks', { OFFLOOP_NATIVE: '0' }],
])('synchronous counters, %s probe', (source, env) => {
  test('are plain numbers that count, cost no thread and no allocation, and never reset', async () => {
    const child = new Child('counters.cjs', { execArgv: ['--expose-gc'], env })
    const told = await child.next<Told>()

    expect(told.before).toEqual(told.before.map(() => 'NaN'))
    expect(told.threadsAfter).toBe(told.threadsBefore)
    expect(told.sameObject).toBe(true)
    expect(told.copy).toEqual(told.again)
    expect(told.frozen).toBe(true)
    // One heap number a read would be 12 MB at least; V8 itself may grow the heap a little meanwhile.
    expect(told.cycles).toBe(0)
    expect(told.grown).toBeLessThan(1_000_000)
    // perf_hooks hands its entries over in a later turn.
    expect([told.minor, told.major]).toEqual(source === 'native' ? [1, 1] : [0, 0])
  })
})

test('no collection falls between two figures of a copy', async () => {
  const told = await new Child('consistent-reads.cjs').next<{ torn: number; cycles: number }>()
  expect(told.cycles).toBeGreaterThan(10)
  expect(told.torn).toBe(0)
})

test('the indices of the block are fields to V8 and no dictionary, which would make each read ten times as long', () => {
  const script = `console.log(%HasFastProperties(require('./dist/bundle/main.js')._modules.probe_layout.Slot))`
  const args = ['--allow-natives-syntax', '-e', script]
  expect(execFileSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' })).toBe('true\n')
})
