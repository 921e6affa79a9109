// The musl addons, as far as they can be run where there is no Node.js on musl: no npm or Debian package has one.
//
// Both halves of what Alpine does are shown, one without the other: musl's own loader links and starts them, up to the
// ABI guard, in a program that stands in for Node.js; and a Node.js on glibc runs the same files through a whole sample.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { abiOf, supported } from '../../scripts/nodes.mjs'
import { cleanEnvironment, expectNative, NODES, Project, told } from './support/project.ts'
import { must, run } from './support/run.ts'

const HOST = fileURLToPath(new URL('fixtures/musl-host.c', import.meta.url))
const NO_STACK_NOTE = '.section .note.GNU-stack,"",@progbits'

const addon = (abi: string, libc: string) =>
  join(inject('unpacked'), 'prebuilds/linux-x64', `offloop.abi${abi}.${libc}.node`)

const folder = mkdtempSync(join(tmpdir(), 'offloop-musl-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function undefinedIn(file: string): string[] {
  return must('nm', ['-D', '--undefined-only', '--format=posix', file])
    .split('\n')
    .map((line) => (line.split(' ')[0] as string).replace(/@.*/, ''))
}

describe("under musl's loader", () => {
  const host = join(folder, 'host')

  beforeAll(() => {
    const symbols = [...new Set(supported.flatMap((major) => undefinedIn(addon(abiOf(major), 'musl'))))]
    // All that the addons import of Node.js and the host does not define ends it by name.
    const ofNode = symbols
      .filter((name) => /^(napi_|node_api_|uv_|_ZN.*v8)/.test(name))
      .map((name) => `.weak ${name}\n${name}: lea 0f(%rip), %rdi\njmp unexpected@PLT\n0: .asciz "${name}"`)
    writeFileSync(join(folder, 'node.s'), [...ofNode, NO_STACK_NOTE, ''].join('\n'))
    must('musl-gcc', ['-rdynamic', '-o', host, HOST, join(folder, 'node.s')])
    // Alpine's libgcc_s; Debian's is for glibc. Nothing throws or attaches here, so nothing of it is called.
    const ofGcc = symbols
      .filter((name) => /^(_Unwind_|__popcount)/.test(name))
      .map((name) => `.globl ${name}\n${name}: ud2`)
    writeFileSync(join(folder, 'gcc.s'), [...ofGcc, NO_STACK_NOTE, ''].join('\n'))
    const gcc = ['-shared', '-nostdlib', '-Wl,-soname,libgcc_s.so.1', '-o', join(folder, 'libgcc_s.so.1')]
    must('musl-gcc', [...gcc, join(folder, 'gcc.s')])
  })

  const load = (file: string) => run(host, [file], { env: { LD_LIBRARY_PATH: folder } })

  test.each(supported)('the addon for Node.js %s is linked and starts', async (major) => {
    const abi = abiOf(major)
    expect(await load(addon(abi, 'musl'))).toEqual({
      code: 0,
      stdout: `9\nthis binary is for Node.js ABI ${abi} and the running Node.js has ABI 0\n`,
      stderr: '',
    })
  })

  test('the addon for glibc is not, so that the loader goes on to the right one', async () => {
    const { code, stderr } = await load(addon(abiOf(20), 'glibc'))
    expect(code).toBe(1)
    expect(stderr).toContain('ld-linux-x86-64.so.2')
  })
})

describe('in a Node.js on glibc', () => {
  const project = new Project().unpack(inject('unpacked'))
  const libraries = join(folder, 'libraries')

  beforeAll(() => {
    for (const major of supported) {
      rmSync(join(project.offloop, 'prebuilds/linux-x64', `offloop.abi${abiOf(major)}.glibc.node`))
    }
    must('mkdir', [libraries])
    // An empty one of that name: what the addon wants of musl, glibc has too.
    const library = join(libraries, 'libc.musl-x86_64.so.1')
    must('gcc', [
      '-shared',
      '-nostdlib',
      '-Wl,-soname,libc.musl-x86_64.so.1',
      '-o',
      library,
      '-x',
      'c',
      '/dev/null',
    ])
  })
  afterAll(() => project.remove())

  test.each(NODES)('its code counts collections (Node.js %s)', async (major, node) => {
    const outcome = await project.run(node, ['--expose-gc', 'uses.cjs'], { LD_LIBRARY_PATH: libraries })
    expectNative(told(outcome), abiOf(major))
  })

  test('it is refused by the dynamic linker otherwise, and the fallback takes over', async () => {
    const [, node] = NODES[0] as [number, string]
    const { source, stderr } = told(
      await run(node, ['--expose-gc', 'uses.cjs'], { cwd: project.folder, env: cleanEnvironment() }),
    )
    expect(source).toBe('perf_hooks')
    expect(stderr).toMatch(/^offloop: .* cannot be loaded: libc\.musl-x86_64\.so\.1: [^\n]*\n$/)
  })
})
