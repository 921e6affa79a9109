// How far the bytes that we call allocated are from what a program allocated, for each pattern of
// test/fixtures/heap-accounting.cjs. Writes the table of docs/accuracy.md:
//
//   node benchmarks/bytes.mjs
import { onEveryNode, toldBy } from './support/every-node.mjs'

const PATTERNS = [
  'small objects',
  'survivors',
  'arrays',
  'strings',
  'KB arrays',
  '100 KB arrays',
  'MB arrays',
]
const ALLOCATED = 'nodejs_heap_allocated_bytes_total'

const cases = [
  ...PATTERNS.map((pattern) => ({ pattern, thread: 'main' })),
  { pattern: 'arrays', thread: 'worker' },
]

await onEveryNode({ name: 'bytes', page: 'accuracy', cases, rounds: 2 }, async (bin, options) => {
  const { before, after, truth } = await toldBy(bin, 'heap-accounting.cjs', { arg: JSON.stringify(options) })
  return { truth, allocated: after[ALLOCATED] - before[ALLOCATED] }
})
