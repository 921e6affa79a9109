import { expect, test } from 'vitest'
import { Child } from '../support/child'
import { parsePrometheus } from '../support/exposition'
import { freePort } from '../support/free-port'

interface Figures {
  readonly [name: string]: number
}

/** How many different moments they are, to within the clocks that were subtracted. */
const answersIn = (times: number[]): number =>
  times.filter((time, index) => index === 0 || time - (times[index - 1] as number) > 20).length
const median = (values: number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number

const run = (scenario: string) => new Child('pool.cjs', { args: [scenario] })

test('the figures of a pool are those that Piscina and the clock have', async () => {
  const child = run('figures')
  const told = await child.next<{
    first: Figures
    meanwhile: Figures
    utilization: number
    earlier: number
    tookMs: number
    last: Figures
    own: { completed: number; run: Record<string, number>; wait: Record<string, number> }
    after: Figures
    description: object
  }>()
  const { first, meanwhile, last, own } = told
  expect(first).toMatchObject({ 'queue_size,work': 0, 'threads,work': 2, 'idle_threads,work': 2 })
  expect(first['completed_total,work']).toBe(told.earlier)
  expect(told.utilization).toBeGreaterThan(0)
  expect(told.utilization).toBeLessThanOrEqual(1)

  // 40 tasks and one that fails, for 2 threads, which wait for our sign; one more was aborted in the queue.
  expect(meanwhile).toMatchObject({ 'queue_size,work': 39, 'idle_threads,work': 0 })

  expect(last).toMatchObject({
    'queue_size,work': 0,
    'idle_threads,work': 2,
    'completed_total,work': own.completed,
  })
  // The one that failed is among them, the one that was aborted in the queue is not.
  expect(own.completed - told.earlier).toBe(41)
  for (const [key, quantile] of [
    ['p50', '0.5'],
    ['p90', '0.9'],
    ['p99', '0.99'],
    ['p99_9', '0.999'],
  ]) {
    expect(last[`run_seconds,work,${quantile}`]).toBe((own.run[key as string] as number) / 1000)
    expect(last[`wait_seconds,work,${quantile}`]).toBe((own.wait[key as string] as number) / 1000)
  }
  // Seconds, and not milliseconds.
  expect(last['run_seconds,work,0.5']).toBeGreaterThanOrEqual(0.02)
  expect(last['run_seconds,work,0.5']).toBeLessThan(told.tookMs / 1000)
  expect(last['wait_seconds,work,0.9']).toBeGreaterThan(last['run_seconds,work,0.5'] as number)
  // What 40 tasks of 20 ms take at least, 1 % for the histogram's own coarseness; and what two threads can do at most,
  // but for Piscina, which gives a thread its next task before it takes the time of the last.
  const busy = (last['busy_seconds_total,work'] as number) - (first['busy_seconds_total,work'] as number)
  expect(busy).toBeGreaterThan(0.8 * 0.99)
  expect(busy).toBeLessThan(((2 * told.tookMs) / 1000) * 1.5)
  expect(last['utilization,work']).toBeGreaterThanOrEqual(0)
  expect(last['utilization,work']).toBeLessThanOrEqual(1)

  // A pool that keeps no times has none, rather than zeros.
  expect(Object.keys(last).filter((name) => name.includes('pool-'))).toHaveLength(4)
  expect(told.after).toEqual({})
  expect(told.description).toMatchObject({ type: 'gauge', unit: 'seconds' })
  expect(await child.exited).toMatchObject({ code: 0, stderr: '' })
})

test('a pool that is observed before start() waits for it, and for the next one', async () => {
  const [first, second] = await run('before-start').next<[string[], string[]]>()
  expect(first).toContain('queue_size,early')
  expect(second).toEqual(first)
})

test('what is no pool, or has a name that cannot be, is refused', async () => {
  expect(await run('refusals').next()).toEqual([
    'TypeError: offloop: observePool needs a pool of Piscina 5 or later',
    'TypeError: offloop: observePool needs a pool of Piscina 5 or later',
    'TypeError: offloop: observePool has no option nam; it has name',
    'TypeError: offloop: name of observePool must be a string that can be a label',
    'TypeError: offloop: a pool named a is observed already',
    'accepted',
  ])
})

test('threads that are parked in Atomics.wait have counters, and answer, by a line in their file', async () => {
  const { idle, ran, told } = await run('parked').next<{
    idle: number
    ran: number
    told: { thread: string; cycles: number; heapUsed: number; age: number; sampledAt: number }[][]
  }>()
  // All the while they were parked.
  expect([idle, ran]).toEqual([2, 0])
  for (const threads of told) {
    expect(threads).toHaveLength(2)
    for (const { cycles, heapUsed } of threads) {
      expect(cycles).toBeGreaterThan(0)
      expect(heapUsed).toBeGreaterThan(1_000_000)
    }
  }
  // The samples go over 3 s and more; one is taken each 100 ms, and each asks anew.
  for (const thread of [0, 1]) {
    const times = told.map((threads) => threads[thread]?.sampledAt as number)
    expect((times.at(-1) as number) - (times[0] as number)).toBeGreaterThanOrEqual(3_000)
    expect(answersIn(times)).toBeGreaterThanOrEqual(5)
    expect(median(told.map((threads) => threads[thread]?.age as number))).toBeLessThan(1)
  }
})

test('threads that are parked have counters, and answer, by an inherited preload', async () => {
  const port = await freePort()
  const child = new Child('pool.cjs', {
    args: ['preloaded'],
    execArgv: ['--require', 'offloop/register'],
    env: { OFFLOOP_SERVE: `127.0.0.1:${port}`, OFFLOOP_INTERVAL_MS: '100', OFFLOOP_SERVICE: 'pools' },
  })
  expect(await child.next()).toEqual({ idle: 2 })
  // The sampling thread may take longer to listen than the pool to start.
  const listening = async (): Promise<Response> => {
    for (;;) {
      const answer = await fetch(`http://127.0.0.1:${port}/metrics`).catch(() => undefined)
      if (answer !== undefined) return answer
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  const scrape = async () => {
    const families = parsePrometheus(await (await listening()).text())
    return (name: string, kind?: string) =>
      (families.get(name)?.samples ?? []).filter(
        ({ labels }) => labels.thread !== 'main' && labels.kind === kind,
      )
  }
  // They answer while they are parked: again and again, for more than 3 s.
  const told = new Map<string, { sampledAt: number; age: number }[]>()
  const parkedLong = () =>
    [...told.values()].filter(
      (times) => (times.at(-1)?.sampledAt as number) - (times[0]?.sampledAt as number) >= 3_000,
    )
  while (parkedLong().length < 2) {
    const find = await scrape()
    const cycles = find('nodejs_gc_cycles_total', 'minor')
    expect(cycles).toHaveLength(2)
    for (const { value, labels } of cycles) {
      expect(value).toBeGreaterThan(0)
      expect(labels.thread).toMatch(/^\w+#\d+$/)
    }
    expect(find('nodejs_heap_size_used_bytes')).toHaveLength(2)
    for (const { value, labels } of find('offloop_sample_age_seconds')) {
      const times = told.get(labels.thread as string) ?? []
      told.set(labels.thread as string, [...times, { sampledAt: Date.now() - 1_000 * value, age: value }])
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  for (const times of told.values()) {
    expect(answersIn(times.map(({ sampledAt }) => sampledAt))).toBeGreaterThanOrEqual(5)
    expect(median(times.map(({ age }) => age))).toBeLessThan(1)
  }
  child.send('end')
  expect((await child.exited).code).toBe(0)
})
