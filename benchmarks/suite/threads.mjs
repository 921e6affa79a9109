import { compare } from '../harness/compare.mjs'
import { OURS } from './contenders.mjs'

const MOST = 64
const COUNTS = [0, 1, 2, 4, 8, 16, 32, MOST]
const MANY = 32
const PEER_COUNTS = [8, MANY]
/** Those that measure a worker thread from inside it, where they can be loaded there. */
const PEERS = ['prom-client', 'OpenTelemetry', 'Datadog', 'New Relic', 'gc-stats']
const NOBODY = 'nothing'
const TOOLS = [OURS, ...PEERS, NOBODY]
const FEW = 8
const STATES = ['busy', 'parked']
const SAMPLING = 'sampling thread, CPU a sample'

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export const threads = {
  name: 'threads',
  question: 'what further measured threads cost, at a sample each 100 ms',
  method: [
    `Which thread is which they say themselves, by the system's number. The workers sleep; and ${FEW} of them compute (more than there are cores: they are asked while they wait for one), or are parked in Atomics.wait, where they cannot answer.`,
    'Others have no sampling thread: they measure a worker inside it, loaded in each. monitorEventLoopDelay and PerformanceObserver tell of the thread that they are in, and take no samples. V8’s and libuv’s own threads are a row of their own: they compile and collect for all of the process.',
  ],
  rounds: 1,
  seconds: 32,
  beside: 14,
  variants: [
    ...TOOLS.flatMap((tool) =>
      (tool === OURS ? COUNTS : PEER_COUNTS).map((count) => variant(count, 'asleep', tool)),
    ),
    ...STATES.flatMap((state) => [OURS, NOBODY].map((tool) => variant(FEW, state, tool))),
  ],
  figures: (trials) => [
    ...COUNTS.flatMap((count) =>
      compare(trials, [OURS], {
        measure: `${count} workers`,
        unit: 'µs',
        group: SAMPLING,
        pick: ({ samplingNs }) => samplingNs / 1e3,
        variantOf: () => nameOf(count, 'asleep', OURS),
        references: [],
      }),
    ),
    ...PEER_COUNTS.flatMap((count) =>
      compare(trials, [...TOOLS], {
        measure: `${count} workers`,
        unit: 'µs',
        group: 'all threads, V8’s own included, CPU a sample',
        pick: ({ mainNs, samplingNs, workerNs, helpersNs }) =>
          (mainNs + samplingNs + workerNs * count + helpersNs) / 1e3,
        variantOf: (tool) => nameOf(count, 'asleep', tool),
        references: [OURS],
      }),
    ),
    ...compare(trials, [...TOOLS], {
      measure: `one of ${FEW}, CPU a sample`,
      unit: 'µs',
      group: 'a worker thread itself',
      pick: ({ workerNs }) => workerNs / 1e3,
      variantOf: (tool) => nameOf(FEW, 'asleep', tool),
      references: [OURS],
    }),
    ...compare(
      trials,
      TOOLS.filter((tool) => tool !== NOBODY),
      {
        measure: 'private memory, more',
        unit: 'MB',
        group: 'a worker thread itself',
        pick: ({ bytes }) => bytes / 1e6 / MANY,
        variantOf: (tool) => nameOf(MANY, 'asleep', tool),
        less: () => nameOf(MANY, 'asleep', NOBODY),
        references: [OURS],
      },
    ),
    {
      name: 'a further thread, sampling thread, CPU a sample',
      estimate: trials.difference(
        nameOf(MOST, 'asleep', OURS),
        nameOf(0, 'asleep', OURS),
        ({ samplingNs }) => samplingNs / 1e3 / MOST,
      ),
      unit: 'µs',
      note: `the mean of ${MOST}`,
    },
    ...COUNTS.map((count) => ({
      name: `${count} workers, V8’s and libuv’s own threads, CPU a sample`,
      estimate: trials.median(nameOf(count, 'asleep', OURS), ({ helpersNs }) => helpersNs / 1e3),
      unit: 'µs',
    })),
    ...COUNTS.map((count) => ({
      name: `${count} workers, main thread, CPU a sample`,
      estimate: trials.median(nameOf(count, 'asleep', OURS), ({ mainNs }) => mainNs / 1e3),
      unit: 'µs',
    })),
    ...STATES.map((state) => ({
      name: `${FEW} ${state} workers, sampling thread, CPU a sample`,
      estimate: trials.median(nameOf(FEW, state, OURS), ({ samplingNs }) => samplingNs / 1e3),
      unit: 'µs',
    })),
  ],
  lines: [
    {
      file: 'threads',
      title: 'CPU of the sampling thread a sample, by worker threads',
      across: 'worker threads',
      group: SAMPLING,
      points: COUNTS.map((at) => ({ at, measure: `${at} workers` })),
    },
  ],
  reasons: Object.fromEntries(
    PEER_COUNTS.map((count) => [
      `${count} workers`,
      'presumably the series of each thread that our sampling thread builds and keeps, which native packages leave to an agent',
    ]),
  ),
}

/** @param {number} count @param {string} state @param {string} tool */
function variant(count, state, tool) {
  return {
    name: nameOf(count, state, tool),
    trial: 'threads.mjs',
    args: [String(count), state, ...(tool === NOBODY ? [] : [tool])],
    sleeps: state !== 'busy',
    // Loading a peer in each of many threads takes its time.
    timeoutMs: 120_000,
  }
}

/** @param {number} count @param {string} state @param {string} tool */
function nameOf(count, state, tool) {
  return `${count} ${state}, ${tool}`
}
