import { compare } from '../harness/compare.mjs'
import { OURS, SAMPLERS } from './contenders.mjs'

const BLOCK_SECONDS = 10
const SETUPS = SAMPLERS.filter((name) => name !== 'offloop, all on')

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export const continuity = {
  name: 'continuity',
  question: `what of the figures arrives while the event loop is stuck for ${BLOCK_SECONDS} s`,
  method: [
    'A sample is due each second. What arrives at a server outside (or is answered there, for prom-client, which is scraped) while JavaScript keeps the event loop from turning. Fresh: it tells of the thread as it is then, and not as it was before.',
  ],
  rounds: 1,
  seconds: 14,
  variants: SETUPS.map((name) => ({
    name,
    trial: 'continuity.mjs',
    args: [name, String(BLOCK_SECONDS)],
    sleeps: true,
  })),
  figures: (trials) => [
    ...compare(trials, SETUPS, {
      measure: 'samples that arrive, of 10',
      unit: '×',
      pick: ({ during }) => during,
      references: [],
      more: true,
    }),
    ...compare(trials, [OURS, 'offloop, fallback'], {
      measure: 'of them fresh',
      unit: '×',
      pick: ({ fresh }) => fresh,
      references: [],
      more: true,
    }),
  ],
  plots: [
    {
      file: 'continuity',
      title: 'Samples that arrive during a block of 10 s, of 10',
      measure: 'samples that arrive, of 10',
    },
  ],
}
