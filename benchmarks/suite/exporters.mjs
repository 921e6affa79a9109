const INTERVAL_MS = 100
const SECONDS = 6

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export const exporters = {
  name: 'exporters',
  question: 'what all exporters together cost the main thread',
  rounds: 6,
  variants: ['started', 'exporting'].map((name) => ({
    name,
    trial: 'exporting.mjs',
    args: [name, String(INTERVAL_MS), String(SECONDS)],
    sleeps: true,
  })),
  figures(trials) {
    const samples = (SECONDS * 1000) / INTERVAL_MS
    /** @param {{ mainCpuNs: number }} result */
    const aSample = ({ mainCpuNs }) => mainCpuNs / 1e3 / samples
    return [
      {
        name: 'a sample, none',
        estimate: trials.median('started', aSample),
        unit: 'µs',
        note: 'main thread, CPU',
      },
      {
        name: 'a sample, all of them',
        estimate: trials.median('exporting', aSample),
        unit: 'µs',
        note: 'tinyobs, otlp, dogstatsd, and HTTP',
      },
      {
        name: 'all of them, more',
        estimate: trials.difference('exporting', 'started', aSample),
        unit: 'µs',
        note: 'an interval around 0 is the noise',
      },
      {
        name: 'requests delivered',
        estimate: trials.median('exporting', ({ delivered }) => delivered),
        unit: '×',
      },
    ]
  },
}
