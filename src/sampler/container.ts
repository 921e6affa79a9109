import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Of the container, or whatever control group the process runs in. What is not known is undefined. */
export interface ContainerMemory {
  readonly limitBytes: number | undefined
  readonly usageBytes: number | undefined
}

const FILES = {
  v1: { limit: 'memory.limit_in_bytes', usage: 'memory.usage_in_bytes' },
  v2: { limit: 'memory.max', usage: 'memory.current' },
} as const

/** v1 has no word for "no limit": the largest number of whole pages, 2^63 less one page of whatever size. */
const NO_LIMIT_V1 = 2 ** 62

/** A mounted hierarchy: `at` shows the cgroup `root` and what is below it. */
interface Mount {
  readonly root: string
  readonly at: string
}

/**
 * Memory limit and use of the process's cgroup, v1 or v2.
 *
 * Not `process.constrainedMemory()`: it takes 2^64 for no limit, and what it reads has changed with libuv's versions.
 *
 * `root` is put before every path, for tests.
 */
export class Container {
  readonly #root: string
  #membership: string | undefined
  #files: (typeof FILES)['v1' | 'v2'] = FILES.v2
  /** The process's own cgroup and those above it that it is charged to, innermost first. */
  #folders: readonly string[] = []

  constructor(root = '') {
    this.#root = root
  }

  /**
   * The smallest limit from the own cgroup to the outermost that can be seen, and the use of the cgroup that has it:
   * only these two belong together. Where nothing limits, the use of the innermost cgroup that tells one.
   */
  read(): ContainerMemory {
    this.#find()
    let limitBytes: number | undefined
    let limiting = this.#folders
    for (const folder of this.#folders) {
      const bytes = bytesIn(join(folder, this.#files.limit))
      if (bytes === undefined || (this.#files === FILES.v1 && bytes >= NO_LIMIT_V1)) continue
      if (limitBytes !== undefined && bytes >= limitBytes) continue
      limitBytes = bytes
      limiting = [folder]
    }
    for (const folder of limiting) {
      const usageBytes = bytesIn(join(folder, this.#files.usage))
      if (usageBytes !== undefined) return { limitBytes, usageBytes }
    }
    return { limitBytes, usageBytes: undefined }
  }

  /** Looks anew whenever the process was moved: launchers do that after the start. */
  #find(): void {
    const membership = textOf(`${this.#root}/proc/self/cgroup`)
    if (membership === this.#membership) return
    this.#membership = membership
    this.#folders = []
    const own = ownCgroup(membership ?? '')
    if (own === undefined) return
    this.#files = FILES[own.version]
    const mount = mountOf(own.path, own.version, textOf(`${this.#root}/proc/self/mountinfo`) ?? '')
    if (mount === undefined) return
    this.#folders = chargedFolders(join(this.#root, mount.at), below(own.path, mount.root) ?? [])
  }
}

/** The memory controller is in one hierarchy only: one of v1, if a line names it, else the one of v2, line 0. */
function ownCgroup(membership: string): { version: 'v1' | 'v2'; path: string } | undefined {
  let unified: string | undefined
  for (const line of membership.split('\n')) {
    const [, id, controllers, path] = /^(\d+):([^:]*):(\/.*)$/.exec(line) ?? []
    if (path === undefined) continue
    if (controllers?.split(',').includes('memory')) return { version: 'v1', path }
    if (id === '0' && controllers === '') unified = path
  }
  return unified === undefined ? undefined : { version: 'v2', path: unified }
}

/** The mount that shows `path`, and of several the one that shows the most above it. */
function mountOf(path: string, version: 'v1' | 'v2', mountinfo: string): Mount | undefined {
  let found: Mount | undefined
  for (const line of mountinfo.split('\n')) {
    const [mounted = '', filesystem = ''] = line.split(' - ')
    const [, , , root, at] = mounted.split(' ').map(unescaped)
    const [type, , options = ''] = filesystem.split(' ')
    if (root === undefined || at === undefined || below(path, root) === undefined) continue
    const wanted = version === 'v2' ? type === 'cgroup2' : type === 'cgroup' && hasMemory(options)
    if (wanted && (found === undefined || root.length <= found.root.length)) found = { root, at }
  }
  return found
}

const hasMemory = (options: string) => options.split(',').includes('memory')

/**
 * The names on the way from `root` to `path`, both as the process's cgroup namespace shows them. Undefined where `root`
 * does not show it, or where it leads out of the namespace: what is up there has no name here.
 */
function below(path: string, root: string): readonly string[] | undefined {
  const prefix = root === '/' ? root : `${root}/`
  if (path !== root && !path.startsWith(prefix)) return undefined
  const names = path
    .slice(prefix.length)
    .split('/')
    .filter((name) => name !== '')
  return names.includes('..') ? undefined : names
}

function chargedFolders(top: string, names: readonly string[]): string[] {
  const folders: string[] = []
  for (let depth = names.length; depth >= 0; depth--) {
    const folder = join(top, ...names.slice(0, depth))
    // The root of all v1 cgroups, which alone has this file, is the machine: no container's use. v2's tells none.
    if (textOf(join(folder, 'release_agent')) !== undefined) break
    // In v1, before Linux 5.11, a cgroup may be told not to count what those below it use.
    const inner = depth < names.length
    if (inner && textOf(join(folder, 'memory.use_hierarchy'))?.trim() === '0') break
    folders.push(folder)
  }
  return folders
}

/** Undefined for `max`, v2's word for no limit, too. */
function bytesIn(file: string): number | undefined {
  const text = textOf(file)?.trim() ?? ''
  return /^\d+$/.test(text) ? Number(text) : undefined
}

/** The kernel writes space, tab, newline and backslash as octal numbers. */
function unescaped(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
}

/**
 * Undefined where it cannot be read. Not asynchronous: these files are in memory, and libuv's threads for file access
 * are those of the application.
 */
export function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
