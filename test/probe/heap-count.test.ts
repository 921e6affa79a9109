import { describe, expect, test } from 'vitest'
import type { HeapCount, HeapCountEstimate } from '../../src/probe/heap-count'
import { makeCgroup } from '../support/cgroup'
import { Child, type Exit } from '../support/child'

interface Thrown {
  readonly name: string
  readonly code: string
  readonly message: string
  readonly option?: string
  readonly own: boolean
}

async function told<T>(situation: string, env = {}, ...args: string[]): Promise<{ told: T; exit: Exit }> {
  const child = new Child('heap-count.cjs', { args: [situation, ...args], execArgv: ['--expose-gc'], env })
  const message = await child.next<T>()
  const exit = await child.exited
  expect(exit.code).toBe(0)
  return { told: message, exit }
}

describe('countHeapObjects', () => {
  // Workloads of heap-objects.cjs.
  test.each(['json', 'strings', 'closures'])(
    'agrees with a heap snapshot, and counts on after one: %s',
    async (workload) => {
      const rounds = (await told<{ count: HeapCount; nodes: number }[]>('exact', {}, workload)).told
      const [first, ...later] = rounds.map(({ count, nodes }) => count.objects - nodes)
      // The first snapshot collects more thoroughly than a count does, and loads what it needs.
      expect(Math.abs(first as number)).toBeLessThan(3_000)
      for (const difference of later) expect(Math.abs(difference)).toBeLessThan(200)
      for (const { count, nodes } of rounds) {
        expect(nodes).toBeGreaterThan(150_000)
        expect(count.bytes).toBeGreaterThan(5_000_000)
        expect(count.pauseMs).toBeGreaterThan(0)
      }
    },
    180_000,
  )

  test('grows by as many objects as were made', async () => {
    const { none, many } = (await told<{ none: number; many: number }>('grows')).told
    expect(Math.abs(none)).toBeLessThan(500)
    expect(Math.abs(many - 200_000)).toBeLessThan(500)
  })

  test('says before it starts how long it will take, on stderr or to whoever asks', async () => {
    const { told: said, exit } = await told<{
      estimates: HeapCountEstimate[]
      told: HeapCount
      aloud: HeapCount
      refused: Thrown
    }>('says')
    const [estimate, ...more] = said.estimates
    expect(more).toEqual([])
    expect(estimate?.estimatedPauseMs).toBeGreaterThan(0)
    expect(estimate?.estimatedBytes).toBeGreaterThan(said.told.objects * 55)
    expect(said.told.estimatedPauseMs).toBe(estimate?.estimatedPauseMs)
    expect(exit.stderr).toBe(
      `offloop: counting heap objects stops this thread for about ${said.aloud.estimatedPauseMs} ms\n`,
    )
    expect(said.refused).toMatchObject({ name: 'RangeError', message: 'not now' })
  })

  test('refuses a pause that is too long, and a lack of memory', async () => {
    const { pause, memory } = (await told<{ pause: Thrown; memory: Thrown }>('refuses')).told
    for (const { name, code, own } of [pause, memory]) {
      expect({ name, code, own }).toEqual({ name: 'OffloopError', code: 'ERR_OFFLOOP_HEAP_COUNT', own: true })
    }
    expect(pause.message).toMatch(/stop the thread for about \d+ ms, and maxPauseMs is 1$/)
    expect(memory.message).toMatch(/take about \d+ MB of memory, and 1 MB are available$/)
  })

  type Size = { announced: number; ran: number; pauseMs: number; objects: number }

  test.each(['small', 'large'])(
    'the first count announces a third of what the thread runs for it, or more, and no more than 12 times that: %s heap',
    async (size) => {
      const { announced, ran, pauseMs } = (await told<Size>(size)).told
      expect(announced).toBeGreaterThan(ran / 3)
      expect(announced).toBeLessThan(ran * 12)
      // Within a tick of the kernel's account.
      expect(pauseMs).toBeGreaterThan(ran - 10)
    },
    60_000,
  )

  // By the clock, however busy the machine is, as long as it stays so.
  test('later ones announce what the last one found', { retry: 2, timeout: 120_000 }, async () => {
    const sizes = (await told<Size[]>('announces')).told
    expect(sizes).toHaveLength(4)
    for (const { announced, pauseMs } of sizes.slice(1)) {
      expect(announced).toBeGreaterThan(pauseMs / 3)
      expect(announced).toBeLessThan(pauseMs * 3)
    }
  })

  test("refuses where the container's memory would not suffice, by a real cgroup", async ({ skip }) => {
    const cgroup = makeCgroup()
    if (cgroup === undefined) {
      if (process.env.CI) expect.fail('this machine lets nobody make a cgroup: root, and cgroups mounted rw?')
      skip('takes root, and cgroups that are not mounted read-only')
      return
    }
    const child = new Child('heap-count.cjs', { args: ['limited'], execArgv: ['--expose-gc'] })
    await child.next()
    cgroup.setLimit(100 * 2 ** 20)
    cgroup.add(child.process.pid as number)
    child.send('with 100 MiB')
    const { code, message } = await child.next<Thrown>()
    expect(code).toBe('ERR_OFFLOOP_HEAP_COUNT')
    expect(Number(/ (\d+) MB are available$/.exec(message)?.[1])).toBeLessThanOrEqual(105)
    cgroup.setLimit(2 ** 31)
    child.send('with 2 GiB')
    expect((await child.next<HeapCount>()).objects).toBeGreaterThan(1_000_000)
  })

  test('names a bad option', async () => {
    const thrown = (await told<Thrown[]>('options')).told
    expect(thrown.map(({ name, code, option }) => [name, code, option])).toEqual([
      ['TypeError', 'ERR_OFFLOOP_INVALID_OPTION', 'maxPauseMs'],
      ['RangeError', 'ERR_OFFLOOP_INVALID_OPTION', 'maxPauseMs'],
      ['TypeError', 'ERR_OFFLOOP_INVALID_OPTION', 'onEstimate'],
      ['TypeError', 'ERR_OFFLOOP_INVALID_OPTION', 'maxPause'],
      ['TypeError', 'ERR_OFFLOOP_INVALID_OPTION', 'options'],
    ])
  })

  test('needs the addon, and says why there is none', async () => {
    const thrown = (await told<Thrown>('fallback', { OFFLOOP_NATIVE: '0' })).told
    expect(thrown).toMatchObject({ name: 'OffloopError', code: 'ERR_OFFLOOP_NO_ADDON', own: true })
    expect(thrown.message).toContain('OFFLOOP_NATIVE=0 is set')
  })

  test('stands back while an inspector tracks heap objects, and counts afterwards', async () => {
    const { during, after } = (await told<{ during: Thrown; after: number }>('tracked')).told
    expect(during).toMatchObject({ code: 'ERR_OFFLOOP_HEAP_COUNT', own: true })
    expect(during.message).toContain('an inspector is tracking')
    expect(after).toBeGreaterThan(20_000)
  })

  test('counts the calling thread alone', async () => {
    const { main, worker } = (await told<{ main: number; worker: number }>('worker')).told
    expect(worker).toBeGreaterThan(10_000)
    expect(worker).toBeLessThan(main + 50_000)
  })
})
