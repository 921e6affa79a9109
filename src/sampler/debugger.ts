import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

const ESTABLISHED = '01'

/**
 * Whether somebody is connected to this process on the inspector's `port`. Linux only: elsewhere false. V8 tells no other
 * thread that a debugger has paused one, so this is what there is. Takes about a millisecond; only asked for once a stall.
 */
export function debuggerAttached(port: number): boolean {
  try {
    const inodes = new Set(['tcp', 'tcp6'].flatMap((name) => connections(`/proc/self/net/${name}`, port)))
    if (inodes.size === 0) return false
    return readdirSync('/proc/self/fd').some((fd) => inodes.has(socketOf(fd)))
  } catch {
    return false
  }
}

/** Inodes of the sockets that are connected at our `port`. */
function connections(file: string, port: number): string[] {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(local) && fields[3] === ESTABLISHED)
    .map((fields) => fields[9] ?? '')
}

function socketOf(fd: string): string {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1] ?? ''
  } catch {
    return ''
  }
}
