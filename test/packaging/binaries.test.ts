// Whether the binaries load where they say they do, as far as their headers tell.
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, inject, test } from 'vitest'
import { abiOf, arm64NodeFor, nodeFor, supported } from '../../scripts/nodes.mjs'
import { must } from './support/run.ts'

// RHEL 8 has these, and no supported Node.js runs on less.
const NEWEST = { GLIBC: '2.28', GLIBCXX: '3.4.25' }
// Weak, and of nobody: g++ puts them into everything.
const NOBODYS = ['_ITM_deregisterTMCloneTable', '_ITM_registerTMCloneTable', '__gmon_start__']

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const prebuilds = join(inject('unpacked'), 'prebuilds')
const binaries = readdirSync(prebuilds, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.node'))
  .sort()
  .map((file) => {
    const [, arch, abi, libc] = /linux-(\w+)\/offloop\.abi(\d+)\.(\w+)\.node$/.exec(file) as RegExpExecArray
    return { name: file, file: join(prebuilds, file), arch, abi, libc }
  })

/** Names of the dynamic symbols, without their versions. */
function symbols(file: string, kind: '--undefined-only' | '--defined-only'): string[] {
  return must('nm', ['-D', '--format=posix', kind, file])
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (line.split(' ')[0] as string).replace(/@.*/, ''))
}

const majorOf = (abi: string | undefined) => supported.find((major) => abiOf(major) === abi) as number

describe.each(binaries)('$name', ({ file, arch, abi, libc }) => {
  const objdump = arch === 'arm64' ? 'aarch64-linux-gnu-objdump' : 'objdump'

  test('is stripped, for its architecture, bound at load and never unloaded', () => {
    expect(must('readelf', ['-hW', file])).toMatch(
      arch === 'arm64' ? /Machine:\s+AArch64/ : /Machine:.*X86-64/,
    )
    expect(must('readelf', ['-SW', file])).not.toMatch(/\.symtab|\.debug_/)
    expect(must('readelf', ['-dW', file])).toMatch(/Flags: NOW NODELETE/)
  })

  test('exports what Node.js looks up, and nothing else', () => {
    const own = symbols(file, '--defined-only').filter((name) => !/^\.|^_(init|fini)$/.test(name))
    expect(own.sort()).toEqual(['napi_register_module_v1', 'node_api_module_get_api_version_v1'])
  })

  test('asks for no newer C and C++ library than the oldest that it is for', () => {
    const table = must(objdump, ['-T', file])
    for (const [name, newest] of Object.entries(NEWEST)) {
      const wanted = [...table.matchAll(new RegExp(`\\b${name}_([\\d.]+)`, 'g'))].map(
        ([, version]) => version as string,
      )
      const newer = wanted.filter((version) => version.localeCompare(newest, 'en', { numeric: true }) > 0)
      expect(newer, `${name} above ${newest}`).toEqual([])
      if (libc === 'musl') expect(wanted).toEqual([])
    }
    expect([...table.matchAll(/\bGLIBC_/g)].length > 0).toBe(libc === 'glibc')
  })

  test('needs no other library', () => {
    const needed = [...must('readelf', ['-dW', file]).matchAll(/NEEDED.*\[(.*)\]/g)].map(([, name]) => name)
    const allowed =
      libc === 'musl'
        ? ['libgcc_s.so.1', 'libc.musl-x86_64.so.1']
        : ['libgcc_s.so.1', 'libc.so.6', 'libdl.so.2', 'libpthread.so.0', 'libm.so.6', 'ld-linux-x86-64.so.2']
    expect(needed.filter((name) => !allowed.includes(name as string))).toEqual([])
  })

  test("opens its thread's times alone, connects, starts and maps nothing, and sends datagrams to a Unix socket alone", () => {
    const asked = symbols(file, '--undefined-only').filter(
      (name) => !/^(napi_|node_api_|uv_|_ZN.*v8)/.test(name),
    )
    const forbidden =
      /^_*(f?open(at)?(64)?|freopen|creat|unlink|rename|socket|connect|bind|listen|accept|send\w*|recv\w*|getaddrinfo|exec\w*|v?fork|clone|popen|system|posix_spawn\w*|dlopen|ptrace|mmap(64)?|mprotect|getenv|secure_getenv)$/
    expect(asked.length).toBeGreaterThan(20)
    // native/own_time.h, whose path is the only one, and native/unix_datagram.cc, which names no address family but that
    // of Unix sockets.
    const opens = libc === 'musl' ? 'open' : 'open64'
    expect(asked.filter((name) => forbidden.test(name)).sort()).toEqual([opens, 'sendto', 'socket'])
    expect(
      readFileSync(file, 'latin1').match(/\/(proc|sys|etc|dev|home|tmp|var|usr|run)\/[\w./-]+/g),
    ).toEqual(['/proc/thread-self/schedstat'])
  })

  test('finds in its Node.js all that it asks of it', () => {
    const major = majorOf(abi)
    const node = arch === 'arm64' ? arm64NodeFor(major).bin : nodeFor(major).bin
    const offered = new Set(symbols(node, '--defined-only'))
    const asked = symbols(file, '--undefined-only').filter((name) =>
      /^(napi_|node_api_|uv_|_ZN.*v8)/.test(name),
    )
    expect(asked.length).toBeGreaterThan(40)
    expect(asked.filter((name) => !offered.has(name))).toEqual([])
  })

  if (libc === 'musl') {
    test('finds in musl and libgcc all the rest', () => {
      const offered = new Set(
        ['/lib/ld-musl-x86_64.so.1', must('g++', ['-print-file-name=libgcc_s.so.1']).trim()].flatMap(
          (library) => symbols(library, '--defined-only'),
        ),
      )
      const asked = symbols(file, '--undefined-only').filter(
        (name) => !/^(napi_|node_api_|uv_|_ZN.*v8)/.test(name),
      )
      expect(asked).toContain('malloc')
      expect(asked.filter((name) => !offered.has(name) && !NOBODYS.includes(name))).toEqual([])
    })
  }
})

test('built again, they are the same to the byte', () => {
  // Not those of this machine, which other tests may be using.
  const again = binaries.filter(
    ({ arch, abi, libc }) => abi === abiOf(26) && (arch === 'arm64' || libc === 'musl'),
  )
  expect(again).toHaveLength(2)
  for (const { name } of again) rmSync(join(ROOT, 'prebuilds', `${name}.sources`))
  must(process.execPath, ['scripts/build-native.mjs', '--release'], { cwd: ROOT })
  for (const { name, file } of again) {
    expect(readFileSync(join(ROOT, 'prebuilds', name)).equals(readFileSync(file)), name).toBe(true)
  }
})
