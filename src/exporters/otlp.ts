import type { Batch } from '../core/batch'
import { messageOf, type OffloopError } from '../core/errors'
import { type Attributes, type MetricData, SCOPE, type Scope } from '../core/otel-data'
import { metricData, type Point, PointMaker } from '../core/otel-points'
import type { OtlpSettings } from '../core/otlp'
import { warnOnce } from '../core/report'
import { waitOf } from './answers'
import { Delivery } from './delivery'
import type { Exporter } from './exporter'
import { Agents, type Attempt, during } from './otlp-agent'
import { type PartialSuccess, partialSuccessIn } from './otlp-answer'
import { resourceAttributes } from './otlp-resource'
import { Secrets, secretsOfHeader, secretsOfUrl } from './redact'
import { DeliveryError, type Encoded, type Transport } from './transport'

/** New Relic takes 1 MB, others more. Before compression, and estimated on the high side. */
const MAX_BYTES = 512 * 1_024
/** What the protocol has retried; everything else would be refused again. */
const RETRIED: ReadonlySet<number> = new Set([429, 502, 503, 504])

/** What an exporter of OpenTelemetry's SDK takes. */
interface ResourceMetrics {
  readonly resource: { readonly attributes: Attributes }
  readonly scopeMetrics: readonly { readonly scope: Scope; readonly metrics: readonly MetricData[] }[]
}

interface OfficialExporter {
  export(metrics: ResourceMetrics, done: (result: { code: number; error?: Error }) => void): void
}

interface OfficialModule {
  readonly OTLPMetricExporter: new (config: object) => OfficialExporter
}

const SUCCESS = 0

/** Pushes OTLP with OpenTelemetry's own exporter, which the user has installed. */
export function createOtlp(
  settings: OtlpSettings,
  name: string,
  report: (error: OffloopError) => void,
  onQueued: () => void = () => {},
): Exporter {
  return new Delivery(new Otlp(settings, name), report, { timeoutMs: settings.timeoutMs, onQueued })
}

export class Otlp implements Transport<readonly Point[]> {
  // Deltas must come in their order, and not every backend takes a cumulative value from before its last one.
  readonly order = 'oldest-first'
  readonly #settings: OtlpSettings
  readonly #points: PointMaker
  readonly #url: URL
  readonly #agents = new Agents()
  /** Made at the first batch: loading it takes a while. */
  #official: OfficialExporter | undefined
  #resource: Attributes | undefined
  /** The batch under way: its points stay the same however often it is tried. */
  #encoded: { readonly batch: Batch; readonly encoded: Encoded<readonly Point[]> } | undefined

  constructor(
    settings: OtlpSettings,
    readonly name: string,
  ) {
    this.#settings = settings
    this.#points = new PointMaker(settings.temporality)
    this.#url = new URL(settings.url)
  }

  encode(batch: Batch): Encoded<readonly Point[]> {
    if (this.#encoded?.batch !== batch) {
      const { points, omitted } = this.#points.make(batch)
      this.#resource ??= resourceAttributes(batch.service, this.#settings.resource)
      this.#encoded = { batch, encoded: { requests: cut(points), omitted } }
    }
    return this.#encoded.encoded
  }

  async send(points: readonly Point[], signal: AbortSignal): Promise<void> {
    const official = this.#loaded()
    const metrics = metricData(points, this.#settings.temporality)
    const data: ResourceMetrics = {
      resource: { attributes: this.#resource ?? {} },
      scopeMetrics: [{ scope: SCOPE, metrics }],
    }
    const partial = await this.#exchange(official, data, signal)
    // An answer that comes too late is none: the batch is sent again.
    if (signal.aborted) return
    this.#points.commit(points)
    if (partial === undefined) return
    const { rejected, message } = partial
    // It may not be sent again; nor was it all stored.
    if (rejected > 0) throw this.#error(`rejected ${rejected} data points: ${message}`, { retry: false })
    warnOnce(
      `partial ${this.name}`,
      `exporter ${this.name}: ${this.#shown} stored all, and warns: ${message}`,
    )
  }

  close(): void {
    this.#agents.close()
  }

  #loaded(): OfficialExporter {
    if (this.#official !== undefined) return this.#official
    const { module, url, headers, compression, timeoutMs } = this.#settings
    const { OTLPMetricExporter } = require(module) as OfficialModule
    this.#official = new OTLPMetricExporter({
      url,
      headers,
      compression,
      timeoutMillis: timeoutMs,
      userAgent: `offloop/${SCOPE.version}`,
      httpAgentOptions: this.#agents.make,
    })
    return this.#official
  }

  /** Resolves with what a success says of itself, its message without secrets. */
  #exchange(
    official: OfficialExporter,
    data: ResourceMetrics,
    signal: AbortSignal,
  ): Promise<PartialSuccess | undefined> {
    return new Promise((resolve, reject) => {
      const fail = (message: string, options: ErrorOptions): void => {
        attempt.over = true
        reject(this.#error(message, options))
      }
      const secrets = () => this.#secrets(attempt.secrets)
      const broken = (error: unknown): void =>
        fail(secrets().told(messageOf(error) || String((error as { code?: unknown }).code)), { retry: true })
      const attempt: Attempt = {
        signal,
        secrets: [],
        over: false,
        answering: false,
        answered: ({ status, type, retryAfter, body }) => {
          attempt.over = true
          const said = secrets().quoted(body.toString('utf8'))
          if (status < 200 || status >= 300) {
            fail(`answered ${status}${said === '' ? '' : `: ${said}`}`, {
              retry: RETRIED.has(status),
              retryAfterMs: retryAfter === undefined ? undefined : waitOf(retryAfter),
            })
          } else if (/^text\/html/i.test(type)) {
            // A log-in page or a wrong port also answers 200, and stores nothing.
            fail(`a success that is not OTLP's: ${said}`, { retry: true })
          } else {
            const partial = partialSuccessIn(body, type)
            resolve(partial && { ...partial, message: secrets().quoted(partial.message) })
          }
        },
        failed: broken,
      }
      during(attempt, () =>
        official.export(data, ({ code, error }) => {
          if (attempt.answering) return
          if (code === SUCCESS) resolve(undefined)
          // Before there was a request: a certificate that cannot be read, for one.
          else broken(error)
        }),
      )
    })
  }

  /** `sent` are values of headers, which the official exporter may have from the environment. */
  #secrets(sent: readonly string[]): Secrets {
    const headers = [...Object.values(this.#settings.headers), ...sent]
    return new Secrets([...headers.flatMap(secretsOfHeader), ...secretsOfUrl(this.#settings.url)])
  }

  get #shown(): string {
    return this.#url.origin + this.#url.pathname
  }

  #error(message: string, options: ErrorOptions): DeliveryError {
    return new DeliveryError(`${this.#shown} ${message}`, options)
  }
}

type ErrorOptions = ConstructorParameters<typeof DeliveryError>[1]

/** Requests that stay below the limit, in an order that is the same for the same points. */
function cut(points: readonly Point[]): readonly (readonly Point[])[] {
  const requests: Point[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const point of points) {
    const size = sizeOf(point)
    if (bytes + size > MAX_BYTES) {
      requests.push([])
      bytes = 0
    }
    requests.at(-1)?.push(point)
    bytes += size
  }
  return requests
}

/** More than a point takes in either encoding: JSON is the longer one. */
function sizeOf({ metric, description, attributes, value }: Point): number {
  let bytes = 200 + metric.name.length + Buffer.byteLength(description)
  for (const [name, text] of Object.entries(attributes)) {
    bytes += 50 + Buffer.byteLength(JSON.stringify(name)) + Buffer.byteLength(JSON.stringify(text))
  }
  return typeof value === 'number' ? bytes : bytes + value.buckets.counts.length * 50
}
