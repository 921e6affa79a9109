// What processes that share a port say to each other: lines of JSON over a Unix socket. The one that serves asks, the
// others answer, so nothing is ever queued but one answer to each of the two questions: for figures, which is answered at
// once, and for stalls, which is answered when there is one.
import type { Batch, Description, Histogram, Labels, Metric } from '../core/batch'
import { labelNameFault, labelValueFault, metricNameFault } from '../core/format'
import type { Frame, Place, Stall } from '../core/stall'

/** Goes up with every change that an older process would misread. */
export const PROTOCOL = 2

/** Bytes of one line. A process of 64 threads with all their series takes a fifth of it. */
export const MAX_LINE = 4 * 1024 * 1024
const MAX_METRICS = 50_000
const MAX_BUCKETS = 1_000
export const MAX_TEXT = 1_024
/** As many as the addon takes. */
const MAX_FRAMES = 64

/** The first line of a process that joins. */
export interface Hello {
  readonly type: 'hello'
  readonly protocol: number
  /** A digest of the options that decide how and to whom is served: they must be the same, since each may come to serve. */
  readonly options: string
  readonly pid: number
  readonly worker: string | undefined
  readonly service: string
  readonly intervalMs: number
}

export type ToServing =
  | Hello
  | { readonly type: 'batch'; readonly batch: Batch }
  /** In place of a batch that cannot be had, or is too long. */
  | { readonly type: 'none' }
  | TellStall

/** The newest state of a stall; `news`: it has come about since the process joined. */
export interface TellStall {
  readonly type: 'stall'
  readonly stall: Stall
  readonly news: boolean
}

export type ToPeer =
  | { readonly type: 'welcome'; readonly url: string }
  | { readonly type: 'refused'; readonly reason: string }
  /** Asks for the figures as they are now; the threads are asked where theirs are older than `maxAgeMs`. */
  | { readonly type: 'look'; readonly maxAgeMs: number }
  /** Asks for the next that is to be told of a stall. */
  | { readonly type: 'watch' }

export function lineOf(message: ToServing | ToPeer): string {
  return `${JSON.stringify(message)}\n`
}

/** Makes lines of chunks. */
export class Lines {
  #chunks: Buffer[] = []
  /** Of a line that has not ended yet. */
  bytes = 0

  /** @throws {RangeError} where a line is too long. */
  push(chunk: Buffer): string[] {
    const lines: string[] = []
    let from = 0
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
      this.#add(chunk.subarray(from, end))
      lines.push(Buffer.concat(this.#chunks).toString())
      this.#chunks = []
      this.bytes = 0
      from = end + 1
    }
    this.#add(chunk.subarray(from))
    return lines
  }

  #add(part: Buffer): void {
    this.bytes += part.length
    if (this.bytes > MAX_LINE) throw new RangeError(`a line has more than ${MAX_LINE} bytes`)
    if (part.length > 0) this.#chunks.push(part)
  }
}

type Fields = Readonly<Record<string, unknown>>

/** @throws {Error} where `line` is no message of a process that shares. */
export function readToServing(line: string): ToServing {
  const message = fields(parsed(line))
  switch (message.type) {
    case 'hello':
      return readHello(message)
    case 'batch':
      return { type: 'batch', batch: readBatch(fields(message.batch)) }
    case 'none':
      return { type: 'none' }
    case 'stall':
      return { type: 'stall', stall: readStall(fields(message.stall)), news: flag(message.news) }
    default:
      throw new Error('a message of unknown type')
  }
}

/** @throws {Error} where `line` is no message of a process that serves. */
export function readToPeer(line: string): ToPeer {
  const { type, url, reason, maxAgeMs } = fields(parsed(line))
  if (type === 'welcome') return { type, url: text(url) }
  if (type === 'refused') return { type, reason: text(reason) }
  if (type === 'look') return { type, maxAgeMs: finite(maxAgeMs) }
  if (type === 'watch') return { type }
  throw new Error('a message of unknown type')
}

// Of another protocol only its number is read: the rest may mean anything.
function readHello({ protocol, options, pid, worker, service, intervalMs }: Fields): Hello {
  const known = finite(protocol)
  if (known !== PROTOCOL) {
    return {
      type: 'hello',
      protocol: known,
      options: '',
      pid: 0,
      worker: undefined,
      service: '',
      intervalMs: 0,
    }
  }
  return {
    type: 'hello',
    protocol: known,
    options: text(options),
    pid: finite(pid),
    worker: worker === undefined ? undefined : text(worker),
    service: text(service),
    intervalMs: finite(intervalMs),
  }
}

/** What comes from another process is looked at before it meets the renderers: one that is broken breaks no scrape. */
function readBatch({ sequence, timestamp, service, metrics, descriptions }: Fields): Batch {
  const read = array(metrics, MAX_METRICS).map((metric) => readMetric(fields(metric)))
  const given = fields(descriptions)
  const described = new Map<string, Description>()
  for (const { name, type } of read) {
    if (described.has(name)) continue
    described.set(
      name,
      Object.hasOwn(given, name) ? readDescription(fields(given[name])) : { type, ...PLAIN },
    )
  }
  return {
    sequence: finite(sequence),
    timestamp: finite(timestamp),
    service: text(service),
    metrics: read,
    descriptions: Object.fromEntries(described),
  }
}

const PLAIN = { unit: '', description: '' }

function readMetric({ name, type, value, labels }: Fields): Metric {
  const named = text(name)
  if (metricNameFault(named) !== undefined) throw new Error('a metric with a name that is none')
  const typed = metricType(type)
  return {
    name: named,
    type: typed,
    value: typed === 'histogram' ? readHistogram(fields(value)) : finite(value),
    labels: readLabels(fields(labels)),
  }
}

function readLabels(labels: Fields): Labels {
  for (const [name, value] of Object.entries(labels)) {
    if (labelNameFault(name) !== undefined || typeof value !== 'string' || labelValueFault(value)) {
      throw new Error('a label that is none')
    }
  }
  return labels as Labels
}

function readHistogram({ count, sum, buckets }: Fields): Histogram {
  return {
    count: finite(count),
    sum: finite(sum),
    buckets: array(buckets, MAX_BUCKETS).map((bucket) => {
      const { le, count: below } = fields(bucket)
      return { le: finite(le), count: finite(below) }
    }),
  }
}

function readDescription({ type, unit, description }: Fields): Description {
  return { type: metricType(type), unit: text(unit), description: text(description) }
}

function readStall({
  id,
  thread,
  startedAt,
  durationMs,
  ongoing,
  cause,
  gcMs,
  stack,
  stackAtMs,
}: Fields): Stall {
  return {
    id: finite(id),
    thread: text(thread),
    startedAt: finite(startedAt),
    durationMs: finite(durationMs),
    ongoing: flag(ongoing),
    cause: stallCause(cause),
    gcMs: finite(gcMs),
    ...(stack === undefined
      ? {}
      : { stack: array(stack, MAX_FRAMES).map((frame) => readFrame(fields(frame))) }),
    ...(stackAtMs === undefined ? {} : { stackAtMs: finite(stackAtMs) }),
  }
}

function readFrame({ functionName, place, original }: Fields): Frame {
  return {
    functionName: text(functionName),
    ...(place === undefined ? {} : { place: readPlace(fields(place)) }),
    ...(original === undefined ? {} : { original: readPlace(fields(original)) }),
  }
}

function readPlace({ file, line, column }: Fields): Place {
  return { file: text(file), line: finite(line), column: finite(column) }
}

function stallCause(value: unknown): Stall['cause'] {
  if (value === 'code' || value === 'gc' || value === 'native' || value === 'debugger') return value
  throw new Error('a stall of unknown cause')
}

function metricType(value: unknown): Metric['type'] {
  if (value === 'gauge' || value === 'counter' || value === 'histogram') return value
  throw new Error('a metric of unknown type')
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    // The parser's own message has a part of the line.
    throw new Error('no JSON')
  }
}

function fields(value: unknown): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('no object')
  return value as Fields
}

function array(value: unknown, most: number): readonly unknown[] {
  if (!Array.isArray(value) || value.length > most) throw new Error('no list, or too long a one')
  return value
}

function text(value: unknown): string {
  if (typeof value !== 'string' || value.length > MAX_TEXT) throw new Error('no text, or too long a one')
  return value
}

function flag(value: unknown): boolean {
  if (typeof value !== 'boolean') throw new Error('neither true nor false')
  return value
}

function finite(value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new Error('no number')
  return value
}
