import { expect, test } from 'vitest'
import { Child } from '../support/child'

// The estimate against the nodes of a heap snapshot, which is the exact count. `fresh` rests on the density of a fresh
// heap alone (native/heap_objects.h), the others on V8's sampling profiler with some 30 samples. It is a lower bound:
// optimised code allocates an order with its lines at once, and the profiler sees one object where there are five.
test.concurrent.each([
  ['fresh', 0.8, 1.25],
  ['json', 0.4, 1.4],
  ['classes', 0.15, 1.4],
])('%s: between %f and %f of the truth', async (workload, least, most) => {
  const child = new Child('heap-objects.cjs', { args: [workload], execArgv: ['--expose-gc'] })
  const { estimate, nodes } = await child.next<{ estimate: number; nodes: number }>()
  expect(estimate / nodes).toBeGreaterThan(least)
  expect(estimate / nodes).toBeLessThan(most)
  expect((await child.exited).code).toBe(0)
})
