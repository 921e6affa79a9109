import { writeNow } from './output'

const said = new Set<string>()
/** Messages in a row that stderr did not take. */
let lost = 0

/**
 * One line on stderr. Straight to the file descriptor: in a worker `process.stderr` goes through the main thread, which
 * may be the one that is stuck. Where nobody reads stderr the line is lost, and the next one says so.
 */
export function say(message: string): void {
  const before =
    lost === 0 ? '' : `offloop: messages before this one that nobody read, and that are lost: ${lost}\n`
  lost = writeNow(2, Buffer.from(`${before}offloop: ${message}\n`)) ? 0 : lost + 1
}

/** One line on stderr, once per `key` in this thread. */
export function warnOnce(key: string, message: string): void {
  if (said.has(key)) return
  said.add(key)
  say(message)
}
