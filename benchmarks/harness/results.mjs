import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Which suite it was: figures can be worked out again from raw data by the suite that they are of. Another number
 * whenever what a trial prints, or what is made of it, is no longer what it was.
 */
export const SUITE = 7

export const resultsFolder = fileURLToPath(new URL('../results/', import.meta.url))

/**
 * @typedef {object} Outcome
 * @property {string} name
 * @property {string} question
 * @property {number} rounds
 * @property {number} seconds that it took
 * @property {import('./disturbance.mjs').Disturbance} [disturbance] what else the machine did meanwhile
 * @property {readonly import('./benchmark.mjs').Figure[]} figures
 * @property {readonly import('./trials.mjs').Trial[]} trials
 */

/**
 * @typedef {object} Results
 * @property {string} file its name
 * @property {number} [suite] SUITE of the one that wrote it; the first said nothing
 * @property {string} measuredAt
 * @property {Record<string, string | number>} machine
 * @property {Record<string, string>} [peers] their versions
 * @property {readonly Outcome[]} benchmarks
 */

/** The names of the runs of all benchmarks, the newest last. @param {string} [major] of Node.js */
export function fullRuns(major = '\\d+') {
  const full = new RegExp(`^\\d{4}-\\d\\d-\\d\\d-node${major}\\.json$`)
  return readdirSync(resultsFolder)
    .filter((name) => full.test(name))
    .sort()
}

/** @param {string} file @returns {Results} */
export function readResults(file) {
  return { file, ...JSON.parse(readFileSync(path.join(resultsFolder, file), 'utf8')) }
}

/**
 * Writes figures and raw data; returns the file's path. A run of some benchmarks, or of fewer rounds, does not take
 * the place of a run of all of them.
 * @param {{ machine: object, peers: object }} head
 * @param {readonly Outcome[]} outcomes
 * @param {readonly string[]} partly what the run left out, for the file's name: nothing for a full one
 */
export function writeResults(head, outcomes, partly) {
  const now = new Date().toISOString()
  const major = process.versions.node.split('.')[0]
  const name = [now.slice(0, 10), `node${major}`, ...partly].join('-')
  const file = path.join(resultsFolder, `${name}.json`)
  mkdirSync(resultsFolder, { recursive: true })
  writeFileSync(file, render({ suite: SUITE, measuredAt: now, ...head }, outcomes))
  return path.relative(process.cwd(), file)
}

/**
 * A line a figure and a line a trial, since some trials have thousands of readings.
 * @param {object} head
 * @param {readonly Outcome[]} outcomes
 */
function render(head, outcomes) {
  const benchmarks = outcomes.map(({ figures, trials, ...about }) =>
    [
      `${JSON.stringify(about).slice(0, -1)},`,
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
