import { compare } from '../harness/compare.mjs'
import { median } from '../harness/statistics.mjs'
import { GC_CONTENDERS, NOTHING, OURS } from './contenders.mjs'

const MEASURE = 'CPU a collection, more'
const BYTES = 'offloop, bytes only'
const SMALL = {
  setups: ['offloop, lean', BYTES, 'offloop, objects only', ...GC_CONTENDERS],
  heaps: [{ group: 'small heap', megabytes: 0 }],
}
// Those take seconds to build: one round, and a figure without an interval.
const LARGE = {
  setups: ['offloop, lean', ...GC_CONTENDERS],
  heaps: [
    { group: '100 MB heap', megabytes: 100 },
    { group: '2 GB heap', megabytes: 2000 },
  ],
}
const FEW_LARGE = { ...LARGE, setups: ['offloop, lean', 'PerformanceObserver', OURS] }

/** @type {Record<string, string>} */
const REASONS = {
  [MEASURE]:
    'the rows of offloop, bytes only, and of objects only are the two things that we do by default beside counting: the look at the size of the heap, and V8’s sampling of allocations; offloop, lean, does neither',
}

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export const gcCpu = {
  name: 'gc-cpu',
  question: 'what the main thread pays for a collection more than without anything',
  method: [
    'CPU time of the main thread, by the kernel, for the same pieces of work with real allocation; what a piece takes more than without any tool, by its collections. The young generation is 1 MB, so that there is little work between two scavenges to hide their cost in. Each process has its own luck with addresses and compiled code, which is why these intervals are wide: `gc-paired` has none of that, and decides about ours.',
  ],
  rounds: 3,
  seconds: 36,
  thorough: { rounds: 6, seconds: 73 },
  variants: variantsOf(SMALL),
  figures: (trials) => figuresOf(trials, SMALL),
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

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export const gcCpuLarge = {
  name: 'gc-cpu-large',
  question: 'what it pays on large heaps',
  rounds: 1,
  seconds: 26,
  thorough: { seconds: 79, variants: variantsOf(LARGE) },
  variants: variantsOf(FEW_LARGE),
  figures: (trials) => figuresOf(trials, LARGE),
  plots: [
    {
      file: 'gc-cpu-2gb',
      title: 'Main-thread CPU a collection, more than without a tool (2 GB heap)',
      measure: MEASURE,
      group: '2 GB heap',
    },
  ],
  reasons: REASONS,
}

/** @param {typeof SMALL} what */
function variantsOf({ setups, heaps }) {
  return heaps.flatMap(({ group, megabytes }) =>
    [NOTHING, ...setups].map((name) => ({
      name: `${name}, ${group}`,
      trial: 'gc-cpu.mjs',
      args: [name, String(megabytes)],
      nodeArgs: ['--max-semi-space-size=1', '--expose-gc'],
      // Two gigabytes are built first, which a busy machine takes its time for.
      timeoutMs: 120_000,
    })),
  )
}

/** @param {import('../harness/trials.mjs').Trials} trials @param {typeof SMALL} what */
function figuresOf(trials, { setups, heaps }) {
  return heaps.flatMap(({ group }) => [
    {
      name: `the work and its collection, ${group}`,
      estimate: trials.median(`${NOTHING}, ${group}`, microsecondsACycle),
      unit: 'µs',
      note: 'without any tool',
    },
    ...compare(trials, triedOf(trials, setups, group), {
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

/** @param {import('../harness/trials.mjs').Trials} trials @param {readonly string[]} setups @param {string} group */
function triedOf(trials, setups, group) {
  return setups.filter((name) => trials.recorded.some(({ variant }) => variant === `${name}, ${group}`))
}

/** @param {{ cpuNs: number[], cyclesPerPiece: number }} result */
function microsecondsACycle({ cpuNs, cyclesPerPiece }) {
  return median(cpuNs) / cyclesPerPiece / 1e3
}
