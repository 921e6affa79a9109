import { describe, expect, test } from 'vitest'
import type { Binding } from '../../src/probe/binding'
import { dist } from '../dist'

const { NativeProbes, ObservedProbe, observe, probeClockNs } =
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

describe('a thread that lost its CPU in the midst of its first update', () => {
  /** As the addon shows it: `atNs` is when it began, and its loop has waited. */
  function inUpdate(atNs: number) {
    const block = new BlockWriter()
    const sequence = new Int32Array(block.memory)
    Atomics.add(sequence, 0, 1)
    block.set('attachedAtNs', atNs)
    const binding: Partial<Binding> = {
      heapSpaces: () => [],
      generation: () => 1,
      probes: () => [{ id: 7, threadId: 1, threadName: '', memory: block.memory, osThreadId: 0 }],
      idleNs: () => new Float64Array([7, 300]),
      endedTotals: () => new Float64Array(0),
      requestOutdated: () => new Float64Array([1]),
    }
    return { probes: new NativeProbes(binding as Binding), close: () => Atomics.add(sequence, 0, 1) }
  }

  test('is waited for', async () => {
    const atNs = probeClockNs() - 1e6
    const { probes, close } = inUpdate(atNs)
    setTimeout(close, 20)
    const { probes: found, atNs: lookedAtNs } = await observe(probes, 60_000, 0)
    expect(found).toEqual(probes.list())
    expect(found[0]?.slots[Slot.attachedAtNs]).toBe(atNs)
    expect(found[0]?.activeNs).toBeLessThanOrEqual(lookedAtNs - atNs - 300)
  })

  test('is left out where it does not go on: nothing is known of it, not even when it began', async () => {
    const { probes, close } = inUpdate(probeClockNs() - 1e6)
    expect((await observe(probes, 60_000, 0)).probes).toEqual([])
    close()
    const [probe, ...others] = (await observe(probes, 60_000, 0)).probes
    expect(others).toEqual([])
    // Since it began, and not since the clock did.
    expect(probe?.activeNs).toBeLessThan(60e9)
    expect(probe?.idleNs).toBe(300)
  })
})
