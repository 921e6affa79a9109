import { runProcess } from './process.mjs'

/** @typedef {import('./benchmark.mjs').Benchmark} Benchmark */
/** @typedef {import('./benchmark.mjs').Variant} Variant */
/** @typedef {import('./trials.mjs').Trial} Trial */

const TIMEOUT_MS = 60_000

/**
 * Runs all trials, each in a fresh process, in interleaved rounds: what the machine does meanwhile meets all variants
 * alike. Each round starts with another variant, so that none always follows the same one. A variant that fails is
 * not tried again: what it is missing from is said, and the others go on.
 * @param {Benchmark} benchmark
 * @param {(share: number) => void} progress called with how much is done, from 0 to 1
 * @returns {Promise<Trial[]>}
 */
export async function runRounds({ variants, rounds }, progress) {
  /** @type {Trial[]} */
  const trials = []
  const failed = new Set()
  for (let round = 0; round < rounds; round++) {
    const first = round % variants.length
    const order = [...variants.slice(first), ...variants.slice(0, first)].filter(
      ({ name }) => !failed.has(name),
    )
    const sideBySide = order.filter(({ sleeps }) => sleeps)
    const alone = order.filter(({ sleeps }) => !sleeps).map((variant) => [variant])
    const groups = [sideBySide, ...alone].filter((group) => group.length > 0)
    for (const [at, group] of groups.entries()) {
      const outcomes = await Promise.all(group.map(runTrial))
      group.forEach(({ name }, i) => {
        if (outcomes[i].missing !== undefined) failed.add(name)
        trials.push({ variant: name, round, ...outcomes[i] })
      })
      progress((round + (at + 1) / groups.length) / rounds)
    }
  }
  return trials
}

/**
 * A trial's last line on stdout is its result, as JSON.
 * @param {Variant} variant
 * @returns {Promise<{ result?: any, missing?: string }>}
 */
async function runTrial({ trial, args = [], nodeArgs = [], timeoutMs = TIMEOUT_MS }) {
  const { stdout, failure } = await runProcess([...nodeArgs, `trials/${trial}`, ...args], timeoutMs)
  if (failure !== undefined) return { missing: failure }
  try {
    return { result: JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') }
  } catch {
    return { missing: 'the trial printed no result' }
  }
}
