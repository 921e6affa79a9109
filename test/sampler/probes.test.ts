import { describe, expect, test } from 'vitest'
import { dist } from '../dist'

const { ObservedProbe } = dist<typeof import('../../src/sampler/probes')>('sampler/probes.js')
const { BlockWriter } = dist<typeof import('../../src/probe/block')>('probe/block.js')

function attachedAt(atNs: number) {
  const block = new BlockWriter()
  block.set('attachedAtNs', atNs)
  const probe = new ObservedProbe('main', 'native', block.memory)
  probe.read()
  return { block, probe }
}

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
