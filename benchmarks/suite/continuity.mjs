import { compare } from '../harness/compare.mjs'
import { OURS, SAMPLERS } from './contenders.mjs'

const BLOCK_SECONDS = 10
const BLOCKS = [
  { group: 'by JavaScript', args: [] },
  { group: 'by one native call', args: ['native'] },
]
const OWN = SAMPLERS.filter((name) => name.startsWith('offloop'))

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export const continuity = {
  name: 'continuity',
  question: `what of the figures arrives while the event loop is stuck for ${BLOCK_SECONDS} s`,
  method: [
    'A sample is due each second. What arrives at a server outside (or is answered there, for prom-client, which is scraped) while JavaScript keeps the event loop from turning, or one call of `crypto.pbkdf2Sync`, which no interrupt reaches. Fresh: its figures of the heap are of that second, and not of before; those of collections always are.',
  ],
  rounds: 3,
  seconds: 18,
  thorough: { rounds: 6, seconds: 38 },
  atOnce: 3,
  variants: BLOCKS.flatMap(({ group, args }) =>
    SAMPLERS.filter((name) => group === BLOCKS[0]?.group || name === OURS).map((name) => ({
      name: `${name}, ${group}`,
      trial: 'continuity.mjs',
      args: [name, String(BLOCK_SECONDS), ...args],
      sleeps: true,
    })),
  ),
  figures: (trials) =>
    BLOCKS.flatMap(({ group }, at) => [
      ...compare(trials, at === 0 ? SAMPLERS : [OURS], {
        measure: 'samples that arrive, of 10',
        unit: '×',
        group,
        pick: ({ during }) => during,
        variantOf: (name) => `${name}, ${group}`,
        references: at === 0 ? [OURS] : [],
        more: true,
      }),
      ...compare(trials, at === 0 ? OWN : [OURS], {
        measure: 'of them fresh',
        unit: '×',
        group,
        pick: ({ fresh }) => fresh,
        variantOf: (name) => `${name}, ${group}`,
        references: [],
        more: true,
      }),
    ]),
  plots: [
    {
      file: 'continuity',
      title: 'Samples that arrive during a block of 10 s, of 10',
      measure: 'samples that arrive, of 10',
      group: 'by JavaScript',
    },
  ],
}
