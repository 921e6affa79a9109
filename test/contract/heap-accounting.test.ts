import { describe, expect, test } from 'vitest'
import { Child } from '../support/child'

type Values = Record<string, number>
interface Told {
  before: Values
  after: Values
  truth: number
  grown: number
  usedAfter: number
}

async function told(options: object): Promise<Told> {
  const child = new Child('heap-accounting.cjs', {
    args: [JSON.stringify(options)],
    execArgv: ['--expose-gc'],
  })
  const message = await child.next<Told>()
  expect((await child.exited).code).toBe(0)
  return message
}

const growth = ({ before, after }: Told, name: string): number =>
  (after[name] as number) - (before[name] as number)

describe('bytes of the V8 heap', () => {
  test('allocated is what was allocated, within 1%, and less reclaimed what the heap has grown', async () => {
    const run = await told({})
    for (const scope of ['nodejs', 'nodejs_process']) {
      const allocated = growth(run, `${scope}_heap_allocated_bytes_total`)
      const reclaimed = growth(run, `${scope}_heap_reclaimed_bytes_total`)
      expect(Math.abs(allocated / run.truth - 1)).toBeLessThan(0.01)
      // Between the two readings lie the batches themselves.
      expect(Math.abs(allocated - reclaimed - run.grown)).toBeLessThan(4e6)
    }
  })

  test('live is what is left after the last major collection, and its age is known', async () => {
    const { after, usedAfter } = await told({})
    expect(Math.abs((after.nodejs_heap_live_bytes as number) / usedAfter - 1)).toBeLessThan(0.05)
    expect(after.nodejs_gc_last_major_age_seconds).toBeGreaterThan(0)
    expect(after.nodejs_gc_last_major_age_seconds).toBeLessThan(30)
  })

  test('heapAccounting: false has none of it', async () => {
    const { after } = await told({ heapAccounting: false })
    expect(Object.keys(after).filter((name) => /allocated|reclaimed|live/.test(name))).toEqual([])
    expect(after.nodejs_heap_size_used_bytes).toBeGreaterThan(0)
  })

  test('switched off they are absent, not frozen; on again they go on, the ended thread included', async () => {
    const child = new Child('heap-accounting-switched.cjs', { execArgv: ['--expose-gc'] })
    const { on, off, offWithout, again } = await child.next<Record<string, Values>>()
    expect((await child.exited).code).toBe(0)
    const names = Object.keys(on as Values)
    // Allocated and reclaimed of two threads and of the process; live where a major collection was.
    expect(names).toHaveLength(7)
    expect(off).toEqual({})
    expect(offWithout).toEqual({})
    expect(Object.keys(again as Values).sort()).toEqual(names.filter((name) => !name.includes('#')).sort())
    for (const [name, value] of Object.entries(again as Values)) {
      if (name.includes('_total')) expect(value, name).toBeGreaterThanOrEqual(on?.[name] as number)
    }
  })
})
