import { type ChildProcessByStdio, spawn } from 'node:child_process'
import dgram from 'node:dgram'
import { once } from 'node:events'
import type { Readable } from 'node:stream'

/** One line of the protocol, 1.2 (`c:`) with the external data of 1.5 (`e:`) and the cardinality of 1.6 (`card:`). */
export interface Line {
  readonly name: string
  readonly value: number
  readonly type: 'g' | 'c'
  readonly tags: Readonly<Record<string, string>>
  /** `c`, `e` and `card`. */
  readonly fields: Readonly<Record<string, string>>
}

/** `_e{…}` */
export interface Event {
  readonly title: string
  readonly text: string
  readonly tags: Readonly<Record<string, string>>
  /** `d`, `k`, `t`, `c`, `e` and `card`. */
  readonly fields: Readonly<Record<string, string>>
}

/** Reads a datagram, and throws at whatever an agent might read in another way than it was meant. */
export function parseDatagram(datagram: Buffer, limit: number): (Line | Event)[] {
  if (datagram.length > limit) throw new Error(`${datagram.length} bytes, of ${limit}`)
  const text = new TextDecoder('utf-8', { fatal: true }).decode(datagram)
  return text.split('\n').map((line) => (line.startsWith('_e{') ? parseEvent(line) : parseLine(line)))
}

/** The lengths are in bytes, as the agent counts. */
function parseEvent(line: string): Event {
  if (/\p{Cc}/u.test(line)) throw new Error(`a control character: ${JSON.stringify(line)}`)
  const [head = '', titleBytes = '', textBytes = ''] = /^_e\{(\d+),(\d+)\}:/.exec(line) ?? []
  const bytes = Buffer.from(line.slice(head.length))
  const titleEnd = Number(titleBytes)
  const textEnd = titleEnd + 1 + Number(textBytes)
  const rest = bytes.subarray(textEnd).toString()
  if (head === '' || titleEnd === 0 || bytes[titleEnd] !== 0x7c || !rest.startsWith('|')) {
    throw new Error(`an event whose lengths are wrong: ${line}`)
  }
  const text = bytes
    .subarray(titleEnd + 1, textEnd)
    .toString()
    .replaceAll('\\n', '\n')
  if (text.includes('\\')) throw new Error(`a backslash that means nothing: ${line}`)
  const title = bytes.subarray(0, titleEnd).toString()
  return { title, text, ...parseSections(rest.slice(1).split('|'), /^(d|k|t|c|e|card):(.+)$/, line) }
}

function parseLine(line: string): Line {
  if (/\p{Cc}/u.test(line)) throw new Error(`a control character: ${JSON.stringify(line)}`)
  const [metric = '', type, ...sections] = line.split('|')
  const match = /^([a-zA-Z][a-zA-Z0-9_.]*):(-?\d+(?:\.\d+)?(?:e[+-]\d+)?)$/.exec(metric)
  if (match === null) throw new Error(`no name:value: ${line}`)
  if (type !== 'g' && type !== 'c') throw new Error(`no type: ${line}`)
  return {
    name: match[1] as string,
    value: Number(match[2]),
    type,
    ...parseSections(sections, /^(c|e|card):(.+)$/, line),
  }
}

function parseSections(
  sections: readonly string[],
  field: RegExp,
  line: string,
): Pick<Line, 'tags' | 'fields'> {
  let tags: Record<string, string> | undefined
  const fields: Record<string, string> = {}
  for (const section of sections) {
    if (section.startsWith('#')) {
      if (tags !== undefined) throw new Error(`tags twice: ${line}`)
      tags = parseTags(section.slice(1), line)
      continue
    }
    const [, key = '', value = ''] = field.exec(section) ?? []
    if (key === '' || Object.hasOwn(fields, key)) throw new Error(`section ${section}: ${line}`)
    fields[key] = value
  }
  return { tags: tags ?? {}, fields }
}

function parseTags(section: string, line: string): Record<string, string> {
  const tags: Record<string, string> = {}
  for (const tag of section.split(',')) {
    const at = tag.indexOf(':')
    const [key, value] = [tag.slice(0, at), tag.slice(at + 1)]
    // A value may hold colons; a key ends at the first.
    if (at < 1 || value === '' || /[#@]/.test(tag)) throw new Error(`tag ${tag}: ${line}`)
    if (Object.hasOwn(tags, key)) throw new Error(`tag ${key} twice: ${line}`)
    tags[key] = value
  }
  return tags
}

/** What a metric is known by, whatever the order of its tags. */
export function keyOf({ name, tags }: Pick<Line, 'name' | 'tags'>): string {
  return JSON.stringify([name, Object.entries(tags).sort(([a], [b]) => (a < b ? -1 : 1))])
}

/** A server that keeps what arrives, over UDP or a Unix datagram socket. */
export class DogStatsDServer {
  readonly datagrams: Buffer[] = []
  #onArrival: () => void = () => {}
  readonly #close: () => unknown
  /** Stops reading what arrives, or goes on. Only of a Unix socket. */
  pause: (is: boolean) => void = () => {}

  private constructor(
    /** Of the exporter's options. */
    readonly target: { readonly host: string; readonly port: number } | { readonly path: string },
    readonly limit: number,
    listen: (arrived: (datagram: Buffer) => void) => () => unknown,
  ) {
    this.#close = listen((datagram) => {
      this.datagrams.push(datagram)
      this.#onArrival()
    })
  }

  static async udp(host = '127.0.0.1'): Promise<DogStatsDServer> {
    const socket = dgram.createSocket(host.includes(':') ? 'udp6' : 'udp4').bind(0, host)
    await once(socket, 'listening')
    return new DogStatsDServer({ host, port: socket.address().port }, 1_432, (arrived) => {
      socket.on('message', arrived)
      return () => new Promise<void>((resolve) => socket.close(() => resolve()))
    })
  }

  /** By Python: Node.js has no Unix datagram sockets. */
  static async unix(path: string): Promise<DogStatsDServer> {
    const child: ChildProcessByStdio<null, Readable, null> = spawn('python3', ['-u', '-c', RECEIVER, path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await Promise.race([
      once(child.stdout, 'readable'),
      once(child, 'error').then(([error]) => Promise.reject(new Error(`python3 is needed: ${error}`))),
    ])
    const server = new DogStatsDServer({ path }, 8_192, (arrived) => {
      let pending = ''
      child.stdout.setEncoding('latin1').on('data', (chunk: string) => {
        const lines = `${pending}${chunk}`.split('\n')
        pending = lines.pop() ?? ''
        for (const line of lines.filter((text) => text !== 'ready')) arrived(Buffer.from(line, 'base64'))
      })
      return () => {
        const closed = once(child, 'close')
        child.kill('SIGKILL')
        return closed
      }
    })
    server.pause = (is) => child.kill(is ? 'SIGSTOP' : 'SIGCONT')
    return server
  }

  get lines(): Line[] {
    return this.#all.filter((one) => 'name' in one)
  }

  get events(): Event[] {
    return this.#all.filter((one) => 'title' in one)
  }

  get #all(): (Line | Event)[] {
    return this.datagrams.flatMap((datagram) => parseDatagram(datagram, this.limit))
  }

  /** Once `done` holds for what has arrived. */
  async until(done: (lines: readonly Line[]) => boolean): Promise<Line[]> {
    for (;;) {
      const { lines } = this
      if (done(lines)) return lines
      await new Promise<void>((resolve) => {
        this.#onArrival = resolve
      })
    }
  }

  /** The gauges as they are, and the counts added up, as an agent would have them. */
  values(): Map<string, number> {
    const values = new Map<string, number>()
    for (const line of this.lines) {
      const key = keyOf(line)
      values.set(key, line.type === 'g' ? line.value : (values.get(key) ?? 0) + line.value)
    }
    return values
  }

  async close(): Promise<void> {
    await this.#close()
  }
}

const RECEIVER = `
import base64, os, socket, sys
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
try: os.unlink(sys.argv[1])
except FileNotFoundError: pass
receiver.bind(sys.argv[1])
print('ready')
while True: print(base64.b64encode(receiver.recv(65536)).decode())
`
