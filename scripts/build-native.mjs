// Builds the addon, one binary per ABI, into prebuilds/<platform>-<arch>/, where src/probe looks for it:
//
//   node scripts/build-native.mjs [--node 20 22 … | --all]
import { copyFileSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { abiOf, majorsFrom, nodeFor } from './nodes.mjs'
import { attempt, fail, filesBelow, hashOf, must, readStamp, root, step } from './tools.mjs'

const { platform } = process

/** The addon for a major, whether it is built or not. @param {number} major */
export function prebuildFor(major) {
  const libc = platform === 'linux' ? `.${libcName()}` : ''
  return path.join(root, 'prebuilds', `${platform}-${process.arch}`, `offloop.abi${abiOf(major)}${libc}.node`)
}

/** Whether the addon for a major is there and made from the sources of today. @param {number} major */
export function isBuilt(major) {
  return readStamp(prebuildFor(major)) !== undefined && readStamp(stampFor(major)) === sourcesHash()
}

/** What node-gyp would miss here. Empty on Windows, where only node-gyp itself can tell. */
export function missingTools() {
  if (platform === 'win32') return []
  return [process.env.CXX ?? 'g++', 'make', process.env.PYTHON ?? 'python3'].filter(
    (tool) => attempt(tool, ['--version']).status !== 0,
  )
}

/** @param {number} major */
export function buildNative(major) {
  if (isBuilt(major)) return
  const hash = sourcesHash()
  const { version, bin, prefix } = nodeFor(major)
  const nodeGyp = createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js')
  // By the Node.js that it is for: node-gyp takes much from its own process.
  step(
    `building the addon for Node.js ${version}`,
    bin,
    [nodeGyp, 'rebuild', `--nodedir=${prefix}`, '--jobs=max'],
    { env: environmentFor(bin) },
  )
  // A copy: node-gyp keeps a hard link to its own.
  const built = path.join(root, 'build/offloop.node')
  copyFileSync(path.join(root, 'build/Release/offloop.node'), built)
  if (platform === 'linux') must('stripping the addon', 'strip', ['--strip-unneeded', built])
  if (platform === 'darwin') must('stripping the addon', 'strip', ['-Sx', built])
  // What its own Node.js cannot load must not replace what is there.
  must('loading the addon', bin, ['-e', `require(${JSON.stringify(built)})`])

  const prebuild = prebuildFor(major)
  mkdirSync(path.dirname(prebuild), { recursive: true })
  // A rename, not a copy: a running process may have the old file mapped, and would crash on new bytes in it.
  renameSync(built, prebuild)
  writeFileSync(stampFor(major), hash)
}

/** @param {number} major */
function stampFor(major) {
  return `${prebuildFor(major)}.sources`
}

function sourcesHash() {
  const sources = filesBelow('native').filter((file) => /^native[\\/][^\\/]*\.(cc|h|map)$/.test(file))
  return hashOf([...sources, 'binding.gyp', 'node_modules/node-addon-api/package.json'])
}

/**
 * To node-gyp npm's environment outranks the command line: the `nodedir` of a user's npmrc would be taken for every
 * version. And binding.gyp calls `node`, which is to be the same one.
 * @param {string} bin
 */
function environmentFor(bin) {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^npm_(config|package_config_node_gyp)_(nodedir|target|arch|disturl|dist_url)$/i.test(name),
  )
  const PATH = `${path.dirname(bin)}${path.delimiter}${process.env.PATH}`
  return { ...Object.fromEntries(inherited), PATH }
}

function libcName() {
  const { header } = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (process.report.getReport())
  return header.glibcVersionRuntime ? 'glibc' : 'musl'
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const missing = missingTools()
  if (missing.length > 0) fail(`to build the addon, install ${missing.join(', ')}`)
  for (const major of majorsFrom(process.argv.slice(2))) buildNative(major)
}
