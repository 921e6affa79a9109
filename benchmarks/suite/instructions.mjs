import { NOTHING } from './contenders.mjs'

const COUNTED = ['offloop, attached', 'PerformanceObserver']

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export const instructions = {
  name: 'instructions',
  question: 'how many instructions a collection takes more',
  method: [
    "The path of both GC hooks by valgrind's callgrind: compiled with the addon's flags, without V8, without the two reads of the clock and V8's own look at its heap. Times depend on the machine and its mood; this repeats. What others do is inside Node.js and JavaScript, where callgrind would count its own interpreter's code paths and not theirs: of them there is the whole process, by the processor's own counter (`perf stat`), where the machine has one.",
  ],
  rounds: 1,
  seconds: 2,
  thorough: { rounds: 6, seconds: 12 },
  variants: [
    { name: 'hooks', trial: 'instructions.mjs' },
    { name: 'hooks, bytes', trial: 'instructions.mjs', args: ['bytes'] },
    ...[NOTHING, ...COUNTED].map((name) => ({ name, trial: 'perf.mjs', args: [name] })),
  ],
  figures: (trials) => [
    {
      name: 'prologue and epilogue, time and counts',
      estimate: trials.median('hooks', ({ perPair }) => perPair),
      unit: 'instructions',
    },
    {
      name: 'prologue and epilogue, with bytes',
      estimate: trials.median('hooks, bytes', ({ perPair }) => perPair),
      unit: 'instructions',
    },
    ...COUNTED.map((name) => ({
      name: `${name}, the process, by perf stat`,
      estimate: trials.difference(name, NOTHING, ({ perCycle }) => perCycle),
      unit: 'instructions',
      missing: trials.missing(name),
    })),
  ],
}
