// Installs what offloop is measured beside, at the versions of peers/package-lock.json, and compiles what has no binary
// for this Node.js. Does nothing where nothing is missing. What cannot be had is told, and the benchmarks go on.
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { nodeFor } from '../../scripts/nodes.mjs'
import { attempt, hashOf, readStamp, root, say } from '../../scripts/tools.mjs'
import { addonFolder, addons, OWN, reasonsFile } from './peers.mjs'

const folder = fileURLToPath(new URL('.', import.meta.url))
const BUILD_TIMEOUT_MS = 180_000

/** @returns {Record<string, string>} the versions that are installed */
export function preparePeers() {
  if (install()) buildAddons()
  link()
  return JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')).dependencies
}

/** Whether they are there. */
function install() {
  const stamp = path.join(folder, 'node_modules/.offloop-lock')
  const lock = hashOf(['benchmarks/peers/package-lock.json'])
  if (readStamp(stamp) === lock) return true
  say('installing what offloop is measured beside (npm ci in benchmarks/peers)…')
  // Without install scripts: npm 12 skips them anyway, and what must be compiled is below.
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund']
  const { status, output } = attempt('npm', args, { cwd: folder })
  if (status === 0) writeFileSync(stamp, lock)
  else console.error(`${output}\nThey cannot be installed: the tables will say so.`)
  return status === 0
}

/** What is ours beside them, as `npm link` does. */
function link() {
  for (const [name, where] of Object.entries(OWN)) {
    const file = path.join(folder, 'node_modules', name)
    mkdirSync(path.dirname(file), { recursive: true })
    if (!existsSync(file)) symlinkSync(path.relative(path.dirname(file), where), file)
  }
}

/** A copy for each ABI, since a package has room for one build of its own. */
function buildAddons() {
  const status = reasonsFile()
  if (readStamp(status) !== undefined) return
  /** @type {Record<string, string>} */
  const reasons = {}
  for (const name of addons) {
    if (loads(path.join(folder, 'node_modules', name))) continue
    say(`compiling ${name} for Node.js ${process.versions.node}…`)
    const copy = addonFolder(name)
    rmSync(copy, { recursive: true, force: true })
    cpSync(path.join(folder, 'node_modules', name), copy, { recursive: true })
    const failure = build(copy)
    if (failure === undefined && loads(copy)) continue
    reasons[name] = failure ?? 'it compiles, and does not load'
    rmSync(copy, { recursive: true, force: true })
  }
  mkdirSync(path.dirname(status), { recursive: true })
  writeFileSync(status, JSON.stringify(reasons))
}

/** Why it cannot be built. @param {string} copy @returns {string | undefined} */
function build(copy) {
  const nodeGyp = createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js')
  const { prefix } = nodeFor(Number(process.versions.node.split('.')[0]))
  const PATH = `${path.dirname(process.execPath)}${path.delimiter}${process.env.PATH}`
  const args = [nodeGyp, 'rebuild', `--directory=${copy}`, `--nodedir=${prefix}`, '--jobs=2']
  // To node-gyp npm's environment outranks the command line.
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^npm_(config|package_config_node_gyp)_/i.test(name),
  )
  const env = { ...Object.fromEntries(inherited), PATH }
  const { status, output } = attempt(process.execPath, args, { cwd: root, env, timeout: BUILD_TIMEOUT_MS })
  if (status === 0) return undefined
  const error = output.split('\n').find((line) => /\berror:|gyp ERR! stack/.test(line))
  return `it does not compile: ${error?.replace(/^.*?(error: |stack )/, '').trim() ?? `node-gyp ended with ${status}`}`
}

/** In a process of its own: what crashes must not take the run with it. @param {string} folder */
function loads(folder) {
  const { status } = attempt(process.execPath, ['-e', `require(${JSON.stringify(folder)})`], {
    timeout: 10_000,
  })
  return status === 0
}
