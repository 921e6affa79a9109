import { expect, test } from 'vitest'
import type { SlotName } from '../../src/probe/layout'
import { Child } from '../support/child'
import { readTrace } from '../support/trace-gc'
import { fixtureAddon } from '../support/fixture-addon'

interface Told {
  readonly slots: Record<SlotName, number>
  readonly attachedAt: number
  readonly readAt: number
  readonly startedAt: readonly number[]
  readonly counts: readonly [collected: number, finalized: number]
}

const addon = fixtureAddon('weak-callbacks')

// Inside its own clean-up V8 calls no callback of a collection, so nobody is told of one there: its time is in the pause
// around it, and V8's tracer alone counts it. What matters is that the edges around it are counted, and closed.
test.each([
  ['second-pass weak callbacks are all that V8 traces and its callbacks do not show', 'drop', 30],
  ['finalizers of Node-API are counted as V8 traces them', 'finalize', 0],
])(
  'collections in %s',
  async (_, how, untold) => {
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
    expect([slots.gcMinorCycles, slots.gcMajorCycles]).toEqual([truth.minor - untold, truth.major - untold])
    expect(slots.gcCycles).toBe(slots.gcMinorCycles + slots.gcMajorCycles)
    expect(slots.gcPauseNs).toBe(slots.gcMinorPauseNs + slots.gcMajorPauseNs)
  },
  60_000,
)
