import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A real cgroup that a test has made. */
export interface TestCgroup {
  readonly folder: string
  /** Moves a process into it, or into `inner`, a cgroup in it. */
  add(pid: number, inner?: string): void
  setLimit(bytes: number): void
  usage(): number
}

/**
 * A cgroup that limits memory, beside or below this process's own, so that all limits hold on. Undefined where this
 * machine lets nobody make one: that takes root, and cgroups that are not mounted read-only.
 */
export function makeCgroup(): TestCgroup | undefined {
  const parent = v1Parent() ?? v2Parent()
  if (parent === undefined) return undefined
  const { at, limit, usage } = parent
  const folder = join(at, `offloop-test-${process.pid}`)
  try {
    mkdirSync(join(folder, 'inner'), { recursive: true })
  } catch {
    return undefined
  }
  const pids = new Set<number>()
  onTestFinished(async () => {
    for (const pid of pids) await gone(pid)
    rmdirSync(join(folder, 'inner'))
    rmdirSync(folder)
  })
  return {
    folder,
    add: (pid, inner = '') => {
      pids.add(pid)
      writeFileSync(join(folder, inner, 'cgroup.procs'), String(pid))
    },
    setLimit: (bytes) => writeFileSync(join(folder, limit), String(bytes)),
    usage: () => Number(readFileSync(join(folder, usage), 'utf8')),
  }
}

const membership = () => readFileSync('/proc/self/cgroup', 'utf8')

/** Where the memory controller of v1 usually is: not read from mountinfo, which is what is tested. */
function v1Parent() {
  const own = /^\d+:memory:(.*)$/m.exec(membership())?.[1]
  if (own === undefined) return undefined
  return {
    at: join('/sys/fs/cgroup/memory', own),
    limit: 'memory.limit_in_bytes',
    usage: 'memory.usage_in_bytes',
  }
}

/** In v2 only a cgroup that holds no process hands the memory controller down: the own one does not. */
function v2Parent() {
  const own = /^0::(.*)$/m.exec(membership())?.[1] ?? '/'
  for (let path = own; ; path = dirname(path)) {
    const at = join('/sys/fs/cgroup', path)
    try {
      const handedDown = readFileSync(join(at, 'cgroup.subtree_control'), 'utf8')
      if (/\bmemory\b/.test(handedDown)) return { at, limit: 'memory.max', usage: 'memory.current' }
    } catch {
      // Not shown here: the one above may be.
    }
    if (path === '/') return undefined
  }
}

/** A cgroup is removed only once its last process is gone. */
async function gone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      return
    }
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
