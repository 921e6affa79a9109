import { execFileSync } from 'node:child_process'
import os from 'node:os'

/** Where and of what the figures are. */
export function describeMachine() {
  const cpus = os.cpus()
  return {
    cpu: cpus[0]?.model ?? 'unknown',
    cores: cpus.length,
    memoryBytes: os.totalmem(),
    // Of the last minute: what else ran when the benchmarks began.
    load: os.loadavg()[0],
    kernel: `${os.type()} ${os.release()} ${os.arch()}`,
    node: process.versions.node,
    v8: process.versions.v8,
    revision: revision(),
  }
}

function revision() {
  try {
    const hash = git('rev-parse', 'HEAD')
    return git('status', '--porcelain', '--', 'src', 'native', 'benchmarks') === ''
      ? hash
      : `${hash} with changes`
  } catch {
    return 'none'
  }
}

/** @param {string[]} args */
function git(...args) {
  const cwd = new URL('../..', import.meta.url)
  return execFileSync('git', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
}
