import { quantile } from '../harness/statistics.mjs'

const INTERVAL_MS = 200
const SECONDS = 6
const SAMPLES = (SECONDS * 1000) / INTERVAL_MS

/** @type {readonly { main: string, works: string[] }[]} */
const MAINS = [
  { main: 'idle', works: [] },
  { main: 'working', works: ['works'] },
]
const NONE = 'offloop'
const ALL = 'offloop, exporting'
const BESIDE = 'beside a busy thread'

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export const exporters = {
  name: 'exporters',
  question: 'what all exporters together cost the main thread',
  method: [
    `TinyObs, OTLP as protobuf with gzip, DogStatsD over UDP, a module of one's own, and the HTTP server: all live, each ${INTERVAL_MS} ms, to servers in another process. They run in the sampling thread; what they cost the main thread is what threads of one process cost each other. A busy thread that has nothing to do with us stands beside it: as many of its pieces of work, and no exporter.`,
    'A round is a process with all of them and one without, side by side, and two rounds at once: they disturb each other, and all alike. The tails are those of the rounds.',
  ],
  rounds: 4,
  seconds: 39,
  thorough: { rounds: 8, seconds: 77 },
  atOnce: 2,
  variants: MAINS.flatMap(({ main, works }) =>
    [NONE, ALL, BESIDE].map((setup) => ({
      name: `${main}, ${setup}`,
      trial: 'exporting.mjs',
      args: [setup, String(INTERVAL_MS), String(SECONDS), ...works],
      sleeps: true,
    })),
  ),
  figures: (trials) => [
    ...MAINS.flatMap(({ main }) => {
      const none = `${main}, ${NONE}`
      const all = `${main}, ${ALL}`
      const beside = `${main}, ${BESIDE}`
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
          note: `an interval around 0 is the noise${tails(trials.differences(all, none, cpu))}`,
        },
        {
          name: `${main}, a busy thread of no one's, more`,
          estimate: trials.difference(beside, none, cpu),
          unit: 'µs',
          note: `caches and processors are shared${tails(trials.differences(beside, none, cpu))}`,
        },
        { name: `${main}, wake-ups a sample, none`, estimate: trials.median(none, wakeUps), unit: '×' },
        { name: `${main}, wake-ups a sample, all of them`, estimate: trials.median(all, wakeUps), unit: '×' },
      ]
    }),
    {
      name: 'HTTP requests delivered',
      estimate: trials.median(`idle, ${ALL}`, ({ requests }) => requests),
      unit: '×',
    },
    {
      name: 'datagrams delivered',
      estimate: trials.median(`idle, ${ALL}`, ({ datagrams }) => datagrams),
      unit: '×',
    },
  ],
}

/** The worst of rounds, and the best. @param {ReadonlyMap<number, number>} differences */
function tails(differences) {
  const values = [...differences.values()]
  const [least, most] = [0, 1].map((q) => quantile(values, q).toPrecision(2))
  return `; single rounds from ${Number(least)} to ${Number(most)} µs`
}

/** Of the main thread, a sample. @param {{ mainCpuNs: number }} result */
function cpu({ mainCpuNs }) {
  return mainCpuNs / 1e3 / SAMPLES
}

/** @param {{ mainWakeUps: number }} result */
function wakeUps({ mainWakeUps }) {
  return mainWakeUps / SAMPLES
}
