// Counts a Vitest run from its JSON report, for the matrix and for CI:
//
//   node scripts/tally.mjs REPORT STATUS     prints "N passed, N failed"
//
// A test that was skipped or left as todo counts as failed: where it cannot run, nothing was shown.
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

/**
 * @param {string} report
 * @param {number | null} status the exit status of Vitest
 */
export function tally(report, status) {
  const total = readReport(report)
  const { numPassedTests: passed = 0, numTotalTests: all = 0 } = total
  const failed = total.numFailedTests ?? 0
  const skipped = all - passed - failed
  // No test at all, a file that cannot be loaded, an error outside of the tests: no failed test, but no success.
  const broken = failed + skipped === 0 && (passed === 0 || status !== 0)
  return { passed, failed: failed + skipped + (broken ? 1 : 0), skipped }
}

/**
 * @param {string} report
 * @returns {{ numPassedTests?: number, numFailedTests?: number, numTotalTests?: number }}
 */
function readReport(report) {
  try {
    return JSON.parse(readFileSync(report, 'utf8'))
  } catch {
    return {}
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [report = '', status = '1'] = process.argv.slice(2)
  const { passed, failed } = tally(report, Number(status))
  console.log(`${passed} passed, ${failed} failed`)
}
