import { trimmedMean } from '../harness/statistics.mjs'
import { estimated } from '../harness/trials.mjs'
import { shareOf } from './gc-hook.mjs'

const KINDS = [
  { kind: 'light', group: 'light requests' },
  { kind: 'heavy', group: 'heavy requests' },
]
const STATES = [
  { state: 'hooked', name: '' },
  { state: 'lean', name: ' without heap objects' },
]
const CLOCKS = [
  { clock: 'mainCpuNs', name: 'main thread' },
  { clock: 'processCpuNs', name: 'process' },
]
const AIM_PERCENT = 0.5
const SAMPLE_MS = 100
const SAMPLE_SECONDS = 3
const USUAL_INTERVAL_SECONDS = 10
const NEVER_MS = 3_600_000
const HOOKS = 'with both'

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export const httpPaired = {
  name: 'http-paired',
  question: 'what our hooks take of a request, with and without them in one process',
  method: [
    'The service of `http`, under requests as fast as it answers them: blocks with the defaults of offloop in force (collections, bytes, objects, turns of the loop), blocks without the sampling of objects (`heapObjects: false`), and blocks with all of it taken away, in turns, in an order by chance. Its own CPU clocks; a round’s figure is the mean of the differences, a fifth of them cut off at either end. Before them, as much garbage as a minute of these requests makes, and two answers as to a sample: so V8’s samples of the heap are as rare as they become in such a service. No sample is taken meanwhile.',
    'Differences that small drown in the noise of a service, so beside them stands what they add up to: what our callbacks take at the collections of a busy process (timed by themselves, `gc-hook`), what a turn of the loop takes more (blocks of empty turns, in pairs, in one process), one turn a request, and the CPU of all threads for a sample, each 10 s. V8’s sampling of objects, which takes a stack each 512 KiB that are allocated, or fewer, is not in that sum.',
  ],
  rounds: 6,
  seconds: 63,
  thorough: { rounds: 9, seconds: 92 },
  atOnce: 9,
  variants: [
    { name: 'service', trial: 'http-paired.mjs', args: ['3.6'] },
    { name: 'hooks', trial: 'gc-hook.mjs', args: ['30', '{}', '0.8', HOOKS] },
    { name: 'turns', trial: 'turn-cost.mjs', args: ['0.4'] },
    ...[SAMPLE_MS, NEVER_MS].map((intervalMs) => ({
      name: `sampled each ${intervalMs} ms`,
      trial: 'idle.mjs',
      args: ['offloop', JSON.stringify({ intervalMs, works: SAMPLE_MS }), '2', String(SAMPLE_SECONDS)],
      sleeps: true,
    })),
  ],
  figures: (trials) => [
    ...KINDS.flatMap(({ kind, group }) =>
      CLOCKS.flatMap(({ clock, name }) =>
        STATES.map(({ state, name: which }) => ({
          name: `${group}, ${name}, CPU a request, more${which}`,
          estimate: trials.median('service', (result) => percentMore(result[kind], state, clock)),
          unit: '%',
          aim: AIM_PERCENT,
          note: 'an interval around 0 is the noise',
        })),
      ),
    ),
    { name: 'a turn of the loop, more', estimate: trials.median('turns', turnNs), unit: 'ns' },
    ...KINDS.map(({ kind, group }) => ({
      name: `${group}, what it adds up to`,
      estimate: estimated(sums(trials, kind)),
      unit: '%',
      aim: AIM_PERCENT,
      note: 'callbacks, turns and samples, of the CPU of the process; objects are not sampled',
    })),
  ],
  reasons: Object.fromEntries(
    KINDS.flatMap(({ group }) =>
      CLOCKS.flatMap(({ name }) => [
        [
          `${group}, ${name}, CPU a request, more`,
          'mostly the sampling of the heap’s objects, by which the next row is less',
        ],
        [
          `${group}, ${name}, CPU a request, more without heap objects`,
          'presumably the look at the size of the heap at each collection',
        ],
      ]),
    ),
  ),
}

/** @param {readonly Record<string, any>[]} rounds @param {string} state @param {string} clock */
function percentMore(rounds, state, clock) {
  const more = rounds.map(({ [state]: ours, bare }) => ours[clock] - bare[clock])
  return (100 * trimmedMean(more)) / trimmedMean(rounds.map(({ bare }) => bare[clock]))
}

/** @param {{ moreNs: number[] }} result */
function turnNs({ moreNs }) {
  return trimmedMean(moreNs)
}

/**
 * Percent, of each round.
 * @param {import('../harness/trials.mjs').Trials} trials
 * @param {string} kind
 */
function sums(trials, kind) {
  const hooks = trials.byRound('hooks', ({ phases }) => shareOf(phases[HOOKS]))
  const turns = trials.byRound('turns', turnNs)
  const requests = trials.byRound('service', (result) =>
    trimmedMean(result[kind].map((/** @type {any} */ { bare }) => bare.processCpuNs)),
  )
  const samples = trials.differences(
    `sampled each ${SAMPLE_MS} ms`,
    `sampled each ${NEVER_MS} ms`,
    ([window]) => window.processCpuNs / ((SAMPLE_SECONDS * 1000) / SAMPLE_MS),
  )
  return [...requests].flatMap(([round, requestNs]) => {
    const [hook, turn, sample] = [hooks, turns, samples].map((values) => values.get(round))
    if (hook === undefined || turn === undefined || sample === undefined) return []
    return [100 * (hook + turn / requestNs + sample / (USUAL_INTERVAL_SECONDS * 1e9))]
  })
}
