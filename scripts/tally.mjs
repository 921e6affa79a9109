// Counts a Vitest run from its JSON report, for the matrix and for CI:
//
//   node scripts/tally.mjs REPORT STATUS         prints "N passed, N failed"
//   node scripts/tally.mjs --failures REPORT…    prints each test that did not pass, and the beginning of why
//
// A test that was skipped or left as todo counts as failed: where it cannot run, nothing was shown.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from './tools.mjs'

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
 * What did not pass, or did only when it was tried again.
 *
 * @param {string} report
 */
function failures(report) {
  const { testResults = [] } = readReport(report)
  return testResults.flatMap(({ name, status, message = '', assertionResults }) => {
    const file = path.relative(root, name)
    const tests = assertionResults
      .filter(({ status, failureMessages }) => status !== 'passed' || failureMessages.length > 0)
      .map(({ status, fullName, failureMessages }) => ({
        status: status === 'passed' ? 'passed at last' : status,
        name: `${file} > ${fullName}`,
        why: failureMessages.map(beginning),
      }))
    // A file that could not be loaded has no tests.
    return status === 'failed' && assertionResults.length === 0
      ? [{ status, name: file, why: [beginning(message)] }]
      : tests
  })
}

/** @param {string} report */
function printFailures(report) {
  for (const { status, name, why } of failures(report)) {
    console.log(`${path.basename(report, '.json')}: ${status}: ${name}`)
    for (const reason of why) console.log(reason.replaceAll(/^/gm, '    '))
  }
}

/**
 * What was expected, and where.
 *
 * @param {string} message
 */
function beginning(message) {
  const lines = message.slice(0, 4_000).split('\n')
  const stack = lines.findIndex((line) => line.startsWith('    at '))
  const said = lines.slice(0, stack < 0 ? 8 : Math.min(stack, 8))
  const where = lines.find((line) => line.includes(`${root}test/`))
  return [...said, ...(where === undefined ? [] : [where])].join('\n')
}

/**
 * @typedef {{ status: string, fullName: string, failureMessages: string[] }} Test
 * @typedef {{ name: string, status: string, message?: string, assertionResults: Test[] }} File
 *
 * @param {string} report
 * @returns {{ numPassedTests?: number, numFailedTests?: number, numTotalTests?: number, testResults?: File[] }}
 */
function readReport(report) {
  try {
    return JSON.parse(readFileSync(report, 'utf8'))
  } catch {
    return {}
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [first = '', ...others] = process.argv.slice(2)
  if (first === '--failures') others.forEach(printFailures)
  else {
    const { passed, failed } = tally(first, Number(others[0] ?? '1'))
    console.log(`${passed} passed, ${failed} failed`)
  }
}
