import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('../results/', import.meta.url))

/**
 * @typedef {object} Outcome
 * @property {string} name
 * @property {string} question
 * @property {readonly import('./benchmark.mjs').Figure[]} figures
 * @property {readonly import('./trials.mjs').Trial[]} trials
 */

/**
 * Writes figures and raw data; returns the file's path. A run of some benchmarks does not take the place of a run of
 * all of them.
 * @param {object} machine
 * @param {readonly Outcome[]} outcomes
 * @param {readonly string[]} only
 */
export function writeResults(machine, outcomes, only) {
  const now = new Date().toISOString()
  const major = process.versions.node.split('.')[0]
  const name = [now.slice(0, 10), `node${major}`, ...only].join('-')
  const file = path.join(folder, `${name}.json`)
  mkdirSync(folder, { recursive: true })
  writeFileSync(file, render({ measuredAt: now, machine }, outcomes))
  return path.relative(process.cwd(), file)
}

/**
 * A line a figure and a line a trial, since some trials have thousands of readings.
 * @param {object} head
 * @param {readonly Outcome[]} outcomes
 */
function render(head, outcomes) {
  const benchmarks = outcomes.map(({ name, question, figures, trials }) =>
    [
      `{"name": ${JSON.stringify(name)}, "question": ${JSON.stringify(question)},`,
      `"figures": ${lines(figures)},`,
      `"trials": ${lines(trials)}}`,
    ].join('\n'),
  )
  const start = JSON.stringify(head, null, 2).replace(/\n}$/, '')
  return `${start},\n"benchmarks": [\n${benchmarks.join(',\n')}\n]}\n`
}

/** @param {readonly object[]} items */
function lines(items) {
  return `[\n${items.map((item) => JSON.stringify(item)).join(',\n')}\n]`
}
