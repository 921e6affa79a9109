// What a benchmark is: a file of suite/ exports one.

/**
 * One way to run a trial; trials of different variants are compared.
 * @typedef {object} Variant
 * @property {string} name
 * @property {string} trial file in trials/
 * @property {readonly string[] | ((round: number) => readonly string[])} [args] of the trial
 * @property {readonly string[]} [nodeArgs] of Node.js
 * @property {boolean} [sleeps] it waits nearly all the time, so such trials run side by side
 * @property {number} [timeoutMs] by then it is killed; 60 s
 * @property {() => string} [node] the binary of another Node.js; throws where there is none
 */

/**
 * A row of the table.
 * @typedef {object} Figure
 * @property {string} name
 * @property {import('./statistics.mjs').Estimate | null} estimate null where no trial gave one
 * @property {string} unit
 * @property {number} [aim] the most that it should be
 * @property {string} [note]
 * @property {string} [missing] why there is no estimate
 * @property {string} [contender] row of the table that compares
 * @property {string} [measure] column of it
 * @property {string} [group] which of the benchmark's tables
 * @property {Record<string, import('./statistics.mjs').Estimate | null>} [ratios] to others' figures of the same measure
 * @property {boolean} [more] the more the better
 */

/**
 * A picture of one measure of all contenders.
 * @typedef {object} Plot
 * @property {string} file its name, without ending
 * @property {string} title
 * @property {string} measure
 * @property {string} [group]
 * @property {boolean} [log]
 */

/**
 * A picture of a figure against a number: a line a contender, of the figures whose measure is `at` that number.
 * @typedef {object} Line
 * @property {string} file
 * @property {string} title
 * @property {string} across what the number counts
 * @property {readonly { at: number, measure: string }[]} points
 * @property {string} [group]
 */

/**
 * @typedef {object} Benchmark
 * @property {string} name
 * @property {string} question
 * @property {readonly string[]} [method] how it is measured, for the page: a paragraph each
 * @property {number} rounds
 * @property {number} seconds how long all rounds take on two quiet cores, about
 * @property {number} [atOnce] of how many rounds the sleeping trials run side by side; 1
 * @property {number} [beside] how many sleeping trials run side by side at most; all
 * @property {{ seconds: number } & Partial<Benchmark>} [thorough] by --thorough, in place of the same here
 * @property {boolean} [apart] not part of a run of everything: by --only
 * @property {readonly Variant[]} variants
 * @property {(trials: import('./trials.mjs').Trials) => readonly Figure[]} figures
 * @property {readonly Line[]} [lines] pictures of a measure against a number
 * @property {readonly Plot[]} [plots]
 * @property {Record<string, string>} [reasons] why we lose, by measure or by the figure's name: shown where we do
 */

/** @param {Pick<Variant, 'args'>} variant @param {number} round */
export function argsOf({ args = [] }, round) {
  return typeof args === 'function' ? args(round) : args
}
