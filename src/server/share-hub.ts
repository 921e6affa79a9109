import { lstatSync, unlinkSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { dirname } from 'node:path'
import type { Batch, Metric } from '../core/batch'
import { messageOf } from '../core/errors'
import type { Names } from '../core/options'
import { warnOnce } from '../core/report'
import type { ShownStall } from '../core/stall'
import type { SharedProcess } from '../core/status'
import { renaming } from '../exporters/names'
import { sweep } from './share-folder'
import {
  type Hello,
  Lines,
  lineOf,
  PROTOCOL,
  readToServing,
  type ToPeer,
  type ToServing,
} from './share-protocol'
import { OtherStalls, StallListener } from './share-stalls'

export const HUB_LIMITS = {
  maxPeers: 256,
  /** From the connection to the first line. */
  helloMs: 1_000,
  /** How long a sample or a scrape waits for the others; then it has what they had before. */
  answerMs: 50,
  /** Of all that is held of others, as JSON: parsed it takes about twice as much. */
  maxBytes: 24 * 1024 * 1024,
}

/** A scrape asks threads again whose figures are older, as it does in a process that serves alone. */
const SCRAPE_MAX_AGE_MS = 1_000

/** Figures of others are shown for so many intervals, of theirs or ours, whichever is longer. */
const INTERVALS_SHOWN = 2

interface Newest {
  readonly batch: Batch
  readonly bytes: number
  readonly at: number
}

/** A process that shares our port. */
class Peer {
  readonly lines = new Lines()
  hello: Hello | undefined
  newest: Newest | undefined
  stalls: StallListener | undefined
  /** One question at a time, so that no more than one answer is under way. */
  #asked: Promise<void> | undefined
  #answered: () => void = () => {}

  constructor(readonly socket: Socket) {}

  get bytes(): number {
    return this.lines.bytes + (this.newest?.bytes ?? 0)
  }

  /** Settles with the answer, or the end of the connection. */
  look(maxAgeMs: number): Promise<void> {
    if (this.#asked === undefined) {
      this.#asked = new Promise((resolve) => {
        this.#answered = resolve
      })
      this.send({ type: 'look', maxAgeMs })
    }
    return this.#asked
  }

  /** False where nobody has asked. */
  answer(newest: Newest | undefined): boolean {
    if (this.#asked === undefined) return false
    if (newest !== undefined) this.newest = newest
    this.#asked = undefined
    this.#answered()
    return true
  }

  send(message: ToPeer): void {
    this.socket.write(lineOf(message))
  }
}

/** The side of the process that serves: it asks all that have joined for their figures. Nothing is thrown out of it. */
export class ShareHub {
  readonly #own: Hello
  readonly #rename: (batch: Batch) => Batch
  readonly #url: string
  readonly #onStall: (stall: ShownStall) => void
  readonly #stalls = new OtherStalls()
  readonly #limits: typeof HUB_LIMITS
  readonly #peers = new Set<Peer>()
  #server: Server | undefined
  #place: { readonly path: string; readonly inode: bigint } | undefined

  /** `onStall` hears of stalls of the others as they happen. */
  constructor(
    own: Hello,
    names: Names,
    url: string,
    onStall: (stall: ShownStall) => void,
    limits = HUB_LIMITS,
  ) {
    this.#own = own
    this.#rename = renaming(names)
    this.#url = url
    this.#onStall = onStall
    this.#limits = limits
  }

  /**
   * Listens at `path`, unless it does so already. To be called again and again: systems tidy `/tmp` up. Whatever else
   * is there was left by a process that died, since we have the port, and its name follows from that.
   */
  async listen(path: string): Promise<void> {
    if (this.#place?.path === path && this.#place.inode === inodeOf(path)) return
    this.#server?.close()
    if (process.platform !== 'win32') {
      removeIfThere(path)
      sweep(dirname(path))
    }
    const server = createServer((socket) => this.#accept(socket))
    server.maxConnections = this.#limits.maxPeers
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(path, resolve)
    })
    // Such as too many open files when a connection comes in: the next one may do.
    server.on('error', (error) =>
      warnOnce('share', `the socket for sharing has an error: ${messageOf(error)}`),
    )
    this.#server = server
    this.#place = { path, inode: inodeOf(path) }
  }

  /** Ends all connections, and removes the socket. Before the port is given up: its next owner makes a new one. */
  close(): void {
    this.#server?.close()
    for (const { socket } of this.#peers) socket.destroy()
  }

  /** The figures of the others for our own sample: their threads are asked where their own sample is late. */
  async sampled(): Promise<readonly Batch[]> {
    await this.#look(({ hello }) => (hello as Hello).intervalMs)
    return this.#shown((batch) => batch)
  }

  /** The figures of the others as they are now, under the names that are served. */
  async scraped(): Promise<readonly Batch[]> {
    await this.#look(() => SCRAPE_MAX_AGE_MS)
    return this.#shown(this.#rename)
  }

  /** `own` and those of the others, the newest first. */
  stalls(own: readonly ShownStall[]): readonly ShownStall[] {
    return this.#stalls.beside(own)
  }

  processes(): readonly SharedProcess[] {
    return [...this.#peers].flatMap(({ hello, newest, stalls }) => {
      if (hello === undefined || newest === undefined) return []
      const { pid, worker, service, intervalMs } = hello
      const { timestamp: sampledAt } = newest.batch
      return [
        { pid, worker, service, intervalMs, serves: false, sampledAt, stalled: stalls?.stalled === true },
      ]
    })
  }

  async #look(maxAgeMs: (peer: Peer) => number): Promise<void> {
    const now = performance.now()
    const answers: Promise<void>[] = []
    for (const peer of this.#peers) {
      if (peer.hello === undefined) continue
      const answer = peer.look(maxAgeMs(peer))
      // One that has been silent for so long is not waited for, though it may come back.
      if (peer.newest === undefined || this.#isShown(peer.hello, peer.newest, now)) answers.push(answer)
    }
    if (answers.length === 0) return
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.#limits.answerMs)
    })
    await Promise.race([Promise.all(answers), late])
    clearTimeout(timer)
  }

  #shown(use: (batch: Batch) => Batch): readonly Batch[] {
    const now = performance.now()
    return [...this.#peers].flatMap(({ socket, hello, newest }) => {
      if (hello === undefined || newest === undefined) return []
      if (!this.#isShown(hello, newest, now)) return []
      try {
        return [use(aged(newest.batch, now - newest.at, this.#limits.answerMs))]
      } catch (error) {
        // Such as a number under the name of a histogram: what the others have is shown all the same.
        refuse(socket, error)
        return []
      }
    })
  }

  #isShown({ intervalMs }: Hello, { at }: Newest, now: number): boolean {
    return now - at <= INTERVALS_SHOWN * Math.max(intervalMs, this.#own.intervalMs)
  }

  #accept(socket: Socket): void {
    const peer = new Peer(socket)
    this.#peers.add(peer)
    const deadline = setTimeout(() => {
      if (peer.hello === undefined) socket.destroy()
    }, this.#limits.helloMs)
    socket.on('data', (chunk) => {
      try {
        for (const line of peer.lines.push(chunk)) this.#receive(peer, readToServing(line), line.length)
        this.#checkSize()
      } catch (error) {
        refuse(socket, error)
      }
    })
    // Says no more than 'close', which follows.
    socket.on('error', () => {})
    socket.on('close', () => {
      clearTimeout(deadline)
      this.#peers.delete(peer)
      peer.answer(undefined)
      peer.stalls?.close()
    })
  }

  #receive(peer: Peer, message: ToServing, bytes: number): void {
    if (message.type === 'hello') {
      if (peer.hello !== undefined) throw new Error('it joined twice')
      this.#join(peer, message)
      return
    }
    if (peer.hello === undefined) throw new Error('it has not joined')
    const asked =
      message.type === 'stall'
        ? peer.stalls?.receive(message)
        : peer.answer(
            message.type === 'none' ? undefined : { batch: message.batch, bytes, at: performance.now() },
          )
    if (!asked) throw new Error('it told what it was not asked for')
  }

  #join(peer: Peer, hello: Hello): void {
    const reason =
      hello.protocol !== PROTOCOL
        ? `it speaks version ${hello.protocol} of the protocol for sharing, and the serving process version ${PROTOCOL}: they need the same offloop`
        : hello.options !== this.#own.options
          ? 'the serving process has other options serve.token, serve.names or serve.hosts'
          : undefined
    if (reason !== undefined) {
      warnOnce(`share ${reason}`, `a process may not share the port: ${reason}`)
      peer.socket.end(lineOf({ type: 'refused', reason }))
      return
    }
    peer.hello = hello
    peer.send({ type: 'welcome', url: this.#url })
    // So that something is known of it, should it be late for the first scrape.
    void peer.look(hello.intervalMs)
    peer.stalls = new StallListener(
      hello,
      () => peer.send({ type: 'watch' }),
      (stall, news) => {
        this.#stalls.keep(stall)
        if (news) this.#onStall(stall)
      },
    )
  }

  #checkSize(): void {
    let bytes = 0
    for (const peer of this.#peers) bytes += peer.bytes
    if (bytes > this.#limits.maxBytes)
      throw new Error(`there is no room for more than ${bytes} bytes of figures`)
  }
}

function refuse(socket: Socket, error: unknown): void {
  warnOnce('share', `a process that shares the port is not listened to: ${messageOf(error)}`)
  socket.destroy()
}

/** Figures of before: their age goes on. */
function aged(batch: Batch, ageMs: number, answerMs: number): Batch {
  if (ageMs <= answerMs) return batch
  const metrics = batch.metrics.map(
    (metric): Metric =>
      metric.name === 'offloop_sample_age_seconds' && typeof metric.value === 'number'
        ? { ...metric, value: metric.value + ageMs / 1_000 }
        : metric,
  )
  return { ...batch, metrics }
}

function inodeOf(path: string): bigint {
  // A pipe of Windows is no file, and nobody else can remove it.
  if (process.platform === 'win32') return 0n
  return lstatSync(path, { bigint: true, throwIfNoEntry: false })?.ino ?? -1n
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}
