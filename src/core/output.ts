import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs'

/** How much of `data` a descriptor took, or a negative number. */
type Write = (fd: number, data: Uint8Array) => number

let addonWrites: Write | undefined

/** The addon's way to write without waiting, where there is an addon. */
export function useAddonToWrite(write: Write): void {
  addonWrites = write
}

/**
 * Writes to stdout or stderr what is taken at once, and says whether that was all of it. A pipe whose reader hangs would stop
 * the calling thread as well as the one that filled it. The descriptor is shared with the application and may be a
 * waiting one; so it is opened anew, for this one write: nothing is left open, and a log that is moved is not missed.
 */
export function writeNow(fd: 1 | 2, data: Uint8Array): boolean {
  try {
    // A file never waits for a reader, and a descriptor of our own would have a position of its own in it.
    if (fstatSync(fd).isFile()) return writeAll(writeSync, fd, data)
    const own = openAnew(fd)
    if (own === undefined) return writeAll(addonWrites ?? writeSync, fd, data)
    try {
      return writeAll(writeSync, own, data)
    } finally {
      closeSync(own)
    }
  } catch {
    // Closed or full.
    return false
  }
}

/** Not where it is a socket, belongs to another user, or is no Linux. */
function openAnew(fd: number): number | undefined {
  try {
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
  } catch {
    return undefined
  }
}

function writeAll(write: Write, fd: number, data: Uint8Array): boolean {
  for (let rest = data; rest.length > 0; ) {
    const taken = write(fd, rest)
    if (taken <= 0) return false
    rest = rest.subarray(taken)
  }
  return true
}
