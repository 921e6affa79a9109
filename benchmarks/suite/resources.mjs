const COUNTS = [0, 1_000, 10_000, 50_000]

/** @type {readonly { name: string, options: object }[]} */
const VARIANTS = [
  { name: 'the sum, as by default', options: {} },
  { name: 'by type', options: { resourcesByType: true } },
]

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export const resources = {
  name: 'resources',
  question: 'what a sample costs the main thread of a process with many open sockets',
  rounds: 3,
  seconds: 60,
  apart: true,
  variants: VARIANTS.map(({ name, options }) => ({
    name,
    trial: 'resources.mjs',
    args: [JSON.stringify(options), ...COUNTS.map(String)],
  })),
  figures: (trials) => [
    ...VARIANTS.flatMap(({ name }) =>
      COUNTS.map((count, index) => ({
        name: `${count} sockets, ${name}`,
        estimate: trials.median(name, (looks) => looks[index].perSampleNs / 1e3),
        unit: 'µs',
        ...(index === 0 && { note: 'main thread, CPU, with the wake-up of a timer' }),
      })),
    ),
    {
      name: 'of these, connections at most',
      estimate: trials.median('by type', (looks) => looks.at(-1).connections),
      unit: '×',
      note: 'as many as one process may have open here; the others are UDP sockets without a file',
    },
  ],
}
