import { once } from 'node:events'
import http from 'node:http'
import https from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'

export interface Attribute {
  readonly key: string
  readonly value: {
    stringValue?: string
    intValue?: string | number
    doubleValue?: number
    boolValue?: boolean
  }
}

export interface OtlpPoint {
  readonly attributes: readonly Attribute[]
  readonly startTimeUnixNano: string
  readonly timeUnixNano: string
  readonly asDouble?: number
  readonly count?: number | string
  readonly sum?: number
  readonly bucketCounts?: readonly (number | string)[]
  readonly explicitBounds?: readonly number[]
}

interface Points {
  readonly dataPoints: readonly OtlpPoint[]
  readonly aggregationTemporality?: number | string
  readonly isMonotonic?: boolean
}

export interface OtlpMetric {
  readonly name: string
  readonly unit?: string
  readonly description?: string
  readonly sum?: Points
  readonly gauge?: Points
  readonly histogram?: Points
}

export interface OtlpRequest {
  readonly resourceMetrics: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] }
    readonly scopeMetrics: readonly {
      readonly scope: { readonly name: string; readonly version: string }
      readonly metrics: readonly OtlpMetric[]
    }[]
  }[]
}

export interface Received {
  readonly path: string
  readonly headers: http.IncomingHttpHeaders
  /** As it came over the wire. */
  readonly size: number
  /** Unzipped. */
  readonly body: Buffer
  readonly status: number
}

export interface Fault {
  readonly status: number
  readonly headers?: Record<string, string>
  readonly body?: string | Buffer
}

/** A receiver of OTLP over HTTP that keeps what it is sent. What a fault answered is in `requests`, not in `stored`. */
export class OtlpServer {
  readonly requests: Received[] = []
  fault: Fault | 'hang' | 'destroy' | ((request: number) => Fault | undefined) | undefined
  readonly #sockets = new Set<Socket>()
  readonly #server: http.Server
  readonly #scheme: string

  private constructor(tls?: https.ServerOptions) {
    const answer = (request: http.IncomingMessage, response: http.ServerResponse): void =>
      void this.#answer(request, response)
    this.#scheme = tls === undefined ? 'http' : 'https'
    this.#server = tls === undefined ? http.createServer(answer) : https.createServer(tls, answer)
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    })
  }

  static async start(tls?: https.ServerOptions): Promise<OtlpServer> {
    const server = new OtlpServer(tls)
    server.#server.listen(0, '127.0.0.1')
    await once(server.#server, 'listening')
    return server
  }

  get origin(): string {
    return `${this.#scheme}://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  get url(): string {
    return `${this.origin}/v1/metrics`
  }

  get open(): number {
    return this.#sockets.size
  }

  /** Of the requests that were accepted. */
  get stored(): readonly Received[] {
    return this.requests.filter(({ status }) => status === 200)
  }

  /** All metrics that were accepted as JSON, one entry for each request. */
  get metrics(): readonly (readonly OtlpMetric[])[] {
    return this.stored.map(({ body }) =>
      (JSON.parse(body.toString()) as OtlpRequest).resourceMetrics.flatMap(({ scopeMetrics }) =>
        scopeMetrics.flatMap(({ metrics }) => metrics),
      ),
    )
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  async #answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    // A client that ends in the middle of its request has sent none.
    const sent = await buffer(request).catch(() => undefined)
    if (sent === undefined) return
    const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent
    const fault = typeof this.fault === 'function' ? this.fault(this.requests.length + 1) : this.fault
    const status = typeof fault === 'string' ? 0 : (fault?.status ?? 200)
    const { url: path = '', headers } = request
    this.requests.push({ path, headers, size: sent.length, body, status })
    if (fault === 'hang') return
    if (fault === 'destroy') {
      response.destroy()
      return
    }
    const type = headers['content-type'] ?? ''
    response.writeHead(status, { 'content-type': type, ...fault?.headers })
    response.end(fault?.body ?? (type === 'application/json' ? '{}' : ''))
  }
}

export function attributesOf(attributes: readonly Attribute[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))
}
