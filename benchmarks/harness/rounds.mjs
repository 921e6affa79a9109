import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** @typedef {import('./benchmark.mjs').Benchmark} Benchmark */
/** @typedef {import('./benchmark.mjs').Variant} Variant */
/** @typedef {import('./trials.mjs').Trial} Trial */

const TRIAL_TIMEOUT_MS = 120_000
const trialsFolder = fileURLToPath(new URL('../trials/', import.meta.url))
const run = promisify(execFile)

/**
 * Runs all trials, each in a fresh process, in interleaved rounds: what the machine does meanwhile meets all variants
 * alike. Each round starts with another variant, so that none always follows the same one.
 * @param {Benchmark} benchmark
 * @returns {Promise<Trial[]>}
 */
export async function runRounds({ variants, rounds }) {
  /** @type {Trial[]} */
  const trials = []
  for (let round = 0; round < rounds; round++) {
    const first = round % variants.length
    const order = [...variants.slice(first), ...variants.slice(0, first)]
    const sideBySide = order.filter(({ sleeps }) => sleeps)
    const alone = order.filter(({ sleeps }) => !sleeps).map((variant) => [variant])
    for (const group of [sideBySide, ...alone]) {
      const results = await Promise.all(group.map(runTrial))
      group.forEach(({ name }, i) => {
        trials.push({ variant: name, round, result: results[i] })
      })
    }
  }
  return trials
}

/**
 * A trial's last line on stdout is its result, as JSON.
 * @param {Variant} variant
 */
async function runTrial({ trial, args = [], nodeArgs = [] }) {
  const command = [...nodeArgs, trialsFolder + trial, ...args]
  const { stdout } = await run(process.execPath, command, {
    timeout: TRIAL_TIMEOUT_MS,
    maxBuffer: 2 ** 28,
    env: environment(),
  })
  const line = stdout.trimEnd().split('\n').at(-1) ?? ''
  return JSON.parse(line)
}

/** Without what would change how Node.js or a measured library works. */
function environment() {
  const kept = Object.entries(process.env).filter(([name]) => !/^(NODE_|OFFLOOP_|OTEL_|DD_)/.test(name))
  return Object.fromEntries(kept)
}
