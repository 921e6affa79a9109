import { expect, test } from 'vitest'
import { Child } from '../support/child'

// The estimate against the nodes of a heap snapshot, which is the exact count. `fresh` rests on the density of a fresh
// heap alone (native/heap_objects.h), the others on 40 to 120 samples of V8's sampling profiler. docs/heap-objects.md
// has what was measured; the bounds leave room for the chance that is in so few samples.
const UNFOLDED: readonly [workload: string, least: number, most: number][] = [
  ['fresh', 0.8, 1.25],
  ['json', 0.6, 1.6],
  ['rows', 0.45, 1.8],
  ['maps', 0.6, 1.6],
  ['strings', 0.55, 1.8],
  ['buffers', 0.55, 1.6],
  ['wide', 0.6, 1.6],
]

// Uncorrected, folding leaves 0.19 to 0.79 of the truth here, 0.28 to 0.44 in the geometric mean of the four.
const FOLDED = ['literals', 'classes', 'doubles', 'closures']
const FOLDED_LEAST = 0.15
const FOLDED_MOST = 2
const FOLDED_LEAST_MEAN = 0.5

async function ratioOf(workload: string): Promise<number> {
  const child = new Child('heap-objects.cjs', { args: [workload], execArgv: ['--expose-gc'] })
  const { estimate, nodes } = await child.next<{ estimate: number; nodes: number }>()
  expect((await child.exited).code).toBe(0)
  return estimate / nodes
}

// In one test, since each of them waits 10 s for the profile to be read.
test('the estimate is near the truth, folded allocations included', async () => {
  const unfolded = await Promise.all(UNFOLDED.map(([workload]) => ratioOf(workload)))
  UNFOLDED.forEach(([workload, least, most], i) => {
    expect(unfolded[i], workload).toBeGreaterThan(least)
    expect(unfolded[i], workload).toBeLessThan(most)
  })
  const folded = await Promise.all(FOLDED.map(ratioOf))
  FOLDED.forEach((workload, i) => {
    expect(folded[i], workload).toBeGreaterThan(FOLDED_LEAST)
    expect(folded[i], workload).toBeLessThan(FOLDED_MOST)
  })
  const mean = Math.exp(folded.reduce((sum, ratio) => sum + Math.log(ratio), 0) / folded.length)
  expect(mean, folded.join()).toBeGreaterThan(FOLDED_LEAST_MEAN)
}, 180_000)
