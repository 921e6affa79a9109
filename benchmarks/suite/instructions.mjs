/** @type {import('../harness/benchmark.mjs').Benchmark} */
export const instructions = {
  name: 'instructions',
  question: 'how many instructions the path of both GC hooks takes, counted by valgrind',
  method: [
    'Time and counts alone, compiled as in the addon, without V8 and without the two reads of the clock. Times depend on the machine and its mood; this repeats.',
  ],
  rounds: 1,
  seconds: 5,
  variants: [{ name: 'hooks', trial: 'instructions.mjs' }],
  figures: (trials) => [
    {
      name: 'prologue and epilogue',
      estimate: trials.median('hooks', ({ perPair }) => perPair),
      unit: 'instructions',
    },
  ],
}
