// The tarball in an empty project, by each package manager, under each Node.js; and where no binary fits.
import { createHash } from 'node:crypto'
import { copyFileSync, mkdirSync, readdirSync, readFileSync, realpathSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { abiOf, supported } from '../../scripts/nodes.mjs'
import { MANAGERS } from './support/managers.ts'
import { expectNative, NODES, Project, told } from './support/project.ts'

/** Names and contents of all files below a folder. */
function contents(folder: string): Record<string, string> {
  const hash = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex')
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  )
  return Object.fromEntries(
    files
      .map((entry) => join(entry.parentPath, entry.name))
      .map((file) => [file.slice(folder.length + 1), hash(file)] as const)
      // pnpm puts the package's own commands there.
      .filter(([name]) => !name.startsWith('node_modules/')),
  )
}

describe.each(MANAGERS)('installed by %s', (_, find) => {
  const project = new Project()
  let output = ''

  beforeAll(async () => {
    const { node, script, install } = find()
    // A home of its own, so that no cache and no configuration of this machine's user has a part in it.
    const home = join(project.folder, 'home')
    const env = { HOME: home, XDG_CACHE_HOME: join(home, 'cache'), XDG_DATA_HOME: join(home, 'data') }
    const ended = await project.runWith(node, node, [script, ...install, inject('tarball')], env)
    output = `${ended.stdout}${ended.stderr}`
    expect(ended.code, output).toBe(0)
  })
  afterAll(() => project.remove())

  test('it is what was packed, and nothing was run or asked for', () => {
    expect(contents(realpathSync(project.offloop))).toEqual(contents(inject('unpacked')))
    expect(output).not.toMatch(/script|build|gyp/i)
    const others = readdirSync(join(project.folder, 'node_modules')).filter((name) => !name.startsWith('.'))
    expect(others).toEqual(['offloop'])
  })

  describe.each(NODES)('Node.js %s', (major, node) => {
    const abi = abiOf(major)

    test('require', async () => {
      expectNative(told(await project.run(node, ['--expose-gc', 'uses.cjs'])), abi)
    })

    test('import', async () => {
      expectNative(told(await project.run(node, ['--expose-gc', 'uses.cjs', '--import'])), abi)
    })

    test.each(['--require', '--import'])('register by %s', async (flag) => {
      const ended = await project.run(node, [flag, 'offloop/register', 'preloaded.cjs'])
      expect(ended).toEqual({ code: 0, stdout: 'ERR_OFFLOOP_ALREADY_STARTED\n', stderr: '' })
    })

    test('the command', async () => {
      const command = join(project.folder, 'node_modules/.bin/offloop')
      const env = { OFFLOOP_SERVE: 'off' }
      expect(await project.runWith(node, command, ['run', 'preloaded.cjs'], env)).toEqual({
        code: 0,
        stdout: 'ERR_OFFLOOP_ALREADY_STARTED\n',
        stderr: '',
      })
    })
  })
})

describe('where no binary fits', () => {
  const project = new Project().unpack(inject('unpacked'))
  const prebuilds = join(project.offloop, 'prebuilds')
  const away = join(project.folder, 'away')
  beforeAll(() => renameSync(prebuilds, away))
  afterAll(() => project.remove())

  test.each(NODES)('Node.js %s measures by perf_hooks, and says so once', async (major, node) => {
    const figures = told(await project.run(node, ['--expose-gc', 'uses.cjs']))
    expect(figures.source).toBe('perf_hooks')
    expect(figures.cycles).toBeGreaterThanOrEqual(5)
    expect(figures.heapUsed).toBeGreaterThan(1_000_000)
    expect(figures.heapObjects).toBeUndefined()
    expect(figures.stderr.match(/\n/g)).toHaveLength(1)
    expect(figures.stderr).toMatch(
      new RegExp(
        `^offloop: .* because there is no addon for linux-x64, Node\\.js v${major}\\..* \\(ABI ${abiOf(major)}\\)`,
      ),
    )
    expect(figures.stderr).toContain('`npx offloop rebuild`')
  })

  test.each(NODES)('Node.js %s refuses the one for another ABI, by name of both', async (major, node) => {
    const other = supported[(supported.indexOf(major) + 1) % supported.length] as number
    mkdirSync(join(prebuilds, 'linux-x64'), { recursive: true })
    copyFileSync(
      join(away, 'linux-x64', `offloop.abi${abiOf(other)}.glibc.node`),
      join(prebuilds, 'linux-x64', `offloop.abi${abiOf(major)}.glibc.node`),
    )
    const { source, stderr } = told(await project.run(node, ['--expose-gc', 'uses.cjs']))
    rmSync(prebuilds, { recursive: true })
    expect(source).toBe('perf_hooks')
    expect(stderr.match(/\n/g)).toHaveLength(1)
    // A symbol that this V8 lacks is the dynamic linker's own refusal.
    expect(stderr).toMatch(
      new RegExp(
        `cannot be loaded: (this binary is for Node\\.js ABI ${abiOf(other)} and .* ${abiOf(major)}|.*undefined symbol)`,
      ),
    )
  })
})
