import { getHeapStatistics } from 'node:v8'
import { beforeEach, expect, test } from 'vitest'
import { dist } from '../dist'
import { ManualClock } from '../support/manual-clock'

const { CompilerMemory } = dist<typeof import('../../src/sampler/compiler-memory')>(
  'sampler/compiler-memory.js',
)

let clock: ManualClock
beforeEach(() => {
  clock = new ManualClock()
})

test('a turn in which V8 began to optimise something is followed by another, and no other one is', () => {
  let malloced = 100
  const memory = new CompilerMemory(clock, () => malloced)
  memory.begin()
  memory.end()
  expect(clock.pending).toBe(0)
  malloced = 200
  memory.end()
  expect(clock.pending).toBe(1)
  // What V8 keeps for good is no reason for a third.
  memory.begin()
  memory.end()
  expect(clock.pending).toBe(1)
  malloced = 150
  memory.end()
  expect(clock.pending).toBe(1)
})

test('keeps no thread for turns that did not begin', () => {
  new CompilerMemory(clock).end()
  expect(clock.pending).toBe(0)
})

test('V8 shows what it compiles with, and gives it back in the next turn', async () => {
  const malloced = () => getHeapStatistics().malloced_memory
  const memory = new CompilerMemory(clock)
  // Other functions may be under way, of the test runner.
  for (let attempt = 0; clock.pending === 0 && attempt < 20; attempt++) {
    const hot = new Function('text', 'let sum = 0; for (const one of text) sum += one.length; return sum')
    memory.begin()
    const end = performance.now() + 100
    while (clock.pending === 0 && performance.now() < end) {
      for (let i = 0; i < 1_000; i++) hot('a few letters')
      memory.end()
    }
  }
  expect(clock.pending).toBe(1)
  const during = malloced()
  await expect.poll(malloced, { timeout: 10_000 }).toBeLessThan(during)
})
