// The C++ side by itself: the addon through cmake-js, and its unit tests plain, under ASan with UBSan, and under TSan; then
// the addon under ASan with UBSan, in a Node.js that is as ever, through the hardest of the tests' fixtures.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, cpSync, mkdirSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { prebuildFor } from './build-native.mjs'
import { nodeFor } from './nodes.mjs'
import { attempt, root, say } from './tools.mjs'

const require = createRequire(import.meta.url)
const source = path.join(root, 'native')
const major = Number(process.versions.node.split('.')[0])
const { prefix } = nodeFor(major)
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

/**
 * Builds through cmake-js in `build`: all, or a target. The addon, or nothing.
 * @param {string} build
 * @param {string[]} options
 * @param {string[]} target
 */
function builtAddon(build, options = [], target = []) {
  const cmakeJs = require.resolve('cmake-js/bin/cmake-js')
  const nodeAddonApi = path.dirname(require.resolve('node-addon-api/package.json'))
  const configure = [cmakeJs, 'configure', '--directory', source, '--out', build]
  const defines = [`--CDNODE_ADDON_API_DIR=${nodeAddonApi}`, ...options]
  // cmake-js has no option for where the headers are, only npm's nodedir: without, it would download them.
  const env = { ...process.env, npm_config_nodedir: prefix }
  if (!worked(process.execPath, [...configure, ...defines], { env })) return undefined
  if (!worked('cmake', ['--build', build, '--parallel', '2', ...target])) return undefined
  return path.join(build, 'Release', 'offloop.node')
}

function testAddonAndPlain() {
  say('the addon through cmake-js, and the tests plain…')
  const build = path.join(source, 'build', 'plain')
  const addon = builtAddon(build)
  if (addon === undefined) return
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

/** What touches V8, by script of test/fixtures: threads that end in the midst of it, hard flags, storms of interrupts and of looks. */
const FIXTURES = [
  ['terminated-workers.cjs', '60'],
  ['terminated-workers.cjs', '60', 'brackets'],
  ['thread-churn.cjs', '1', '3000'],
  ['harsh.cjs', 'normal'],
  ['harsh.cjs', 'finalizer'],
  ['stack-storm.cjs', '3000'],
  ['loop-alarm.cjs', '60'],
  ['heap-accounting-switched.cjs'],
  ['copies-of-threads.cjs', 'same'],
]

// Not under TSan: V8 and libuv are not instrumented, so it sees none of the orders that they make.
async function testSanitizedAddon() {
  const sanitizers = 'address,undefined'
  say(`the addon under ${sanitizers}…`)
  const build = path.join(source, 'build', 'addon-address-undefined')
  const addon = builtAddon(build, [`--CDOFFLOOP_SANITIZE=${sanitizers}`], ['--target', 'offloop'])
  if (addon === undefined) return
  // A package of its own, with this addon where the loader looks.
  const folder = path.join(build, 'package')
  rmSync(folder, { recursive: true, force: true })
  for (const part of ['dist', 'package.json', 'test/fixtures'])
    cpSync(path.join(root, part), path.join(folder, part), { recursive: true })
  const place = path.join(folder, path.relative(root, prebuildFor(major)))
  mkdirSync(path.dirname(place), { recursive: true })
  copyFileSync(addon, place)
  const runtime = attempt(process.env.CXX ?? 'g++', ['-print-file-name=libasan.so']).output.trim()
  // Node.js is not built with it, so the runtime has to come first. What V8 keeps to the end is no leak of ours.
  const env = { ...process.env, LD_PRELOAD: runtime, ASAN_OPTIONS: 'detect_leaks=0' }
  for (const [script, ...args] of FIXTURES) {
    const name = [script, ...args].join(' ')
    const started = performance.now()
    const file = path.join(folder, 'test/fixtures', String(script))
    const child = fork(file, args, {
      // Where threads made of a string look for the package.
      cwd: folder,
      env,
      execArgv: ['--expose-gc'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      timeout: 300_000,
    })
    let stderr = ''
    child.stderr?.setEncoding('utf8').on('data', (text) => {
      stderr += text
    })
    const [status, signal] = await once(child, 'close')
    const seconds = Math.round((performance.now() - started) / 1000)
    if (status === 0) passed++
    else {
      failed++
      console.error(`${stderr}ended with ${status ?? signal}`)
    }
    say(`${name}: ${status === 0 ? 'passed' : 'failed'}, ${seconds} s`)
  }
}

testAddonAndPlain()
testSanitized('address,undefined')
// TSan of g++ 12 cannot map its shadow memory where the kernel randomizes more than 28 bits of an address.
const canUnrandomize = attempt('setarch', ['--addr-no-randomize', 'true']).status === 0
testSanitized('thread', ...(canUnrandomize ? ['setarch', '--addr-no-randomize'] : []))
await testSanitizedAddon()

console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0
