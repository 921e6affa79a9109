import { supported } from '../../scripts/nodes.mjs'
import { compare } from '../harness/compare.mjs'
import { quantile } from '../harness/statistics.mjs'
import { nodeWithAddon } from '../support/other-node.mjs'
import { OURS } from './contenders.mjs'

const WORKER = 'a bare Worker'
const SAMPLE_MS = 100
const SAMPLE_SECONDS = 2
const NEVER_MS = 3_600_000
const PHASES = ['time and counts', 'with bytes']
/** From here on Node.js has a cache of compiled code (`NODE_COMPILE_CACHE`). */
const CACHES = 22
const VERSIONS = supported.map((major) => ({ major, name: `Node.js ${major}` }))

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export const versions = {
  name: 'versions',
  question: 'what we cost on each version of Node.js',
  method: [
    'A short run of `gc-hook` (30 MB heap), `start` and `sample` (working process) each. All of the suite with another version: `npm run bench -- --node 24`. The compile cache is Node.js’s own, from 22 on, where `NODE_COMPILE_CACHE` names a folder for it, for the bare Worker too.',
  ],
  rounds: 1,
  seconds: 18,
  // Of two, one that the scheduler disturbed is half of the figure.
  thorough: { rounds: 6, seconds: 117 },
  variants: VERSIONS.flatMap(({ major, name }) =>
    [
      {
        name: `${name}, hooks`,
        trial: 'gc-hook.mjs',
        args: ['30', '{}', '0.5', ...PHASES],
        nodeArgs: ['--max-semi-space-size=1'],
      },
      ...[OURS, WORKER].map((setup) => ({
        name: `${name}, start, ${setup}`,
        trial: 'start.mjs',
        args: (/** @type {number} */ round) => [setup, String(round), 'plain'],
      })),
      ...(major < CACHES ? [] : [OURS, WORKER]).map((setup) => ({
        name: `${name}, start by the cache, ${setup}`,
        trial: 'start.mjs',
        args: (/** @type {number} */ round) => [setup, String(round), 'cached'],
      })),
      ...[SAMPLE_MS, NEVER_MS].map((intervalMs) => ({
        name: `${name}, sampled each ${intervalMs} ms`,
        trial: 'idle.mjs',
        args: [OURS, JSON.stringify({ intervalMs, works: SAMPLE_MS }), '2', String(SAMPLE_SECONDS)],
        sleeps: true,
      })),
    ].map((variant) => ({ ...variant, node: () => nodeWithAddon(major) })),
  ),
  figures: (trials) => {
    const names = VERSIONS.map(({ name }) => name)
    return [
      ...PHASES.flatMap((phase) => [50, 99].map((percent) => ({ phase, percent }))).flatMap(
        ({ phase, percent }) =>
          compare(trials, names, {
            measure: `both edges, ${phase}, p${percent}`,
            unit: 'ns',
            pick: ({ phases: { [phase]: timed } }) =>
              quantile(timed.prologueNs, percent / 100) + quantile(timed.epilogueNs, percent / 100),
            variantOf: (name) => `${name}, hooks`,
            references: [],
          }),
      ),
      ...compare(trials, names, {
        measure: 'require and start, more than a bare Worker',
        unit: 'ms',
        pick: ({ loadNs, startNs }) => (loadNs + startNs) / 1e6,
        variantOf: (name) => `${name}, start, ${OURS}`,
        less: (name) => `${name}, start, ${WORKER}`,
        references: [],
      }),
      ...compare(
        trials,
        VERSIONS.filter(({ major }) => major >= CACHES).map(({ name }) => name),
        {
          measure: 'the same by Node.js’s compile cache',
          unit: 'ms',
          pick: ({ loadNs, startNs }) => (loadNs + startNs) / 1e6,
          variantOf: (name) => `${name}, start by the cache, ${OURS}`,
          less: (name) => `${name}, start by the cache, ${WORKER}`,
          references: [],
        },
      ),
      ...compare(trials, names, {
        measure: 'main thread, CPU a sample',
        unit: 'µs',
        pick: ([window]) => window.mainCpuNs / 1e3 / ((SAMPLE_SECONDS * 1000) / SAMPLE_MS),
        variantOf: (name) => `${name}, sampled each ${SAMPLE_MS} ms`,
        less: (name) => `${name}, sampled each ${NEVER_MS} ms`,
        references: [],
      }),
    ]
  },
}
