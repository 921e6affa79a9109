import workerThreads from 'node:worker_threads'
import { expect, test } from 'vitest'
import { Child } from '../support/child'

test.each([
  ['natural', 0],
  ['process.exit', 0],
  ['throws', 1],
  ['out-of-memory', 1],
])('a worker thread that ends by %s leaves its totals, no probe and no crash', async (way, code) => {
  const child = new Child('workers.cjs', { args: [way] })
  const told = await child.next<{ codes: number[]; counted: number; live: number; inProcess: number }>()
  expect(told.codes).toEqual([code, code, code, code])
  expect(told.live).toBe(1)
  expect(told.counted).toBeGreaterThanOrEqual(80)
  // What was collected after the last message counts too.
  expect(told.inProcess).toBeGreaterThanOrEqual(told.counted)
  expect(told.inProcess).toBeLessThan(told.counted + 80)
  expect((await child.exited).code).toBe(0)
})

test.each([
  ['require', 'thread.cjs'],
  ['import', 'thread.mjs'],
])('a worker thread is measured by %s of offloop/thread', async (_, file) => {
  const child = new Child('threads.cjs', { args: [file] })
  const told = await child.next<{
    ids: number[]
    series: Record<string, string[]>
    left: string[]
    inProcess: number
  }>()
  const threads = Object.keys(told.series)
  expect(threads).toHaveLength(3)
  const tellsNames = 'threadName' in workerThreads
  expect(threads.toSorted()).toEqual(
    [
      'main',
      ...['early', 'late'].map((name, index) => `${tellsNames ? name : 'worker'}#${told.ids[index]}`),
    ].sort(),
  )
  // Like the main one, but for its heap profiler, which nobody but its own thread may start.
  for (const thread of threads) {
    expect(told.series[thread], thread).toEqual(
      expect.arrayContaining([
        'nodejs_heap_size_used_bytes',
        'nodejs_heap_size_total_bytes',
        'nodejs_active_resources_total',
        'nodejs_gc_cycles_total,minor',
        'nodejs_gc_cycles_total,major',
        'nodejs_gc_pause_seconds_total,minor',
        'nodejs_gc_pause_seconds_total,major',
        'offloop_sample_age_seconds',
      ]),
    )
  }
  expect(told.left).toEqual(['main'])
  expect(told.inProcess).toBeGreaterThan(0)
  expect(await child.exited).toMatchObject({ code: 0, stderr: '' })
})

test('a worker thread has all the metrics that the main thread has', async () => {
  const child = new Child('worker-figures.cjs', { execArgv: ['--expose-gc'] })
  const { main, worker } = await child.next<{ main: string[]; worker: string[] }>()
  expect((await child.exited).code).toBe(0)
  // Told from 5 s on; where V8 has told one; of workers where they are watched.
  const sometimes = [
    'nodejs_eventloop_utilization',
    'nodejs_gc_reasons_total',
    'nodejs_eventloop_stalled',
    'nodejs_eventloop_stalls_total',
  ]
  const lasting = (names: string[]) => names.filter((name) => !sometimes.includes(name))
  expect(lasting(worker)).toEqual(lasting(main))
  expect(worker).toContain('nodejs_heap_live_bytes')
})
