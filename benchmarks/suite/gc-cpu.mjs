import { compare } from '../harness/compare.mjs'
import { median } from '../harness/statistics.mjs'
import { GC_CONTENDERS, NOTHING, OURS } from './contenders.mjs'

const SETUPS = ['offloop, attached', 'offloop, lean', ...GC_CONTENDERS]
const MEASURE = 'CPU a collection, more'
const HEAPS = [
  { group: 'small heap', megabytes: 0 },
  { group: '100 MB heap', megabytes: 100 },
]

/** @type {Record<string, string>} */
const REASONS = {
  [MEASURE]:
    'with the defaults we look at the size of the heap at both edges of each collection, for the bytes allocated and reclaimed, which these do not have (`heapAccounting: false` goes without)',
}

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export const gcCpu = {
  name: 'gc-cpu',
  question: 'what the main thread pays for a collection more than without anything',
  method: [
    'CPU time of the main thread, by the kernel, for the same pieces of work with real allocation; what a piece takes more than without any tool, by its collections. The young generation is 1 MB, so that there is little work between two scavenges to hide their cost in.',
  ],
  rounds: 6,
  seconds: 120,
  variants: variantsOf(HEAPS),
  figures: (trials) => figuresOf(trials, HEAPS),
  plots: [
    {
      file: 'gc-cpu',
      title: 'Main-thread CPU a collection, more than without a tool (small heap)',
      measure: MEASURE,
      group: 'small heap',
    },
  ],
  reasons: REASONS,
}

/** The same on a heap that takes seconds to build, so in fewer rounds. @type {import('../harness/benchmark.mjs').Benchmark} */
export const gcCpuLarge = (() => {
  const heaps = [{ group: '2 GB heap', megabytes: 2000 }]
  return {
    name: 'gc-cpu-2gb',
    question: 'what it pays on a heap of 2 GB',
    rounds: 2,
    seconds: 85,
    variants: variantsOf(heaps),
    figures: (trials) => figuresOf(trials, heaps),
    reasons: REASONS,
  }
})()

/** @param {readonly { group: string, megabytes: number }[]} heaps */
function variantsOf(heaps) {
  return heaps.flatMap(({ group, megabytes }) =>
    [NOTHING, ...SETUPS].map((name) => ({
      name: `${name}, ${group}`,
      trial: 'gc-cpu.mjs',
      args: [name, String(megabytes)],
      nodeArgs: ['--max-semi-space-size=1'],
    })),
  )
}

/** @param {import('../harness/trials.mjs').Trials} trials @param {readonly { group: string }[]} heaps */
function figuresOf(trials, heaps) {
  return heaps.flatMap(({ group }) => [
    {
      name: `the work and its collection, ${group}`,
      estimate: trials.median(`${NOTHING}, ${group}`, microsecondsACycle),
      unit: 'µs',
      note: 'without any tool',
    },
    ...compare(trials, SETUPS, {
      measure: MEASURE,
      unit: 'µs',
      group,
      pick: microsecondsACycle,
      variantOf: (name) => `${name}, ${group}`,
      less: () => `${NOTHING}, ${group}`,
      references: [OURS],
    }),
  ])
}

/** @param {{ cpuNs: number[], cyclesPerPiece: number }} result */
function microsecondsACycle({ cpuNs, cyclesPerPiece }) {
  return median(cpuNs) / cyclesPerPiece / 1e3
}
