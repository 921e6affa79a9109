import { trimmedMean } from '../harness/statistics.mjs'

const KINDS = [
  { kind: 'light', group: 'light requests' },
  { kind: 'heavy', group: 'heavy requests' },
]
const CLOCKS = [
  { clock: 'mainCpuNs', name: 'main thread' },
  { clock: 'processCpuNs', name: 'process' },
]
const AIM_PERCENT = 0.5

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export const httpPaired = {
  name: 'http-paired',
  question: 'what our hooks take of a request, with and without them in one process',
  method: [
    'The service of `http`, under requests as fast as it answers them: blocks with the defaults of offloop in force (collections, bytes, objects, turns of the loop) and blocks with all of it taken away, in pairs, in an order by chance. Its own CPU clocks; a round’s figure is the mean of the pairs’ differences, a fifth of them cut off at either end. No sample is taken meanwhile: that is in `sample`, and once in ten seconds.',
  ],
  rounds: 12,
  seconds: 65,
  thorough: { rounds: 60, seconds: 330 },
  variants: [{ name: 'service', trial: 'http-paired.mjs', args: ['4'] }],
  figures: (trials) =>
    KINDS.flatMap(({ kind, group }) =>
      CLOCKS.flatMap(({ clock, name }) => [
        {
          name: `${group}, ${name}, CPU a request, more`,
          estimate: trials.median('service', (result) => percentMore(result[kind], clock)),
          unit: '%',
          aim: AIM_PERCENT,
          note: 'an interval around 0 is the noise',
        },
      ]),
    ),
  reasons: Object.fromEntries(
    KINDS.flatMap(({ group }) =>
      CLOCKS.map(({ name }) => [
        `${group}, ${name}, CPU a request, more`,
        'presumably the look at the size of the heap at each collection, and the sampling of its objects',
      ]),
    ),
  ),
}

/** @param {readonly { hooked: any, bare: any }[]} pairs @param {string} clock */
function percentMore(pairs, clock) {
  const more = pairs.map(({ hooked, bare }) => hooked[clock] - bare[clock])
  return (100 * trimmedMean(more)) / trimmedMean(pairs.map(({ bare }) => bare[clock]))
}
