// What a benchmark is: a file of suite/ exports one.

/**
 * One way to run a trial; trials of different variants are compared.
 * @typedef {object} Variant
 * @property {string} name
 * @property {string} trial file in trials/
 * @property {readonly string[]} [args] of the trial
 * @property {readonly string[]} [nodeArgs] of Node.js
 * @property {boolean} [sleeps] it waits nearly all the time, so such trials run side by side
 */

/**
 * A row of the table.
 * @typedef {object} Figure
 * @property {string} name
 * @property {import('./statistics.mjs').Estimate} estimate
 * @property {string} unit
 * @property {number} [aim] the most that it should be
 * @property {string} [note]
 */

/**
 * @typedef {object} Benchmark
 * @property {string} name
 * @property {string} question
 * @property {number} rounds
 * @property {readonly Variant[]} variants
 * @property {(trials: import('./trials.mjs').Trials) => readonly Figure[]} figures
 */

export {}
