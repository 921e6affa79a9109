import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { dist } from '../dist'

const { socketPath, sweep } = dist<typeof import('../../src/server/share-folder')>('server/share-folder.js')

const made: string[] = []
function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'offloop-folder-'))
  made.push(path)
  return path
}
afterEach(() => {
  for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true })
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
})

const pathIn = (XDG_RUNTIME_DIR: string, group: 'user' | number = 'user', host = '127.0.0.1', port = 9464) =>
  socketPath(group, host, port, { XDG_RUNTIME_DIR })

describe('where processes meet', () => {
  test('is a socket in a folder of mode 700, by port, host and group', () => {
    const runtime = folder()
    const path = pathIn(runtime)
    expect(path).toMatch(new RegExp(`^${runtime}/offloop/9464-[0-9a-f]{16}\\.sock$`))
    expect(lstatSync(dirname(path)).mode & 0o777).toBe(0o700)
    expect(pathIn(runtime)).toBe(path)
    const others = [
      pathIn(runtime, 42),
      pathIn(runtime, 'user', '::1'),
      pathIn(runtime, 'user', '127.0.0.1', 1),
    ]
    expect(new Set([path, ...others]).size).toBe(4)
    expect(others[0]).toMatch(/\.42\.sock$/)
  })

  test.each(['', 'relative', '/nowhere/at/all'])(
    'is below the folder for temporary files where XDG_RUNTIME_DIR is %j',
    (dir) => {
      const temporary = folder()
      vi.stubEnv('TMPDIR', temporary)
      expect(dirname(pathIn(dir))).toBe(join(temporary, `offloop-${process.geteuid?.()}`))
    },
  )

  test('is not below a path that is too long for a socket', () => {
    const temporary = folder()
    vi.stubEnv('TMPDIR', temporary)
    const long = join(folder(), 'x'.repeat(60))
    mkdirSync(long)
    expect(dirname(pathIn(long))).toBe(join(temporary, `offloop-${process.geteuid?.()}`))
    vi.stubEnv('TMPDIR', long)
    expect(() => pathIn(long)).toThrow(/longer than the 107 bytes of a socket's; .*longer than/)
    // What is not used is not made.
    expect(existsSync(join(long, 'offloop'))).toBe(false)
  })
})

describe('refused is a folder', () => {
  /** What is said of `offloop` in `runtime`, where there is no other. */
  function refusal(runtime: string): string {
    vi.stubEnv('TMPDIR', '/nowhere')
    try {
      pathIn(runtime)
    } catch (error) {
      return (error as Error).message.split('; ')[0] as string
    }
    throw new Error('accepted')
  }

  test.each([0o777, 0o755, 0o710, 0o701])('of mode %o', (mode) => {
    const runtime = folder()
    mkdirSync(join(runtime, 'offloop'))
    chmodSync(join(runtime, 'offloop'), mode)
    expect(refusal(runtime)).toBe(
      `${runtime}/offloop: it is open to other users, with mode ${mode.toString(8)} in place of 700`,
    )
  })

  test('that is a symbolic link, even to one of our own', () => {
    const runtime = folder()
    const own = join(runtime, 'own')
    mkdirSync(own, { mode: 0o700 })
    symlinkSync(own, join(runtime, 'offloop'))
    expect(refusal(runtime)).toBe(`${runtime}/offloop: it is not a folder`)
    rmSync(join(runtime, 'offloop'))
    symlinkSync(join(runtime, 'gone'), join(runtime, 'offloop'))
    expect(refusal(runtime)).toBe(`${runtime}/offloop: it is not a folder`)
  })

  test('that is a file', () => {
    const runtime = folder()
    writeFileSync(join(runtime, 'offloop'), '')
    expect(refusal(runtime)).toBe(`${runtime}/offloop: it is not a folder`)
  })

  test('of another user, who was there first', () => {
    // Ours, seen by a user who is not us; the sticky folder for temporary files is root's.
    const uid = process.geteuid?.() as number
    const foreign = join('/tmp', `offloop-${uid + 1}`)
    mkdirSync(foreign, { mode: 0o700 })
    made.push(foreign)
    vi.spyOn(process, 'geteuid').mockReturnValue(uid + 1)
    vi.stubEnv('TMPDIR', '/tmp')
    expect(() => pathIn('')).toThrow(`${foreign}: it belongs to another user`)
  })

  test('in one that others can write to, and that is not sticky', () => {
    const runtime = folder()
    const reason = 'other users can write to the folder that it is in'
    chmodSync(runtime, 0o777)
    expect(refusal(runtime)).toBe(`${runtime}/offloop: ${reason}`)
    chmodSync(runtime, 0o1777)
    expect(pathIn(runtime)).toContain(runtime)
    rmSync(join(runtime, 'offloop'), { recursive: true })
    chmodSync(runtime, 0o700)
    const uid = process.geteuid?.() as number
    vi.spyOn(process, 'geteuid').mockReturnValue(uid + 1)
    // Root may do all things anyway.
    if (uid !== 0) expect(refusal(runtime)).toBe(`${runtime}/offloop: ${reason}`)
  })
})

test('sockets of clusters whose primary is gone are removed, and no others', () => {
  const dir = folder()
  const digest = '0123456789abcdef'
  // The greatest ID that Linux gives is below 2^22.
  const names = [
    `1-${digest}.4194304.sock`,
    `1-${digest}.${process.pid}.sock`,
    `1-${digest}.sock`,
    'notes.9.sock',
  ]
  for (const name of names) writeFileSync(join(dir, name), '')
  sweep(dir)
  expect(names.map((name) => existsSync(join(dir, name)))).toEqual([false, true, true, true])
})
