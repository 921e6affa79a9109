// `offloop rebuild`: compiles the addon for the running Node.js, from the sources in this package, and puts it where
// the probe looks for it.
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { messageOf } from '../core/errors'
import { prebuildName, prebuildsFolder } from '../probe/prebuild'
import { findHeaders, running } from './headers'
import { fetchNodeGyp, findNodeGyp } from './node-gyp'
import { RebuildError } from './rebuild-error'
import { run } from './run'
import { adviceFor, checkToolchain } from './toolchain'

const SOURCES = join(__dirname, '..', '..', 'native')
const LAST_LINES = 60

/** Throws a RebuildError that says what to do. `nodedir`: a folder with the headers in `include/node`. */
export function rebuild(nodedir: string | undefined, say: (line: string) => void): void {
  if (!existsSync(join(SOURCES, 'node-addon-api', 'napi.h'))) {
    throw new RebuildError(
      `this copy of offloop has no complete sources in ${SOURCES}: reinstall the package`,
    )
  }
  const headers = findHeaders(nodedir)
  checkToolchain()
  // Not in the package: make cannot work below a folder with a space in its name, and nothing is left behind.
  const folder = mkdtempSync(join(tmpdir(), 'offloop-rebuild-'))
  try {
    const nodeGyp = findNodeGyp() ?? fetched(folder, say)
    const env = environmentFor(headers)
    const build: Build = (...args) =>
      run(process.execPath, [nodeGyp, ...args, `--target=${process.versions.node}`], { env })
    if (headers === undefined) fetchHeaders(build)
    say(`compiling for ${running()}`)
    compile(folder, headers, build)
    const file = place(join(folder, 'build', 'Release', 'offloop.node'), env)
    say(`done: ${file}. Processes that are started from now on use it.`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function fetched(folder: string, say: (line: string) => void): string {
  say('there is no node-gyp here: npm fetches one')
  return fetchNodeGyp(folder)
}

type Build = (...args: string[]) => ReturnType<typeof run>

function fetchHeaders(build: Build): void {
  const { ok, output } = build('install', '--ensure')
  if (ok) return
  throw new RebuildError(
    `the headers of ${running()} are not beside its binary and could not be downloaded:\n\n${lastLines(output)}\n\n` +
      'Give a folder that has them in include/node by --nodedir=FOLDER.',
  )
}

function compile(folder: string, headers: string | undefined, build: Build): void {
  const native = join(folder, 'native')
  cpSync(SOURCES, native, {
    recursive: true,
    filter: (file) => dirname(file) !== SOURCES || !['build', 'test'].includes(basename(file)),
  })
  // Where it is in the repository: npm and pnpm take one in a package's root for an install script.
  renameSync(join(native, 'binding.gyp'), join(folder, 'binding.gyp'))
  const from = headers === undefined ? [] : [`--nodedir=${headers}`]
  const { ok, output } = build('rebuild', `--directory=${folder}`, ...from)
  if (ok) return
  const advice = adviceFor(output)
  throw new RebuildError(`compiling failed:\n\n${lastLines(output)}${advice === '' ? '' : `\n\n${advice}`}`)
}

/** Puts what was built where it is looked for, and returns that place. */
function place(built: string, env: NodeJS.ProcessEnv): string {
  // What cannot be loaded must not replace what may be there.
  const loaded = run(process.execPath, ['-e', `require(${JSON.stringify(built)})`], { env })
  if (!loaded.ok) throw new RebuildError(`what was compiled cannot be loaded:\n\n${lastLines(loaded.output)}`)
  const file = join(prebuildsFolder(), prebuildName(libcName()))
  const fresh = `${file}.${process.pid}`
  try {
    mkdirSync(dirname(file), { recursive: true })
    copyFileSync(built, fresh)
    // A running process may have the old one mapped, and would crash on new bytes in it; a rename leaves it its own.
    renameSync(fresh, file)
  } catch (error) {
    throw new RebuildError(`the addon was compiled and could not be put in its place: ${messageOf(error)}`)
  }
  return file
}

/**
 * To node-gyp, npm's configuration in the environment outranks the command line: the `nodedir` of a user's npmrc would
 * be taken for every version. And no preload of the user's belongs into a compilation.
 */
function environmentFor(headers: string | undefined): NodeJS.ProcessEnv {
  const ignored =
    headers === undefined ? /_(nodedir|target|arch)$/i : /_(nodedir|target|arch|disturl|dist_url)$/i
  const kept = Object.entries(process.env).filter(
    ([name]) =>
      name !== 'NODE_OPTIONS' &&
      !(/^npm_(config|package_config_node_gyp)_/i.test(name) && ignored.test(name)),
  )
  return Object.fromEntries(kept)
}

function libcName(): string | undefined {
  if (process.platform !== 'linux') return undefined
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } }
  return header.glibcVersionRuntime === undefined ? 'musl' : 'glibc'
}

function lastLines(output: string): string {
  return output.trimEnd().split('\n').slice(-LAST_LINES).join('\n')
}
