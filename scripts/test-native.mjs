// The C++ side by itself: the addon through cmake-js, and its unit tests plain, under ASan with UBSan, and under TSan.
import { createRequire } from 'node:module'
import path from 'node:path'
import { nodeFor } from './nodes.mjs'
import { attempt, root, say } from './tools.mjs'

const require = createRequire(import.meta.url)
const source = path.join(root, 'native')
const { prefix } = nodeFor(Number(process.versions.node.split('.')[0]))
let passed = 0
let failed = 0

/** A command that only counts when it fails. @type {(...command: Parameters<typeof attempt>) => boolean} */
function worked(...command) {
  const { error, status, output } = attempt(...command)
  if (status === 0) return true
  failed++
  console.error(error?.message ?? output)
  return false
}

/** Each unit test of a build counts. @param {string} name @param {string} build @param {string[]} wrapper */
function runTests(name, build, ...wrapper) {
  const [command = 'ctest', ...args] = [...wrapper, 'ctest', '--test-dir', build, '--verbose']
  const { status, output } = attempt(command, args)
  const [, good = 0, bad = 0] =
    /test cases:\s+\d+ \|\s+(\d+) passed \|\s+(\d+) failed/.exec(output)?.map(Number) ?? []
  // A program that crashed, or found a race after its last test, names no failed test: only its status tells.
  const wrong = bad > 0 || (status === 0 && good > 0) ? bad : 1
  if (wrong > 0) console.error(output)
  say(`${name}: ${good} test cases passed, ${wrong} failed`)
  passed += good
  failed += wrong
}

function testAddonAndPlain() {
  say('the addon through cmake-js, and the tests plain…')
  const build = path.join(source, 'build', 'plain')
  const cmakeJs = [
    require.resolve('cmake-js/bin/cmake-js'),
    'configure',
    '--directory',
    source,
    '--out',
    build,
  ]
  const nodeAddonApi = path.dirname(require.resolve('node-addon-api/package.json'))
  // cmake-js has no option for where the headers are, only npm's nodedir: without, it would download them.
  const env = { ...process.env, npm_config_nodedir: prefix }
  if (!worked(process.execPath, [...cmakeJs, `--CDNODE_ADDON_API_DIR=${nodeAddonApi}`], { env })) return
  if (!worked('cmake', ['--build', build, '--parallel', '2'])) return
  const addon = path.join(build, 'Release', 'offloop.node')
  if (worked(process.execPath, ['-e', `require(${JSON.stringify(addon)})`])) passed++
  runTests('plain', build)
}

/** @param {string} sanitizers @param {string[]} wrapper */
function testSanitized(sanitizers, ...wrapper) {
  say(`the tests under ${sanitizers}…`)
  const build = path.join(source, 'build', sanitizers.replace(',', '-'))
  const options = [`-DOFFLOOP_SANITIZE=${sanitizers}`, '-DCMAKE_BUILD_TYPE=RelWithDebInfo']
  if (!worked('cmake', ['-S', source, '-B', build, ...options])) return
  if (!worked('cmake', ['--build', build, '--parallel', '2'])) return
  runTests(sanitizers, build, ...wrapper)
}

testAddonAndPlain()
testSanitized('address,undefined')
// TSan of g++ 12 cannot map its shadow memory where the kernel randomizes more than 28 bits of an address.
const canUnrandomize = attempt('setarch', ['--addr-no-randomize', 'true']).status === 0
testSanitized('thread', ...(canUnrandomize ? ['setarch', '--addr-no-randomize'] : []))

console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0
