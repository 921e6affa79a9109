import { expect, test } from 'vitest'
import { Child } from '../support/child'
import { fixtureAddon } from '../support/fixture-addon'

interface Measured {
  readonly scavenges: number
  /** By what was allocated. */
  readonly allocated: number
  readonly unaccounted: number
  readonly epilogueNs: number
}

const addon = fixtureAddon('counter-slot')

test('the end of a scavenge costs no look at the heap, and where others take V8’s counter the bytes are the same', async () => {
  const child = new Child('counter-slot.cjs', {
    args: [addon.file],
    execArgv: ['--expose-gc', '--max-semi-space-size=1'],
  })
  const { given, taken } = await child.next<{ given: Measured; taken: Measured }>()
  expect((await child.exited).code).toBe(0)
  for (const { scavenges, allocated, unaccounted } of [given, taken]) {
    expect(scavenges).toBeGreaterThan(20)
    // On a busy machine the code is optimised late, and allocates some more until then.
    expect(Math.abs(allocated - 1)).toBeLessThan(0.05)
    expect(Math.abs(unaccounted)).toBeLessThan(1e6)
  }
  expect(taken.epilogueNs).toBeGreaterThan(2 * given.epilogueNs)
}, 60_000)
