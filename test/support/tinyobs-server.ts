import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

/** What goes wrong with an ingest request. Nothing is stored, unless said otherwise. */
export type Fault =
  | { kind: 'status'; status: number; headers?: Record<string, string>; body?: string }
  /** Never answers. */
  | { kind: 'hang' }
  /** Announces a body, and closes within it. */
  | { kind: 'cut' }
  /** Answers what is not HTTP. */
  | { kind: 'garbage' }
  /** Answers 200 with somebody else's page. */
  | { kind: 'stranger' }
  /** Answers 200 and then a byte at a time, without end. */
  | { kind: 'trickle'; everyMs: number }
  /** Stores the metrics, and closes the connection instead of answering. */
  | { kind: 'lost' }

export interface StoredMetric {
  readonly name: string
  readonly type: string
  readonly value: number
  readonly labels: Readonly<Record<string, string>>
  readonly timestamp: string
}

interface Limits {
  readonly key?: string
  /** Beyond it a new series is answered by 429. */
  readonly maxSeries?: number
  /** Beyond it everything is answered by 507. */
  readonly maxStored?: number
}

class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message)
  }
}

/**
 * TinyObs's HTTP interface with its documented limits, in this process. It is stricter than TinyObs where TinyObs is
 * silent (types, RFC 3339, unknown fields), so that what passes here passes there.
 */
export class TinyObsServer {
  /** Ingest requests, in order of arrival: what was answered, and what was stored. */
  readonly requests: { status: number | Fault['kind']; count: number; timestamps: string[] }[] = []
  /** Why requests were refused. */
  readonly refusals: string[] = []
  /** For every request, or chosen by its number, the first being 1. */
  fault: Fault | ((request: number) => Fault | undefined) | undefined
  readonly #limits: Limits
  readonly #stored = new Map<string, StoredMetric>()
  readonly #series = new Set<string>()
  readonly #sockets = new Set<Socket>()
  #server = this.#listening(0)
  #port = 0

  private constructor(limits: Limits) {
    this.#limits = limits
  }

  static async start(limits: Limits = {}): Promise<TinyObsServer> {
    const server = new TinyObsServer(limits)
    await once(server.#server, 'listening')
    server.#port = (server.#server.address() as AddressInfo).port
    return server
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/v1/ingest`
  }

  /** Connections that are open. */
  get open(): number {
    return this.#sockets.size
  }

  /** Everything stored, by metric, labels and timestamp: what comes twice is here once. */
  get stored(): readonly StoredMetric[] {
    return [...this.#stored.values()]
  }

  /** Ends every connection and refuses new ones, until `accept`. */
  async refuse(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  async accept(): Promise<void> {
    this.#server = this.#listening(this.#port)
    await once(this.#server, 'listening')
  }

  async close(): Promise<void> {
    if (this.#server.listening) await this.refuse()
  }

  #listening(port: number): http.Server {
    const server = http.createServer((request, response) => {
      void this.#answer(request, response)
    })
    server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    })
    return server.listen(port, '127.0.0.1')
  }

  async #answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', this.url)
    try {
      if (url.pathname === '/v1/ingest') await this.#ingest(request, response)
      else if (url.pathname === '/v1/query') json(response, 200, this.#query(url.searchParams))
      else if (url.pathname === '/v1/query/range') json(response, 200, this.#range(url.searchParams))
      else throw new Refusal(404, `no ${url.pathname}`)
    } catch (thrown) {
      if (!(thrown instanceof Refusal)) return
      this.refusals.push(thrown.message)
      json(response, thrown.status, { error: http.STATUS_CODES[thrown.status], message: thrown.message })
    }
  }

  async #ingest(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const entry: (typeof this.requests)[number] = { status: 200, count: 0, timestamps: [] }
    this.requests.push(entry)
    const body = Buffer.concat(chunks).toString()
    const fault = typeof this.fault === 'function' ? this.fault(this.requests.length) : this.fault
    if (fault !== undefined && fault.kind !== 'lost') {
      entry.status = fault.kind === 'status' ? fault.status : fault.kind
      misbehave(fault, response)
      return
    }
    try {
      const metrics = this.#checked(request, body)
      entry.count = metrics.length
      entry.timestamps = [...new Set(metrics.map(({ timestamp }) => timestamp))]
      for (const metric of metrics) {
        const series = seriesOf(metric)
        this.#series.add(series)
        this.#stored.set(`${series} ${Date.parse(metric.timestamp)}`, metric)
      }
      if (fault?.kind === 'lost') {
        entry.status = fault.kind
        response.destroy()
      } else json(response, 200, { status: 'success', count: metrics.length })
    } catch (thrown) {
      if (thrown instanceof Refusal) entry.status = thrown.status
      throw thrown
    }
  }

  #checked(request: http.IncomingMessage, body: string): readonly StoredMetric[] {
    const { key, maxSeries = 100_000, maxStored = Number.POSITIVE_INFINITY } = this.#limits
    if (request.method !== 'POST') throw new Refusal(405, 'Method not allowed')
    if (key !== undefined && request.headers.authorization !== `Bearer ${key}`) {
      throw new Refusal(401, `unauthorized: ${request.headers.authorization}`)
    }
    const { 'content-type': type, 'content-encoding': encoding } = request.headers
    if (type !== 'application/json') throw new Refusal(400, `content-type ${type}`)
    if (encoding !== undefined) throw new Refusal(400, `content-encoding ${encoding}`)
    const metrics = parsed(body)
    if (metrics.length > 1_000) throw new Refusal(400, 'too many metrics in request (max 1000)')
    if (this.#stored.size >= maxStored) throw new Refusal(507, 'storage limit exceeded')
    const checked = metrics.map((metric, index) => {
      const fault = faultOf(metric)
      if (fault !== undefined) throw new Refusal(400, `invalid metric at index ${index}: ${fault}`)
      return metric as StoredMetric
    })
    const series = new Set([...this.#series, ...checked.map(seriesOf)])
    if (series.size > maxSeries) throw new Refusal(429, 'cardinality limit exceeded')
    return checked
  }

  #query(parameters: URLSearchParams) {
    const metrics = this.#between(parameters)
    return { metrics, count: metrics.length }
  }

  #range(parameters: URLSearchParams) {
    const bySeries = new Map<string, StoredMetric[]>()
    for (const metric of this.#between(parameters)) {
      const series = seriesOf(metric)
      bySeries.set(series, [...(bySeries.get(series) ?? []), metric])
    }
    const most = Number(parameters.get('maxPoints') ?? 1_000)
    const data = [...bySeries.values()].map((metrics) => ({
      metric: metrics[0]?.name,
      labels: metrics[0]?.labels,
      points: metrics.map(({ timestamp, value }) => ({ t: Date.parse(timestamp), v: value })).slice(-most),
      resolution: 'raw',
    }))
    return { data }
  }

  #between(parameters: URLSearchParams): readonly StoredMetric[] {
    const start = Date.parse(parameters.get('start') ?? '1970-01-01T00:00:00Z')
    const end = Date.parse(parameters.get('end') ?? '9999-12-31T23:59:59Z')
    if (!(start < end)) throw new Refusal(400, 'start must be before end')
    const name = parameters.get('metric')
    return this.stored
      .filter((metric) => name === null || metric.name === name)
      .filter(({ timestamp }) => Date.parse(timestamp) >= start && Date.parse(timestamp) <= end)
      .sort((a, b) => Date.parse(a.timestamp) - Date.parse(b.timestamp))
  }
}

function parsed(body: string): readonly unknown[] {
  try {
    const { metrics } = JSON.parse(body) as { metrics: unknown }
    if (Array.isArray(metrics)) return metrics
  } catch {
    // Answered below.
  }
  throw new Refusal(400, 'invalid JSON')
}

const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/

function faultOf(given: unknown): string | undefined {
  if (typeof given !== 'object' || given === null) return 'not an object'
  const { name, type, value, labels, timestamp, ...unknown } = given as Record<string, unknown>
  if (Object.keys(unknown).length > 0) return `unknown fields ${Object.keys(unknown).join(', ')}`
  if (typeof name !== 'string' || name === '') return 'no name'
  if (bytes(name) > 256) return 'metric name too long (max 256 chars)'
  if (type !== 'gauge' && type !== 'counter' && type !== 'histogram') return `type ${String(type)}`
  if (typeof value !== 'number') return `value ${String(value)}`
  if (typeof timestamp !== 'string' || !RFC3339.test(timestamp)) return `timestamp ${String(timestamp)}`
  if (typeof labels !== 'object' || labels === null || Array.isArray(labels)) return 'labels'
  if (Object.keys(labels).length > 20) return 'too many labels (max 20)'
  for (const [key, text] of Object.entries(labels)) {
    if (bytes(key) > 256) return 'label key too long (max 256 chars)'
    if (typeof text !== 'string') return `label ${key}`
    if (bytes(text) > 1_024) return 'label value too long (max 1024 chars)'
  }
  if (!('service' in labels)) return 'no service'
  return undefined
}

function bytes(text: string): number {
  return Buffer.byteLength(text)
}

function seriesOf({ name, labels }: StoredMetric): string {
  return JSON.stringify([name, Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))])
}

function misbehave(fault: Fault, response: http.ServerResponse): void {
  if (fault.kind === 'status') {
    response.writeHead(fault.status, fault.headers).end(fault.body ?? '')
  } else if (fault.kind === 'cut') {
    response.writeHead(200, { 'content-length': 100 }).write('{"status":"suc')
    setImmediate(() => response.destroy())
  } else if (fault.kind === 'garbage') {
    response.socket?.end('\u0000\u0001 this is not HTTP\r\n\r\n')
  } else if (fault.kind === 'stranger') {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Please log in</html>')
  } else if (fault.kind === 'trickle') {
    response.writeHead(200).write('{')
    const timer = setInterval(() => response.write(' '), fault.everyMs)
    response.on('close', () => clearInterval(timer))
  }
}

function json(response: http.ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
