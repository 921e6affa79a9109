// Runs the test suite under every Node.js that we support:
//
//   node scripts/matrix.mjs [--node 22 24 …]
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import path from 'node:path'
import { abiOf, majorsFrom, nodeFor, supported } from './nodes.mjs'
import { tally } from './tally.mjs'
import { root, say } from './tools.mjs'

const args = process.argv.slice(2)
const majors = args.includes('--node') ? majorsFrom(args) : supported
const setup = spawnSync(process.execPath, ['scripts/setup.mjs', '--node', ...majors.map(String)], {
  cwd: root,
  stdio: 'inherit',
})
if (setup.status !== 0) process.exit(1)

const results = majors.map(runSuite)
console.log()
console.table(results)
const sum = (/** @type {'passed' | 'failed'} */ key) =>
  results.reduce((total, result) => total + result[key], 0)
console.log(`${sum('passed')} passed, ${sum('failed')} failed`)
process.exitCode = sum('failed') > 0 ? 1 : 0

/** @param {number} major */
function runSuite(major) {
  const { version, bin } = nodeFor(major)
  const report = path.join(root, 'test-artifacts', `node-${major}.json`)
  rmSync(report, { force: true })
  say(`the suite under Node.js ${version}`)
  const started = performance.now()
  const { status } = spawnSync(
    bin,
    [
      'node_modules/vitest/vitest.mjs',
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      // Without those in a browser (vitest.config.mts).
      '--project=suite',
      '--project=timed',
    ],
    // What a test starts as `node` or through npm is to be this Node.js as well.
    {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, PATH: `${path.dirname(bin)}${path.delimiter}${process.env.PATH}` },
    },
  )
  const seconds = Math.round((performance.now() - started) / 1000)
  return { 'Node.js': version, ABI: abiOf(major), ...tally(report, status), seconds }
}
