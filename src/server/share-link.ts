import { connect, type Socket } from 'node:net'
import type { Batch } from '../core/batch'
import { messageOf } from '../core/errors'
import { type Hello, Lines, lineOf, MAX_LINE, readToPeer, type ToServing } from './share-protocol'
import { type StallSource, StallTeller } from './share-stalls'

/** For the connection and the answer: a process that is stopped accepts, and says nothing. */
const WELCOME_MS = 1_000

export interface Link {
  /** Where the other process serves. */
  readonly url: string
  /** Resolves when the other process has gone. */
  readonly closed: Promise<void>
  close(): void
}

export interface Answers {
  /** The figures as they are now. */
  look(maxAgeMs: number): Promise<Batch>
  readonly stalls: StallSource
  /** A batch did not get through. */
  dropped(): void
}

/** Joins the process that serves at `path`. @throws {Error} where there is none, or it refuses. */
export function join(path: string, hello: Hello, answers: Answers): Promise<Link> {
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    const lines = new Lines()
    const stalls = new StallTeller(answers.stalls, (told) => write(socket, told))
    const deadline = setTimeout(() => fail('nobody answers there'), WELCOME_MS)
    const closed = new Promise<void>((done) => {
      socket.once('close', () => {
        clearTimeout(deadline)
        stalls.close()
        // Nothing, where it is settled already.
        reject(new Error('the connection was closed'))
        done()
      })
    })
    const fail = (reason: string): void => {
      reject(new Error(reason))
      socket.destroy()
    }
    socket.on('error', ({ code, message }: NodeJS.ErrnoException) =>
      fail(
        code === 'ENOENT' || code === 'ECONNREFUSED' ? `no process that shares it is at ${path}` : message,
      ),
    )
    socket.on('connect', () => socket.write(lineOf(hello)))
    socket.on('data', (chunk) => {
      try {
        for (const line of lines.push(chunk)) receive(line)
      } catch (error) {
        fail(`what answers there is no offloop: ${messageOf(error)}`)
      }
    })

    function receive(line: string): void {
      const message = readToPeer(line)
      if (message.type === 'refused') fail(message.reason)
      else if (message.type === 'look') void tell(socket, message.maxAgeMs, answers)
      else if (message.type === 'watch') stalls.ask()
      else {
        clearTimeout(deadline)
        resolve({ url: message.url, closed, close: () => socket.destroy() })
      }
    }
  })
}

async function tell(socket: Socket, maxAgeMs: number, answers: Answers): Promise<void> {
  const answer = await answerTo(maxAgeMs, answers)
  if (write(socket, answer)) return
  answers.dropped()
  write(socket, { type: 'none' })
}

/** The next question comes after the answer: no more than one waits for a reader that is slow. Whether it is short enough. */
function write(socket: Socket, message: ToServing): boolean {
  const line = lineOf(message)
  if (Buffer.byteLength(line) > MAX_LINE) return false
  if (socket.writable) socket.write(line)
  return true
}

async function answerTo(maxAgeMs: number, answers: Answers): Promise<ToServing> {
  try {
    return { type: 'batch', batch: await answers.look(maxAgeMs) }
  } catch {
    answers.dropped()
    return { type: 'none' }
  }
}
