import { expect, test } from 'vitest'
import { dist } from '../dist'

const { runnableNs } = dist<typeof import('../../src/sampler/thread-clock')>('sampler/thread-clock.js')

test('stands still while a thread sleeps, and runs while it works', async () => {
  // The first thread of a process has its number.
  const before = runnableNs(process.pid)
  const until = performance.now() + 100
  while (performance.now() < until);
  const worked = runnableNs(process.pid) - before
  expect(worked).toBeGreaterThan(80e6)
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200)
  expect(runnableNs(process.pid) - before - worked).toBeLessThan(100e6)
})

test('a thread that is not there has none', () => {
  expect(runnableNs(0)).toBeNaN()
  expect(runnableNs(2 ** 30)).toBeNaN()
})
