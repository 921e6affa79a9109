// How far the estimate of heap objects is from the exact count, for each workload of
// test/fixtures/heap-objects.cjs. Writes the table of docs/heap-objects.md:
//
//   node benchmarks/heap-objects.mjs
import { onEveryNode, toldBy } from './support/every-node.mjs'

const UNFOLDED = ['fresh', 'json', 'rows', 'maps', 'strings', 'buffers', 'wide']
const FOLDED = ['literals', 'closures', 'classes', 'doubles']

// Side by side, since each of them waits 10 s for the profile to be read.
const cases = [...UNFOLDED, ...FOLDED].map((workload) => ({ workload }))
await onEveryNode(
  { name: 'heap-objects', page: 'heap-objects', cases, rounds: 3, sideBySide: true },
  (bin, { workload }) => toldBy(bin, 'heap-objects.cjs', { arg: workload }),
)
