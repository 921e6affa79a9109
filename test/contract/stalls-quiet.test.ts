import { describe, expect, test } from 'vitest'
import { Child } from '../support/child'
import { listStalls, pause, scrapeStalls, WORKER, whenStalled } from '../support/stalls'

// What is no stall is not called one.

async function started(given: object): Promise<{ child: Child; url: string }> {
  const child = new Child('stall-threads.cjs', { args: [JSON.stringify(given)] })
  const { url } = await child.next<{ url: string }>()
  return { child, url }
}

describe('no false alarm', () => {
  test('of an idle process', async () => {
    const { url } = await started({ options: { stall: { thresholdMs: 200 } } })
    await pause(300)
    const { total } = await scrapeStalls(url)
    // Fifteen thresholds. A machine that is busy may have held up its start.
    await pause(3_000)
    expect((await scrapeStalls(url)).total).toBe(total)
    expect((await listStalls(url)).thresholdMs).toBe(200)
  })

  test('of one that is busy and healthy', async () => {
    const { url } = await started({ load: 'busy' })
    await pause(10_000)
    expect(await scrapeStalls(url)).toMatchObject({ total: 0, stalled: 0 })
  })

  const workers = { parked: 'parked', seldom: 'seldom', idle: 'idle' }
  test.each([
    [undefined, {}],
    ['busy', {}],
    ['busy', { workers, options: { stall: { workers: true } } }],
  ])('of one that is stopped for longer than the threshold (load: %s, %j)', async (load, given) => {
    const { child, url } = await started({ load, ...given })
    for (let round = 0; round < 3; round++) {
      await pause(333)
      child.kill('SIGSTOP')
      await pause(2_500)
      child.kill('SIGCONT')
    }
    await pause(1_500)
    expect(await scrapeStalls(url)).toMatchObject({ total: 0, stalled: 0 })
    expect((await listStalls(url)).stalls).toEqual([])
  })

  test('of workers that are parked, or idle, or parked most of the time, and of a pool', async () => {
    const { url } = await started({ workers, pool: true, options: { stall: { workers: true } } })
    await pause(6_000)
    const text = await (await fetch(`${url}/metrics`)).text()
    const totals = text.match(/^nodejs_eventloop_stalls_total\{.*$/gm) ?? []
    // Main, three workers, two of the pool.
    expect(totals).toHaveLength(6)
    expect(totals.filter((line) => !line.endsWith(' 0'))).toEqual([])
  })
})

describe('nothing is watched', () => {
  test.each([
    ['where stall is false', { options: { stall: false } }, {}],
    ['where there is no addon', {}, { OFFLOOP_NATIVE: '0' }],
  ])('%s', async (_, given, env) => {
    const child = new Child('stall-threads.cjs', { args: [JSON.stringify(given)], env })
    const { url } = await child.next<{ url: string }>()
    child.send({ blockMs: 1_500 })
    await pause(1_300)
    expect(await scrapeStalls(url)).toMatchObject({ total: undefined, stalled: undefined })
    expect(await listStalls(url)).toEqual({ thresholdMs: null, stalls: [] })
  })

  test('of workers, where nobody asked for them', async () => {
    const { url } = await started({ workers: { stuck: 'spinning' } })
    await pause(3_000)
    expect(await scrapeStalls(url)).toMatchObject({ total: 0 })
    expect(await scrapeStalls(url, WORKER)).toMatchObject({ total: undefined })
  })
})

test('a stall goes on being one after the process was stopped in it', async () => {
  const { child, url } = await started({})
  child.send({ blockMs: 6_000 })
  const from = Date.now()
  expect((await whenStalled(url)).stalled).toBe(1)
  child.kill('SIGSTOP')
  await pause(2_000)
  child.kill('SIGCONT')
  expect(await scrapeStalls(url)).toMatchObject({ total: 1, stalled: 1 })
  const { stall } = await child.next<{ stall: { durationMs: number } }>()
  // Of the time that it lasted, those two seconds are not counted.
  const elapsedMs = Date.now() - from
  expect(stall.durationMs).toBeLessThan(elapsedMs - 1_500)
})

test('nor is that of a worker two', async () => {
  const { child, url } = await started({
    workers: { stuck: 'spinning' },
    options: { stall: { workers: true } },
  })
  expect((await whenStalled(url, undefined, WORKER)).stalled).toBe(1)
  for (let round = 0; round < 2; round++) {
    await pause(300)
    child.kill('SIGSTOP')
    await pause(2_000)
    child.kill('SIGCONT')
  }
  await pause(1_500)
  const { stalls } = await listStalls(url)
  expect(stalls).toMatchObject([{ id: 1, ongoing: true, cause: 'code' }])
  // Of some eight seconds.
  expect(stalls[0]?.durationMs).toBeLessThan(Date.now() - (stalls[0]?.startedAt as number) + 100)
})
