import { writeSync } from 'node:fs'

/**
 * A trial's result: one line of JSON, its last on stdout. Written at once, for process.exit() may follow.
 * @param {object} result
 */
export function emit(result) {
  writeSync(1, `${JSON.stringify(result)}\n`)
}
