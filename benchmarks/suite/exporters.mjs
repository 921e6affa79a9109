const INTERVAL_MS = 100
const SECONDS = 6
const SAMPLES = (SECONDS * 1000) / INTERVAL_MS

/** @type {readonly { main: string, works: string[] }[]} */
const MAINS = [
  { main: 'idle', works: [] },
  { main: 'working', works: ['works'] },
]
const SETUPS = ['offloop', 'offloop, exporting', 'beside a busy thread']

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export const exporters = {
  name: 'exporters',
  question: 'what all exporters together cost the main thread',
  rounds: 4,
  seconds: 170,
  apart: true,
  variants: MAINS.flatMap(({ main, works }) =>
    SETUPS.map((setup) => ({
      name: `${main}, ${setup}`,
      trial: 'exporting.mjs',
      args: [setup, String(INTERVAL_MS), String(SECONDS), ...works],
      sleeps: true,
    })),
  ),
  figures: (trials) => [
    ...MAINS.flatMap(({ main }) => {
      const none = `${main}, offloop`
      const all = `${main}, offloop, exporting`
      const beside = `${main}, beside a busy thread`
      return [
        {
          name: `${main}, a sample, none`,
          estimate: trials.median(none, cpu),
          unit: 'µs',
          note: 'main thread, CPU, its own work included',
        },
        {
          name: `${main}, all of them, more`,
          estimate: trials.difference(all, none, cpu),
          unit: 'µs',
          note: 'tinyobs, otlp, dogstatsd, and HTTP; an interval around 0 is the noise',
        },
        {
          name: `${main}, a busy thread of no one's, more`,
          estimate: trials.difference(beside, none, cpu),
          unit: 'µs',
          note: 'that has nothing to do with the main thread, nor with us: caches and processors are shared',
        },
        { name: `${main}, wake-ups a sample, none`, estimate: trials.median(none, wakeUps), unit: '×' },
        { name: `${main}, wake-ups a sample, all of them`, estimate: trials.median(all, wakeUps), unit: '×' },
      ]
    }),
    {
      name: 'requests delivered',
      estimate: trials.median('idle, offloop, exporting', ({ delivered }) => delivered),
      unit: '×',
    },
  ],
}

/** Of the main thread, a sample. @param {{ mainCpuNs: number }} result */
function cpu({ mainCpuNs }) {
  return mainCpuNs / 1e3 / SAMPLES
}

/** @param {{ mainWakeUps: number }} result */
function wakeUps({ mainWakeUps }) {
  return mainWakeUps / SAMPLES
}
