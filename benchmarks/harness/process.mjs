// Trials as processes: bounded in time, and none is left behind, nor what it started.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('..', import.meta.url))

/** The groups that run. @type {Set<number>} */
const running = new Set()

process.on('exit', () => {
  for (const pid of running) kill(pid)
})
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
  process.on(signal, () => process.exit(1))
}

/**
 * Runs Node.js in benchmarks/ with these arguments. What failed is told in one line, for a table.
 * @param {readonly string[]} args
 * @param {number} timeoutMs
 * @param {string} [node] another binary
 * @returns {Promise<{ stdout: string, failure?: string }>}
 */
export function runProcess(args, timeoutMs, node = process.execPath) {
  return new Promise((resolve) => {
    // A group of its own, so that what it starts ends with it.
    const child = spawn(node, args, { cwd: folder, detached: true, env: environment() })
    const { pid } = child
    if (pid !== undefined) running.add(pid)
    let late = false
    const timer = setTimeout(() => {
      late = true
      if (pid !== undefined) kill(pid)
    }, timeoutMs)
    /** @type {Buffer[]} */
    const out = []
    let errors = ''
    child.stdin.end()
    child.stdout.on('data', (chunk) => out.push(chunk))
    child.stderr.on('data', (chunk) => {
      errors = (errors + chunk).slice(-65_536)
    })
    child.on('error', (error) => {
      errors += `Error: ${error.message}`
    })
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      if (pid !== undefined) {
        // The whole group: a trial that crashed has left its own children.
        kill(pid)
        running.delete(pid)
      }
      const stdout = Buffer.concat(out).toString()
      if (late) resolve({ stdout, failure: `no result within ${timeoutMs / 1000} s` })
      else if (code === 0) resolve({ stdout })
      else resolve({ stdout, failure: reasonIn(errors) ?? `ended with ${signal ?? code}` })
    })
  })
}

/** The message of the error that ended a process. @param {string} errors */
function reasonIn(errors) {
  const line = errors.split('\n').find((text) => /^(Uncaught )?[\w.]*Error\b[^:]*: /.test(text))
  return line?.replace(/^(Uncaught )?[\w.]*Error\b[^:]*: /, '').trim()
}

/** @param {number} group */
function kill(group) {
  try {
    process.kill(-group, 'SIGKILL')
  } catch {
    // It has ended.
  }
}

/** Without what would change how Node.js or a measured library works. */
function environment() {
  const kept = Object.entries(process.env).filter(([name]) => !/^(NODE_|OFFLOOP_|OTEL_|DD_)/.test(name))
  return Object.fromEntries(kept)
}
