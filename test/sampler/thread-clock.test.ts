import { expect, test } from 'vitest'
import { dist } from '../dist'

const { runnableNs, threadTime, wantsCpu } =
  dist<typeof import('../../src/sampler/thread-clock')>('sampler/thread-clock.js')

function park(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

test('stands still while a thread sleeps, and runs while it works', () => {
  // The first thread of a process has its number.
  const time = () => runnableNs(threadTime(process.pid))
  const before = time()
  const until = performance.now() + 100
  while (performance.now() < until);
  const worked = time() - before
  expect(worked).toBeGreaterThan(80e6)
  park(200)
  expect(time() - before - worked).toBeLessThan(100e6)
})

test('one that runs wants a CPU, and one that sleeps does not', async () => {
  expect(wantsCpu(process.pid)).toBe(true)
  const { Worker } = await import('node:worker_threads')
  const worker = new Worker(
    `const { parentPort, workerData } = require('node:worker_threads')
    const { wantsCpu } = require(workerData.module)
    const seen = new Set()
    for (const end = Date.now() + 20_000; Date.now() < end && seen.size < 2; ) seen.add(wantsCpu(workerData.pid))
    parentPort.postMessage([...seen])`,
    {
      eval: true,
      workerData: { module: require.resolve('../../dist/sampler/thread-clock.js'), pid: process.pid },
    },
  )
  const answer = new Promise((resolve) => worker.once('message', resolve))
  // It runs while it starts the thread.
  for (const end = performance.now() + 300; performance.now() < end; );
  park(500)
  expect(await answer).toContain(false)
  await worker.terminate()
})

test('a thread that is not there has none', () => {
  expect(threadTime(0)).toEqual({ onCpuNs: Number.NaN, inQueueNs: Number.NaN })
  expect(runnableNs(threadTime(2 ** 30))).toBeNaN()
  expect(wantsCpu(0)).toBe(false)
})
