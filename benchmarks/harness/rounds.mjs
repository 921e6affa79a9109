import { argsOf } from './benchmark.mjs'
import { runProcess } from './process.mjs'
import { generator, shuffled } from './statistics.mjs'

/** @typedef {import('./benchmark.mjs').Benchmark} Benchmark */
/** @typedef {import('./benchmark.mjs').Variant} Variant */
/** @typedef {import('./trials.mjs').Trial} Trial */
/** @typedef {Variant & { round: number }} Planned */

const TIMEOUT_MS = 60_000

/**
 * In which order trials run, and which side by side: interleaved rounds, so that what the machine does meanwhile meets
 * all variants alike, each in an order drawn anew, so that none always follows the same one. Drawn from a seed: a plan
 * is the same each time. Trials that wait nearly all the time run `beside` each other, of `atOnce` rounds together.
 * @param {Pick<Benchmark, 'variants' | 'rounds' | 'atOnce' | 'beside'>} benchmark
 * @returns {Planned[][]} groups; those of one run side by side
 */
export function plan({ variants, rounds, atOnce = 1, beside = Number.POSITIVE_INFINITY }) {
  const random = generator(1)
  /** @type {Planned[][]} */
  const groups = []
  for (let first = 0; first < rounds; first += atOnce) {
    const numbers = Array.from({ length: Math.min(atOnce, rounds - first) }, (_, i) => first + i)
    const drawn = shuffled(
      numbers.flatMap((round) => variants.map((variant) => ({ ...variant, round }))),
      random,
    )
    const sleeping = drawn.filter(({ sleeps }) => sleeps)
    // Of equal size, so that the last ones are not alone in a quiet machine.
    const parts = Math.ceil(sleeping.length / Math.min(beside, sleeping.length || 1))
    const size = Math.ceil(sleeping.length / parts)
    for (let part = 0; part < parts; part++) groups.push(sleeping.slice(part * size, (part + 1) * size))
    groups.push(...drawn.filter(({ sleeps }) => !sleeps).map((one) => [one]))
  }
  return groups
}

/**
 * Runs all trials, each in a fresh process. A variant that fails is not tried again: what it is missing from is said,
 * and the others go on.
 * @param {Benchmark} benchmark
 * @param {(share: number) => void} progress called with how much is done, from 0 to 1
 * @returns {Promise<Trial[]>}
 */
export async function runRounds(benchmark, progress) {
  /** @type {Trial[]} */
  const trials = []
  const failed = new Set()
  const groups = plan(benchmark)
  for (const [at, planned] of groups.entries()) {
    const group = planned.filter(({ name }) => !failed.has(name))
    const outcomes = await Promise.all(group.map(runTrial))
    for (const [i, outcome] of outcomes.entries()) {
      const { name, round } = /** @type {Planned} */ (group[i])
      if (outcome.missing !== undefined) failed.add(name)
      trials.push({ variant: name, round, ...outcome })
    }
    progress((at + 1) / groups.length)
  }
  return trials
}

/**
 * A trial's last line on stdout is its result, as JSON.
 * @param {Planned} variant
 * @returns {Promise<{ result?: any, missing?: string }>}
 */
async function runTrial(variant) {
  const { trial, nodeArgs = [], timeoutMs = TIMEOUT_MS, node, round } = variant
  const command = [...nodeArgs, `trials/${trial}`, ...argsOf(variant, round)]
  const found = binary(node)
  if (found.missing !== undefined) return found
  const { stdout, failure } = await runProcess(command, timeoutMs, found.bin)
  if (failure !== undefined) return { missing: failure }
  try {
    return { result: JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') }
  } catch {
    return { missing: 'the trial printed no result' }
  }
}

/** Where another Node.js is, or why it is not. @param {Variant['node']} node */
function binary(node) {
  try {
    return { bin: node?.() }
  } catch (error) {
    return { missing: /** @type {Error} */ (error).message }
  }
}

/** Whatever must be fetched or built is, before anything is timed. @param {Benchmark} benchmark */
export function prepare({ variants }) {
  for (const { node } of variants) binary(node)
}
