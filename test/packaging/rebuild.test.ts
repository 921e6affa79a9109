// `offloop rebuild`: what it builds, and what it says where it cannot.
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { basename, join } from 'node:path'
import { afterAll, beforeEach, describe, expect, inject, test } from 'vitest'
import { abiOf, nodeFor } from '../../scripts/nodes.mjs'
import { manager } from './support/managers.ts'
import { expectNative, NODES, Project, told } from './support/project.ts'
import { must } from './support/run.ts'

const project = new Project().unpack(inject('unpacked'))
const prebuilds = join(project.offloop, 'prebuilds')
const temporary = join(project.folder, 'temporary')
const cli = join(project.offloop, 'dist/cli.js')
const node22 = nodeFor(22)
const name22 = `offloop.abi${abiOf(22)}.glibc.node`

beforeEach(() => {
  rmSync(prebuilds, { recursive: true, force: true })
  rmSync(temporary, { recursive: true, force: true })
  mkdirSync(temporary)
})
afterAll(() => project.remove())

function rebuild(node: string, args: readonly string[] = [], env: Record<string, string | undefined> = {}) {
  return project.runWith(node, node, [cli, 'rebuild', ...args], { TMPDIR: temporary, ...env })
}

/** A folder with all commands of this machine but those, to be the whole PATH. */
function toolbox(...without: string[]): string {
  const folder = join(temporary, 'tools')
  mkdirSync(folder)
  for (const tool of readdirSync('/usr/bin')) {
    if (!without.some((name) => tool === name || tool.startsWith(`${name}3`))) {
      symlinkSync(join('/usr/bin', tool), join(folder, tool))
    }
  }
  return folder
}

function script(path: string, ...lines: string[]): void {
  writeFileSync(path, ['#!/bin/sh', ...lines, ''].join('\n'))
  chmodSync(path, 0o755)
}

const built = () => (existsSync(prebuilds) ? readdirSync(join(prebuilds, 'linux-x64')) : [])

describe('builds', () => {
  test.each(NODES)('for Node.js %s, whose headers are beside it', async (major, node) => {
    const { code, stdout, stderr } = await rebuild(node)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const name = `offloop.abi${abiOf(major)}.glibc.node`
    expect(stdout).toMatch(
      new RegExp(
        `^offloop: compiling for Node\\.js v${major}\\.[^\\n]*\\noffloop: done: ${join(prebuilds, 'linux-x64', name)}\\.`,
      ),
    )
    expect(built()).toEqual([name])
    expect(readdirSync(temporary)).toEqual([])
    expect(existsSync(join(project.offloop, 'native/build'))).toBe(false)
    expectNative(told(await project.run(node, ['--expose-gc', 'uses.cjs'])), abiOf(major))
  })

  test("through npx, whatever nodedir a user's npmrc has for another Node.js", async () => {
    writeFileSync(join(project.folder, '.npmrc'), `nodedir=${nodeFor(24).prefix}\n`)
    mkdirSync(join(project.folder, 'node_modules/.bin'), { recursive: true })
    symlinkSync('../offloop/dist/cli.js', join(project.folder, 'node_modules/.bin/offloop'))
    chmodSync(cli, 0o755)
    const npm = manager('npm 11').script
    const ended = await project.runWith(node22.bin, node22.bin, [npm, 'exec', 'offloop', 'rebuild'])
    rmSync(join(project.folder, '.npmrc'))
    expect(ended.code, ended.stderr).toBe(0)
    expectNative(told(await project.run(node22.bin, ['--expose-gc', 'uses.cjs'])), abiOf(22))
  })

  test('with headers from elsewhere, in a folder with a space, with a preload in NODE_OPTIONS', async () => {
    const alone = join(temporary, 'node alone')
    mkdirSync(alone)
    copyFileSync(node22.bin, join(alone, 'node'))
    const env = { NODE_OPTIONS: '--require offloop/register', OFFLOOP_SERVE: '127.0.0.1:0' }
    const { code, stderr } = await rebuild(join(alone, 'node'), [`--nodedir=${node22.prefix}`], env)
    expect({ code, stderr: stderr.replace(/^offloop: measuring with perf_hooks.*\n/, '') }).toEqual({
      code: 0,
      stderr: '',
    })
    expect(built()).toEqual([name22])
  })

  test('with headers that node-gyp downloads, where there are none', async () => {
    const alone = join(temporary, 'alone')
    mkdirSync(alone)
    copyFileSync(node22.bin, join(alone, 'node'))
    // A mirror of nodejs.org, as far as node-gyp asks it.
    const release = `v${node22.version}`
    const archive = join(temporary, `node-${release}-headers.tar.gz`)
    must('tar', ['-czf', archive, '-C', node22.prefix, '--transform', `s,^,node-${release}/,`, 'include'])
    const bytes = readFileSync(archive)
    const sum = createHash('sha256').update(bytes).digest('hex')
    const asked: string[] = []
    const mirror = createServer(({ url }, response) => {
      asked.push(url as string)
      if (url === `/dist/${release}/${basename(archive)}`) response.end(bytes)
      else if (url === `/dist/${release}/SHASUMS256.txt`) response.end(`${sum}  ${basename(archive)}\n`)
      else response.writeHead(404).end()
    }).listen(0, '127.0.0.1')
    await once(mirror, 'listening')
    const url = `http://127.0.0.1:${(mirror.address() as AddressInfo).port}/dist`
    const env = { npm_config_disturl: url, npm_config_devdir: join(temporary, 'devdir') }
    const { code, stderr } = await rebuild(join(alone, 'node'), [], env)
    mirror.close()
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(asked).toContain(`/dist/${release}/${basename(archive)}`)
    expect(built()).toEqual([name22])
  })

  test('with a node-gyp that npm fetches, where there is none', async () => {
    const tools = toolbox('npm', 'npx', 'node')
    // An npm with nothing beside it.
    script(join(tools, 'npm'), `exec "${node22.bin}" "${manager('npm 11').script}" "$@"`)
    symlinkSync(node22.bin, join(tools, 'node'))
    const { code, stdout, stderr } = await rebuild(node22.bin, [], { PATH: tools })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^offloop: there is no node-gyp here: npm fetches one\n/)
    expect(built()).toEqual([name22])
  })
})

describe('says, and exits with 1, where', () => {
  async function refused(...given: Parameters<typeof rebuild>) {
    const { code, stdout, stderr } = await rebuild(...given)
    expect(code).toBe(1)
    expect(stdout).not.toContain('done')
    // A sentence, not a stack.
    expect(stderr).toMatch(/^offloop rebuild: /)
    expect(stderr).not.toMatch(/at .*rebuild\.js/)
    expect(built()).toEqual([])
    return stderr
  }

  test('there is no compiler', async () => {
    const stderr = await refused(node22.bin, [], { PATH: toolbox('g++') })
    expect(stderr).toContain('compiling needs a C++ compiler (g++), which is not there')
    expect(stderr).toContain('apt-get install g++ make python3')
  })

  test('there is neither make nor Python', async () => {
    const stderr = await refused(node22.bin, [], { PATH: toolbox('make', 'python') })
    expect(stderr).toContain('compiling needs make and Python 3, which are not there')
  })

  test('CXX is no compiler', async () => {
    const stderr = await refused(node22.bin, [], { CXX: 'no-such-compiler' })
    expect(stderr).toContain('a C++ compiler (no-such-compiler)')
  })

  test('the headers given are not there', async () => {
    expect(await refused(node22.bin, ['--nodedir=nowhere'])).toContain(
      `there are no headers in ${join(project.folder, 'nowhere/include/node')}`,
    )
  })

  test('the headers given are of another Node.js', async () => {
    expect(await refused(node22.bin, [`--nodedir=${nodeFor(24).prefix}`])).toContain(
      `are of another Node.js (ABI ${abiOf(24)}) than the running one, Node.js v22.`,
    )
  })

  test('there are no headers, and none can be downloaded', async () => {
    const alone = join(temporary, 'alone')
    mkdirSync(alone)
    copyFileSync(node22.bin, join(alone, 'node'))
    // A mirror that nobody answers for.
    const env = {
      npm_config_disturl: 'http://127.0.0.1:9/dist',
      npm_config_devdir: join(temporary, 'devdir'),
    }
    const stderr = await refused(join(alone, 'node'), [], env)
    expect(stderr).toContain('are not beside its binary and could not be downloaded')
    expect(stderr).toContain('127.0.0.1:9')
    expect(stderr).toContain('Give a folder that has them in include/node by --nodedir=FOLDER.')
  })

  test('there is no node-gyp, and npm cannot fetch one', async () => {
    const stderr = await refused(node22.bin, [], { PATH: toolbox('npm', 'npx', 'node') })
    expect(stderr).toContain('there is no node-gyp here, and npm could not fetch one')
  })

  test('the compiler fails', async () => {
    const compiler = join(temporary, 'compiler')
    script(compiler, '[ "$1" = --version ] && exit', 'echo "error: this is what it said" >&2', 'exit 1')
    const stderr = await refused(node22.bin, [], { CXX: compiler })
    expect(stderr).toContain('compiling failed:')
    expect(stderr).toContain('error: this is what it said')
  })

  test('the compiler is too old', async () => {
    const compiler = join(temporary, 'compiler')
    const complaint = "g++: error: unrecognized command-line option '-std=gnu++20'"
    script(compiler, '[ "$1" = --version ] && exit', `echo "${complaint}" >&2`, 'exit 1')
    expect(await refused(node22.bin, [], { CXX: compiler })).toContain('need a compiler that knows C++20')
  })

  test('the folder of the package cannot be written to', async () => {
    // Root may write anywhere, but not below a file.
    writeFileSync(prebuilds, '')
    const { code, stderr } = await rebuild(node22.bin)
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /^offloop rebuild: the addon was compiled and could not be put in its place: ENOTDIR/,
    )
  })

  test('the package has no sources', async () => {
    const headers = join(project.offloop, 'native/node-addon-api')
    const kept = readFileSync(join(headers, 'napi.h'))
    rmSync(join(headers, 'napi.h'))
    const stderr = await refused(node22.bin)
    writeFileSync(join(headers, 'napi.h'), kept)
    expect(stderr).toContain('has no complete sources')
  })
})

test('what was there stays, where a new one cannot be loaded', async () => {
  const file = join(prebuilds, 'linux-x64', name22)
  mkdirSync(join(prebuilds, 'linux-x64'), { recursive: true })
  writeFileSync(file, 'the old one')
  const compiler = join(temporary, 'compiler')
  // Links something else than was asked for.
  script(
    compiler,
    'case " $* " in *" -shared "*) while [ "$1" != -o ]; do shift; done; echo broken > "$2" ;; *) exec g++ "$@" ;; esac',
  )
  const { code, stderr } = await rebuild(node22.bin, [], { CXX: compiler })
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: expect.stringContaining('what was compiled cannot be loaded'),
  })
  expect(readFileSync(file, 'utf8')).toBe('the old one')
})

test.each(['--nodedir', '--verbose', 'x'])('a wrong argument, %s, is 2', async (argument) => {
  const { code, stderr } = await rebuild(node22.bin, [argument])
  expect(code).toBe(2)
  expect(stderr).toMatch(
    new RegExp(
      `^offloop rebuild: ${argument} is not --nodedir=FOLDER\n.offloop rebuild --help. tells more\\.\n$`,
    ),
  )
})
