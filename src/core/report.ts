import { writeSync } from 'node:fs'

const said = new Set<string>()

/**
 * One line on stderr. Straight to the file descriptor: in a worker `process.stderr` goes through the main thread, which
 * may be the one that is stuck.
 */
export function say(message: string): void {
  try {
    writeSync(2, `offloop: ${message}\n`)
  } catch {
    // A closed or full stderr is no reason to disturb the host.
  }
}

/** One line on stderr, once per `key` in this thread. */
export function warnOnce(key: string, message: string): void {
  if (said.has(key)) return
  said.add(key)
  say(message)
}
