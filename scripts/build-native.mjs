// Builds the addon, one binary per ABI, into prebuilds/<platform>-<arch>/, where src/probe looks for it:
//
//   node scripts/build-native.mjs [--node 20 22 … | --all]     for this machine
//   node scripts/build-native.mjs --release                    all that the package ships, with Debian's cross-compilers
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { abiOf, majorsFrom, nodeFor, supported } from './nodes.mjs'
import { hostTarget, missingTools, releaseTargets } from './targets.mjs'
import { fail, filesBelow, hashOf, must, readStamp, root, say, step } from './tools.mjs'

/** @typedef {import('./targets.mjs').Target} Target */

/** What the package ships of node-addon-api, and `offloop rebuild` needs. */
const HEADERS = ['napi.h', 'napi-inl.h', 'napi-inl.deprecated.h', 'LICENSE.md']

/** The addon for a major, whether it is built or not. @param {number} major @param {Target} [target] */
export function prebuildFor(major, target = hostTarget) {
  const libc = target.libc === undefined ? '' : `.${target.libc}`
  return path.join(
    root,
    'prebuilds',
    `${target.platform}-${target.arch}`,
    `offloop.abi${abiOf(major)}${libc}.node`,
  )
}

/**
 * Whether the addon for a major is there and made from the sources of today.
 * @param {number} major
 * @param {Target} [target]
 */
export function isBuilt(major, target = hostTarget) {
  return (
    readStamp(prebuildFor(major, target)) !== undefined &&
    readStamp(stampFor(major, target)) === sourcesHash(target)
  )
}

/** @param {number} major @param {Target} [target] */
export function buildNative(major, target = hostTarget) {
  if (isBuilt(major, target)) return
  const hash = sourcesHash(target)
  const { version, bin, prefix } = nodeFor(major)
  const nodeGyp = createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js')
  // In a copy, so that builds do not meet, and so that it is what `offloop rebuild` does from the package.
  const folder = mkdtempSync(path.join(os.tmpdir(), 'offloop-build-'))
  const cleanUp = () => rmSync(folder, { recursive: true, force: true })
  process.once('exit', cleanUp)
  for (const file of nativeSources()) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true })
    copyFileSync(path.join(root, file), path.join(folder, file))
  }
  copyHeaders(path.join(folder, 'native'))
  const title = target === hostTarget ? '' : `${target.name}, `
  // By the Node.js that it is for: node-gyp takes much from its own process. The headers of x64 with glibc serve for the
  // others too: those of arm64 differ in config.gypi only, in options that no header asks for.
  step(
    `building the addon for ${title}Node.js ${version}`,
    bin,
    [
      nodeGyp,
      'rebuild',
      `--directory=${folder}`,
      `--nodedir=${prefix}`,
      `--arch=${target.arch}`,
      '--jobs=2',
      '--',
      '-Dportable=1',
    ],
    { env: { ...environmentFor(bin), ...target.env } },
  )
  const built = path.join(folder, 'build/Release/offloop.node')
  if (target.strip.length > 0)
    must('stripping the addon', /** @type {string} */ (target.strip[0]), [...target.strip.slice(1), built])
  // What its own Node.js cannot load must not replace what is there.
  if (target === hostTarget) must('loading the addon', bin, ['-e', `require(${JSON.stringify(built)})`])

  const prebuild = prebuildFor(major, target)
  mkdirSync(path.dirname(prebuild), { recursive: true })
  // A rename, not a copy: a running process may have the old file mapped, and would crash on new bytes in it. Its own
  // name, since two may build the same at once.
  const fresh = `${prebuild}.${process.pid}`
  copyFileSync(built, fresh)
  renameSync(fresh, prebuild)
  writeFileSync(stampFor(major, target), hash)
  process.off('exit', cleanUp)
  cleanUp()
}

/** The headers of node-addon-api into `folder`. @param {string} folder */
export function copyHeaders(folder) {
  const from = path.join(root, 'node_modules/node-addon-api')
  for (const file of HEADERS) cpSync(path.join(from, file), path.join(folder, 'node-addon-api', file))
}

/** @param {number} major @param {Target} target */
function stampFor(major, target) {
  return `${prebuildFor(major, target)}.sources`
}

function nativeSources() {
  return [
    'binding.gyp',
    ...filesBelow('native').filter((file) => /^native[\\/][^\\/]*\.(cc|h|map)$/.test(file)),
  ]
}

/** @param {Target} target */
function sourcesHash(target) {
  const compiler = target.libc === 'musl' && target !== hostTarget ? filesBelow('scripts/musl') : []
  return hashOf([...nativeSources(), 'node_modules/node-addon-api/package.json', ...compiler])
}

/**
 * To node-gyp npm's environment outranks the command line: the `nodedir` of a user's npmrc would be taken for every
 * version.
 * @param {string} bin
 */
function environmentFor(bin) {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^npm_(config|package_config_node_gyp)_(nodedir|target|arch|disturl|dist_url)$/i.test(name),
  )
  const PATH = `${path.dirname(bin)}${path.delimiter}${process.env.PATH}`
  return { ...Object.fromEntries(inherited), PATH }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const args = process.argv.slice(2)
  const release = args.includes('--release')
  const targets = release ? releaseTargets() : [hostTarget]
  const majors = release ? supported : majorsFrom(args)
  for (const target of targets) {
    const missing = missingTools(target)
    if (missing.length > 0) fail(`to build the addon for ${target.name}, install ${missing.join(', ')}`)
  }
  for (const target of targets) for (const major of majors) buildNative(major, target)
  if (release) say(`${targets.length * majors.length} addons are up to date`)
}
