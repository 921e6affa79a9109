import { afterAll, beforeAll, expect, test } from 'vitest'
import type { SlotName } from '../../src/probe/layout'
import { Child } from '../support/child'
import { readTrace } from '../support/trace-gc'
import { buildWeakCallbacks } from '../support/weak-callbacks'

interface Told {
  readonly slots: Record<SlotName, number>
  readonly attachedAt: number
  readonly readAt: number
  readonly startedAt: readonly number[]
  readonly counts: readonly [collected: number, finalized: number]
}

let addon: ReturnType<typeof buildWeakCallbacks>
// A compiler on a machine that does much else.
beforeAll(() => {
  addon = buildWeakCallbacks()
}, 300_000)
afterAll(() => addon.remove())

// Where V8 collects inside its clean-up after a collection, edges nest. Each cycle counts once, and no pause stays open.
test.each([
  ['second-pass weak callbacks', 'drop'],
  ['finalizers of Node-API', 'finalize'],
])(
  'collections in %s are counted as V8 traces them',
  async (_, how) => {
    const child = new Child('weak-callbacks.cjs', {
      args: [addon.file, how],
      execArgv: ['--expose-gc', '--trace-gc-nvp'],
    })
    const { slots, attachedAt, readAt, startedAt, counts } = await child.next<Told>()
    const { code, signal, stdout, stderr } = await child.exited
    expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' })
    expect(counts).toEqual(how === 'drop' ? [60, 0] : [0, 60])
    expect(new Set(startedAt)).toEqual(new Set([0]))

    const truth = readTrace(stdout, attachedAt, readAt)
    expect(truth.minor).toBeGreaterThanOrEqual(30)
    expect(truth.major).toBeGreaterThanOrEqual(30 + 20)
    expect([slots.gcMinorCycles, slots.gcMajorCycles]).toEqual([truth.minor, truth.major])
    expect(slots.gcCycles).toBe(truth.minor + truth.major)
    expect(slots.gcPauseNs).toBe(slots.gcMinorPauseNs + slots.gcMajorPauseNs)
  },
  60_000,
)
