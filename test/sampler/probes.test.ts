import { describe, expect, test } from 'vitest'
import { dist } from '../dist'

const { ObservedProbe, observe, probeClockNs } =
  dist<typeof import('../../src/sampler/probes')>('sampler/probes.js')
const { Slot } = dist<typeof import('../../src/probe/layout')>('probe/layout.js')
const { BlockWriter } = dist<typeof import('../../src/probe/block')>('probe/block.js')

function attachedAt(atNs: number) {
  const block = new BlockWriter()
  block.set('attachedAtNs', atNs)
  const probe = new ObservedProbe('main', 'native', block.memory)
  probe.read()
  return { block, probe }
}

describe('an answer that still holds', () => {
  test('is as young as the look that found so, and is not waited for', async () => {
    const { block, probe } = attachedAt(1_000)
    block.set('sampledAtNs', 2_000)
    block.set('answeredRequest', 1)
    let asked = 0
    const probes = {
      list: () => [probe],
      generation: () => 0,
      endedTotals: () => new Float64Array(0),
      readIdle: () => {},
      heapSpaces: [],
      request() {
        asked++
        probe.confirm(probeClockNs())
        return { request: 2, current: new Set([probe]) }
      },
    }
    const before = probeClockNs()
    await observe(probes, 0, 60_000)
    expect(asked).toBe(1)
    expect(probe.slots[Slot.sampledAtNs]).toBeGreaterThanOrEqual(before)
    expect(probe.block.get('sampledAtNs')).toBe(2_000)
    await observe(probes, 60_000, 60_000)
    expect(asked).toBe(1)
  })
})

describe('a loop’s time', () => {
  test('is not known before it was read', () => {
    const { probe } = attachedAt(1_000)
    expect([probe.activeNs, probe.idleNs]).toEqual([Number.NaN, Number.NaN])
    probe.waited(Number.NaN, 5_000)
    expect([probe.activeNs, probe.idleNs]).toEqual([Number.NaN, Number.NaN])
  })

  test('goes by the clock that was read before it', () => {
    const { probe } = attachedAt(1_000)
    probe.waited(300, 1_500)
    expect([probe.activeNs, probe.idleNs]).toEqual([200, 300])
    // Idle all the time, and its reader was held up for 150 after it had looked at the clock.
    probe.waited(650, 1_700)
    expect([probe.activeNs, probe.idleNs]).toEqual([200, 650])
    probe.waited(700, 1_950)
    expect([probe.activeNs, probe.idleNs]).toEqual([250, 700])
  })

  test('does not go back to that of an answer where the thread can be asked no more', () => {
    const { block, probe } = attachedAt(1_000)
    block.set('loopIdleNs', 100)
    block.set('sampledAtNs', 1_400)
    probe.read()
    expect([probe.activeNs, probe.idleNs]).toEqual([300, 100])
    probe.waited(500, 2_000)
    probe.read()
    expect([probe.activeNs, probe.idleNs]).toEqual([500, 500])
  })
})
