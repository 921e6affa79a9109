import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { dist } from '../dist'

const { Container } = dist<typeof import('../../src/sampler/container')>('sampler/container.js')

const MIB = 1024 * 1024
const UNLIMITED_V1 = '9223372036854771712'
const ABSENT = { limitBytes: undefined, usageBytes: undefined }

let folder: string | undefined
afterEach(() => {
  if (folder !== undefined) rmSync(folder, { recursive: true })
  folder = undefined
})

/** A root file system with these files. */
function tree(files: Record<string, string>): string {
  folder ??= mkdtempSync(join(tmpdir(), 'offloop-container-'))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), `${text}\n`)
  }
  return folder
}

/** What the kernel shows a process, and the files of its cgroups. */
function read(cgroup: string, mounts: string[], files: Record<string, string> = {}) {
  const mountinfo = ['22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw', ...mounts].join('\n')
  return new Container(
    tree({ '/proc/self/cgroup': cgroup, '/proc/self/mountinfo': mountinfo, ...files }),
  ).read()
}

const v2 = (root = '/', at = '/sys/fs/cgroup') =>
  `30 23 0:26 ${root} ${at} rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate`
const v1 = (root = '/', at = '/sys/fs/cgroup/memory', controllers = 'memory') =>
  `35 31 0:31 ${root} ${at} rw,nosuid master:1 - cgroup cgroup rw,${controllers}`

/** Files of a cgroup. */
const inV2 = (at: string, max: string | number, current: number) => ({
  [`${at}/memory.max`]: String(max),
  [`${at}/memory.current`]: String(current),
})
const inV1 = (at: string, limit: string | number, usage: number) => ({
  [`${at}/memory.limit_in_bytes`]: String(limit),
  [`${at}/memory.usage_in_bytes`]: String(usage),
})

describe('v2', () => {
  test('in a namespace of its own, as containers have it: the cgroup is the root', () => {
    const files = inV2('/sys/fs/cgroup', 512 * MIB, 100)
    expect(read('0::/', [v2()], files)).toEqual({ limitBytes: 512 * MIB, usageBytes: 100 })
  })

  test('in the namespace of the host, with the container mounted alone', () => {
    const own = '/system.slice/docker-1f.scope'
    const files = inV2('/sys/fs/cgroup', 512 * MIB, 100)
    expect(read(`0::${own}`, [v2(own)], files)).toEqual({ limitBytes: 512 * MIB, usageBytes: 100 })
    // The process is in a cgroup of its own below it.
    const inner = { ...files, ...inV2('/sys/fs/cgroup/app', 'max', 60) }
    expect(read(`0::${own}/app`, [v2(own)], inner)).toEqual({ limitBytes: 512 * MIB, usageBytes: 100 })
  })

  test('nested: the smallest limit, with the use of the cgroup that has it', () => {
    const files = {
      ...inV2('/sys/fs/cgroup/a', 300 * MIB, 30),
      ...inV2('/sys/fs/cgroup/a/b', 200 * MIB, 20),
      ...inV2('/sys/fs/cgroup/a/b/c', 400 * MIB, 10),
    }
    expect(read('0::/a/b/c', [v2()], files)).toEqual({ limitBytes: 200 * MIB, usageBytes: 20 })
    // A container of a pod with the same limit: the inner one is its own.
    const same = { ...files, ...inV2('/sys/fs/cgroup/a/b/c', 200 * MIB, 10) }
    expect(read('0::/a/b/c', [v2()], same)).toEqual({ limitBytes: 200 * MIB, usageBytes: 10 })
  })

  test('with no limit: none, and the use of the own cgroup', () => {
    const files = { ...inV2('/sys/fs/cgroup/a', 'max', 30), ...inV2('/sys/fs/cgroup/a/b', 'max', 20) }
    expect(read('0::/a/b', [v2()], files)).toEqual({ limitBytes: undefined, usageBytes: 20 })
  })

  test('where the memory controller is only on above the own cgroup: what is known there', () => {
    const files = inV2('/sys/fs/cgroup/user.slice', 'max', 30)
    const mounts = [v2()]
    expect(read('0::/user.slice/session-1.scope', mounts, files)).toEqual({
      limitBytes: undefined,
      usageBytes: 30,
    })
    const limited = inV2('/sys/fs/cgroup/user.slice', 100 * MIB, 30)
    expect(read('0::/user.slice/session-1.scope', mounts, limited)).toEqual({
      limitBytes: 100 * MIB,
      usageBytes: 30,
    })
  })

  test('in the root of a machine, which tells nothing: nothing', () => {
    expect(read('0::/', [v2()], { '/sys/fs/cgroup/memory.stat': 'anon 1' })).toEqual(ABSENT)
  })

  test('a limit of nothing is a limit', () => {
    expect(read('0::/', [v2()], inV2('/sys/fs/cgroup', 0, 1)).limitBytes).toBe(0)
  })
})

describe('v1', () => {
  const lines = (path: string, memory = 'memory') =>
    `9:cpu,cpuacct:/x\n4:${memory}:${path}\n1:name=systemd:/y`

  test('in the namespace of the host, as Docker has it: the container mounted alone', () => {
    const own = '/docker/1f'
    const files = inV1('/sys/fs/cgroup/memory', 512 * MIB, 100)
    expect(read(lines(own), [v1(own)], files)).toEqual({ limitBytes: 512 * MIB, usageBytes: 100 })
  })

  test('in a namespace of its own', () => {
    const files = inV1('/sys/fs/cgroup/memory', 512 * MIB, 100)
    expect(read(lines('/'), [v1()], files)).toEqual({ limitBytes: 512 * MIB, usageBytes: 100 })
  })

  test('nested: the smallest limit, with the use of the cgroup that has it', () => {
    const files = {
      ...inV1('/sys/fs/cgroup/memory/pods', 900 * MIB, 90),
      ...inV1('/sys/fs/cgroup/memory/pods/pod', 200 * MIB, 20),
      ...inV1('/sys/fs/cgroup/memory/pods/pod/c', UNLIMITED_V1, 10),
    }
    expect(read(lines('/pods/pod/c'), [v1()], files)).toEqual({ limitBytes: 200 * MIB, usageBytes: 20 })
  })

  test('a cgroup that does not count what is below it limits nothing below it', () => {
    const files = {
      ...inV1('/sys/fs/cgroup/memory/a', 200 * MIB, 20),
      '/sys/fs/cgroup/memory/a/memory.use_hierarchy': '0',
      ...inV1('/sys/fs/cgroup/memory/a/b', 300 * MIB, 10),
      '/sys/fs/cgroup/memory/a/b/memory.use_hierarchy': '0',
    }
    expect(read(lines('/a/b'), [v1()], files)).toEqual({ limitBytes: 300 * MIB, usageBytes: 10 })
    const counted = { ...files, '/sys/fs/cgroup/memory/a/memory.use_hierarchy': '1' }
    expect(read(lines('/a/b'), [v1()], counted)).toEqual({ limitBytes: 200 * MIB, usageBytes: 20 })
  })

  test.each([
    ['4 KiB', UNLIMITED_V1],
    ['64 KiB', '9223372036854710272'],
    ['none', '9223372036854775807'],
  ])('the largest number, for pages of %s, is no limit', (_, limit) => {
    const files = inV1('/sys/fs/cgroup/memory/a', limit, 10)
    expect(read(lines('/a'), [v1()], files)).toEqual({ limitBytes: undefined, usageBytes: 10 })
  })

  test('the root of the machine is no container', () => {
    const files = {
      ...inV1('/sys/fs/cgroup/memory', UNLIMITED_V1, 9_000 * MIB),
      '/sys/fs/cgroup/memory/release_agent': '',
    }
    expect(read(lines('/'), [v1()], files)).toEqual(ABSENT)
    const inner = { ...files, ...inV1('/sys/fs/cgroup/memory/a', UNLIMITED_V1, 10) }
    expect(read(lines('/a'), [v1()], inner)).toEqual({ limitBytes: undefined, usageBytes: 10 })
  })

  test('mounted together with other controllers', () => {
    const files = inV1('/cg/all', 512 * MIB, 100)
    const mount = v1('/', '/cg/all', 'hugetlb,memory')
    expect(read(lines('/', 'hugetlb,memory'), [mount], files)).toEqual({
      limitBytes: 512 * MIB,
      usageBytes: 100,
    })
  })
})

describe('both versions at once', () => {
  const mounts = [v1(), v2('/', '/sys/fs/cgroup/unified'), v1('/', '/sys/fs/cgroup/cpu', 'cpu')]
  const files = {
    ...inV1('/sys/fs/cgroup/memory/a', 100 * MIB, 10),
    ...inV2('/sys/fs/cgroup/unified/a', 200 * MIB, 20),
    ...inV1('/sys/fs/cgroup/cpu/a', 300 * MIB, 30),
  }

  test('v1 where it has the memory controller', () => {
    expect(read('4:memory:/a\n1:cpu:/a\n0::/a', mounts, files)).toEqual({
      limitBytes: 100 * MIB,
      usageBytes: 10,
    })
  })

  test('v2 where v1 has it not', () => {
    expect(read('1:cpu:/a\n0::/a', mounts, files)).toEqual({ limitBytes: 200 * MIB, usageBytes: 20 })
  })
})

describe('which mount', () => {
  test('of several the one that shows most', () => {
    const files = {
      ...inV2('/sys/fs/cgroup', 'max', 10),
      ...inV2('/host/cgroup/pod/c', 'max', 10),
      ...inV2('/host/cgroup/pod', 100 * MIB, 20),
    }
    for (const mounts of [
      [v2('/pod/c'), v2('/', '/host/cgroup')],
      [v2('/', '/host/cgroup'), v2('/pod/c')],
    ]) {
      expect(read('0::/pod/c', mounts, files)).toEqual({ limitBytes: 100 * MIB, usageBytes: 20 })
    }
  })

  test('none that shows another cgroup', () => {
    const files = inV2('/sys/fs/cgroup', 100 * MIB, 10)
    expect(read('0::/pod/c', [v2('/pod/other')], files)).toEqual(ABSENT)
    // Not by the beginning of a name.
    expect(read('0::/pod/c2', [v2('/pod/c')], files)).toEqual(ABSENT)
  })

  test('none for a cgroup outside of the namespace, but where the mount shows it', () => {
    const files = { ...inV2('/sys/fs/cgroup', 100 * MIB, 10), ...inV2('/sys/fs/cgroup/b', 50 * MIB, 5) }
    expect(read('0::/../b', [v2()], files)).toEqual(ABSENT)
    expect(read('0::/', [v2('/../..')], files)).toEqual(ABSENT)
    expect(read('0::/../b', [v2('/..')], files)).toEqual({ limitBytes: 50 * MIB, usageBytes: 5 })
  })

  test('names with spaces, colons and backslashes', () => {
    const at = '/sys/fs/c g'
    const files = inV2(`${at}/a:b\\x2d c`, 100 * MIB, 10)
    expect(read('0::/a:b\\x2d c', [v2('/', '/sys/fs/c\\040g')], files)).toEqual({
      limitBytes: 100 * MIB,
      usageBytes: 10,
    })
  })
})

describe('what is not there is absent', () => {
  test('no /proc, no mount, no cgroup', () => {
    expect(new Container(tree({})).read()).toEqual(ABSENT)
    expect(new Container(tree({ '/proc/self/cgroup': '0::/' })).read()).toEqual(ABSENT)
    expect(read('0::/', [])).toEqual(ABSENT)
    expect(read('0::/', [v2()])).toEqual(ABSENT)
    expect(read('', [v2()], inV2('/sys/fs/cgroup', 1, 1))).toEqual(ABSENT)
  })

  test('a limit without a use, and nonsense', () => {
    const at = '/sys/fs/cgroup'
    expect(read('0::/', [v2()], { [`${at}/memory.max`]: '1000' })).toEqual({ ...ABSENT, limitBytes: 1000 })
    expect(read('0::/', [v2()], { [`${at}/memory.max`]: '-1', [`${at}/memory.current`]: '1e3' })).toEqual(
      ABSENT,
    )
  })

  test('whatever the files say: a number or nothing, and no exception', () => {
    const line = fc.oneof(
      fc.string(),
      fc.stringMatching(/^[0-9]{1,2}:(memory|cpu)?:(\/[ab.]{0,3}){0,3}$/),
      fc
        .tuple(fc.constantFrom('/', '/a', '/..', '//'), fc.constantFrom('/', '/a', ''))
        .map(([r, a]) => v2(r, a)),
      fc.tuple(fc.constantFrom('/', '/a', '/b/..'), fc.constantFrom('/', '/a')).map(([r, a]) => v1(r, a)),
    )
    const text = fc.array(line).map((lines) => lines.join('\n'))
    fc.assert(
      fc.property(text, text, fc.string(), (cgroup, mountinfo, max) => {
        const root = tree({
          '/proc/self/cgroup': cgroup,
          '/proc/self/mountinfo': mountinfo,
          '/memory.max': max,
          '/a/memory.max': '5',
        })
        const { limitBytes, usageBytes } = new Container(root).read()
        expect(limitBytes ?? 0).toBeGreaterThanOrEqual(0)
        expect(usageBytes).toBeUndefined()
      }),
    )
  })
})

test('limits and uses are read each time, and a process that is moved is followed', () => {
  const files = {
    ...inV2('/sys/fs/cgroup/a', 100 * MIB, 10),
    ...inV2('/sys/fs/cgroup/b', 'max', 20),
    '/proc/self/cgroup': '0::/a',
    '/proc/self/mountinfo': v2(),
  }
  const container = new Container(tree(files))
  expect(container.read()).toEqual({ limitBytes: 100 * MIB, usageBytes: 10 })
  tree(inV2('/sys/fs/cgroup/a', 200 * MIB, 11))
  expect(container.read()).toEqual({ limitBytes: 200 * MIB, usageBytes: 11 })
  tree({ '/proc/self/cgroup': '0::/b' })
  expect(container.read()).toEqual({ limitBytes: undefined, usageBytes: 20 })
})
