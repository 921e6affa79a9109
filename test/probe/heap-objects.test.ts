import { expect, test } from 'vitest'
import { Child } from '../support/child'

// The estimate against the nodes of a heap snapshot, which is the exact count. `fresh` rests on the density of a fresh
// heap alone (native/heap_objects.h), the others on V8's sampling profiler with some 60 samples. It is a lower bound:
// optimised code allocates an order with its lines at once, and the profiler sees one object where there are five.
const BOUNDS: readonly [workload: string, least: number, most: number][] = [
  ['fresh', 0.8, 1.25],
  ['json', 0.4, 1.6],
  ['classes', 0.15, 1.4],
]

async function ratioOf(workload: string): Promise<number> {
  const child = new Child('heap-objects.cjs', { args: [workload], execArgv: ['--expose-gc'] })
  const { estimate, nodes } = await child.next<{ estimate: number; nodes: number }>()
  expect((await child.exited).code).toBe(0)
  return estimate / nodes
}

// In one test, since each of them waits 10 s for the profile to be read.
test('the estimate is near the truth, or below it', async () => {
  const ratios = await Promise.all(BOUNDS.map(([workload]) => ratioOf(workload)))
  BOUNDS.forEach(([workload, least, most], i) => {
    expect(ratios[i], workload).toBeGreaterThan(least)
    expect(ratios[i], workload).toBeLessThan(most)
  })
}, 120_000)
