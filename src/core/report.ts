import { writeSync } from 'node:fs'

const said = new Set<string>()

/**
 * One line on stderr, once per `key` in this thread. Straight to the file descriptor: in a worker `process.stderr`
 * goes through the main thread, which may be the one that is stuck.
 */
export function warnOnce(key: string, message: string): void {
  if (said.has(key)) return
  said.add(key)
  try {
    writeSync(2, `offloop: ${message}\n`)
  } catch {
    // A closed or full stderr is no reason to disturb the host.
  }
}
