// Clients that do not behave. Each is a raw connection.
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { sleep } from './service'

export const HOST = 'Host: localhost\r\n'
export const CLOSE = 'Connection: close\r\n\r\n'

/** A connection that takes resets for an end. */
export function dial(url: string): Socket {
  const { hostname, port } = new URL(url)
  return connect(Number(port), hostname).on('error', () => {})
}

/**
 * How many connections a server has accepted and not closed, as the kernel has it. A client does not know: to it a
 * connection is open as soon as the kernel has put it in the queue, and until it hears of the end.
 */
export function accepted(url: string): number {
  const port = `:${Number(new URL(url).port).toString(16).toUpperCase().padStart(4, '0')}`
  const rows = readFileSync('/proc/net/tcp', 'utf8').trim().split('\n').slice(1)
  return rows.filter((row) => {
    const fields = row.trim().split(/\s+/)
    const [, local = '', , state = ''] = fields
    // Established, or ended by the client alone. One that is still in the queue has no inode.
    return local.endsWith(port) && (state === '01' || state === '08') && fields[9] !== '0'
  }).length
}

/**
 * All that comes back for `parts` until the server ends the connection, or is silent for `idleMs` after it has answered.
 * The text `(silence)` where there is neither within 20 s, which is more than any limit of the server.
 */
export function talk(url: string, parts: readonly Buffer[], idleMs = 20_000): Promise<Buffer> {
  return new Promise((resolve) => {
    const socket = dial(url)
    const chunks: Buffer[] = []
    const done = (): void => {
      clearTimeout(idle)
      clearTimeout(limit)
      socket.destroy()
      resolve(Buffer.concat(chunks))
    }
    let idle: NodeJS.Timeout | undefined
    const limit = setTimeout(() => {
      chunks.push(Buffer.from('(silence)'))
      done()
    }, 20_000)
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      clearTimeout(idle)
      idle = setTimeout(done, idleMs)
    })
    socket.on('close', done)
    socket.on('connect', async () => {
      for (const part of parts) {
        if (socket.destroyed) return
        socket.write(part)
        await new Promise((written) => setImmediate(written))
      }
    })
  })
}

/**
 * Sends `head` and then `more` without end, as fast as it is taken, for `ms`, and again whenever the server ends the
 * connection. On a busy machine that takes longer than `ms`: it goes on until the server did so once.
 *
 * @throws where it does not within 20 s.
 */
export async function flood(
  url: string,
  { head = '', more, reads = true, ms }: { head?: string; more: Buffer; reads?: boolean; ms: number },
): Promise<void> {
  const until = Date.now() + ms
  const limit = Date.now() + 20_000
  let ended = false
  while (Date.now() < (ended ? until : limit)) {
    const socket = dial(url)
    if (reads) socket.resume()
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.write(head)
    const over = (): boolean => Date.now() >= (ended ? until : limit)
    const write = (): void => {
      while (!socket.destroyed && socket.write(more)) if (over()) return
    }
    socket.on('drain', write)
    socket.on('connect', write)
    const timer = setTimeout(() => socket.destroy(), Math.max(0, (ended ? until : limit) - Date.now()))
    await closed
    clearTimeout(timer)
    ended ||= Date.now() < limit
    await sleep(1)
  }
  if (!ended) throw new Error('the server took a flood for 20 s')
}

/** Asks for `path` in packets of `depth` requests, the next when all answers are there, for `ms`. Returns how many. */
export async function hammer(url: string, path: string, depth: number, ms: number): Promise<number> {
  const socket = dial(url)
  const packet = `GET ${path} HTTP/1.1\r\n${HOST}\r\n`.repeat(depth)
  const until = Date.now() + ms
  let answers = 0
  let missing = depth
  let tail = ''
  socket.write(packet)
  socket.on('data', (chunk: Buffer) => {
    const text = tail + chunk.toString('latin1')
    const count = text.match(/HTTP\/1\.1 200 OK/g)?.length ?? 0
    tail = text.slice(text.lastIndexOf('HTTP/1.1 200 OK') + 1).slice(-14)
    answers += count
    missing -= count
    if (missing > 0) return
    if (Date.now() >= until) socket.destroy()
    else {
      missing = depth
      socket.write(packet)
    }
  })
  // A busy machine may take long for the last packet; this is for a server that never answers it.
  setTimeout(() => socket.destroy(), ms + 18_000).unref()
  await new Promise((resolve) => socket.once('close', resolve))
  return answers
}
