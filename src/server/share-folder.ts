import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync, readdirSync, readlinkSync, statSync, unlinkSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import { messageOf } from '../core/errors'
import type { Sharing } from '../core/sharing'

/** Without the byte that ends it: 108 on Linux, 104 on macOS and the BSDs. Node.js cuts a longer one off silently. */
const MAX_PATH = process.platform === 'linux' ? 107 : 103

/**
 * Where processes that share `host:port` meet: a socket whose name follows from what they share, in a folder that no
 * other user can enter. The folder is checked each time.
 *
 * @throws {Error} where there is no such folder.
 */
export function socketPath(
  group: Sharing['group'],
  host: string,
  port: number,
  env: NodeJS.ProcessEnv = process.env,
): string {
  // Two containers may share a folder, while each has a port of this number.
  const meeting = createHash('sha256')
    .update(JSON.stringify([group, host, port, networkOf()]))
    .digest('hex')
    .slice(0, 16)
  if (process.platform === 'win32') return `\\\\.\\pipe\\offloop-${userInfo().username}-${port}-${meeting}`

  const name = `${port}-${meeting}${group === 'user' ? '' : `.${group}`}.sock`
  const reasons: string[] = []
  for (const folder of folders(env)) {
    const path = join(folder, name)
    try {
      if (Buffer.byteLength(path) > MAX_PATH) {
        throw new Error(`the path is longer than the ${MAX_PATH} bytes of a socket's`)
      }
      claim(folder)
      return path
    } catch (error) {
      reasons.push(`${folder}: ${messageOf(error)}`)
    }
  }
  throw new Error(reasons.join('; '))
}

/** Removes the sockets of clusters that have ended without a chance to. */
export function sweep(folder: string): void {
  for (const name of readdirSync(folder)) {
    const [, primary] = /^\d+-[0-9a-f]{16}\.(\d+)\.sock$/.exec(name) ?? []
    if (primary === undefined || isAlive(Number(primary))) continue
    try {
      unlinkSync(join(folder, name))
    } catch {
      // Another process was faster.
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

function folders({ XDG_RUNTIME_DIR: runtime = '' }: NodeJS.ProcessEnv): string[] {
  const own = join(tmpdir(), `offloop-${process.geteuid?.()}`)
  return isAbsolute(runtime) ? [join(runtime, 'offloop'), own] : [own]
}

/**
 * Makes `folder` unless it is there. In `/tmp` another user may have made it, or a symbolic link in its place, to be
 * given our figures or to feed us theirs; in a folder that all can write to, and that is not sticky, they could still
 * exchange it later.
 */
function claim(folder: string): void {
  const uid = process.geteuid?.()
  const parent = statSync(dirname(folder))
  const exchangeable = (parent.mode & 0o022) !== 0 && (parent.mode & 0o1000) === 0
  if (exchangeable || (parent.uid !== 0 && parent.uid !== uid)) {
    throw new Error('other users can write to the folder that it is in')
  }
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const found = lstatSync(folder)
  if (!found.isDirectory()) throw new Error('it is not a folder')
  if (found.uid !== uid) throw new Error('it belongs to another user')
  if ((found.mode & 0o077) !== 0) {
    throw new Error(
      `it is open to other users, with mode ${(found.mode & 0o777).toString(8)} in place of 700`,
    )
  }
}

function networkOf(): string {
  try {
    return readlinkSync('/proc/self/ns/net')
  } catch {
    return ''
  }
}
