import type { Batch } from '../core/batch'
import { messageOf, type OffloopError } from '../core/errors'
import { type Attributes, type MetricData, SCOPE, type Scope } from '../core/otel-data'
import { metricData, type Point, PointMaker } from '../core/otel-points'
import type { OtlpSettings } from '../core/otlp'
import { waitOf } from './answers'
import { Delivery } from './delivery'
import type { Exporter } from './exporter'
import { Agents, type Answer, type Attempt, during } from './otlp-agent'
import { rejectionIn } from './otlp-answer'
import { resourceAttributes } from './otlp-resource'
import { Secrets } from './redact'
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
    const answer = await this.#exchange(official, data, signal)
    // An answer that comes too late is none: the batch is sent again.
    if (signal.aborted) return
    this.#points.commit(points)
    const rejection = answer === undefined ? undefined : rejectionIn(answer.body, answer.type)
    // It may not be sent again; nor was it all stored.
    if (rejection !== undefined) throw this.#error(rejection, [], { retry: false })
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

  /** Resolves with the answer of a success, where one was seen. */
  #exchange(
    official: OfficialExporter,
    data: ResourceMetrics,
    signal: AbortSignal,
  ): Promise<Answer | undefined> {
    return new Promise((resolve, reject) => {
      let good: Answer | undefined
      const fail = (
        message: string,
        options: { retry: boolean; retryAfterMs?: number | undefined },
      ): void => {
        attempt.over = true
        reject(this.#error(message, attempt.secrets, options))
      }
      const attempt: Attempt = {
        signal,
        secrets: [],
        over: false,
        answered: (answer) => {
          attempt.over = true
          const said = answer.body.toString('utf8')
          if (answer.status < 200 || answer.status >= 300) {
            fail(`answered ${answer.status}${said === '' ? '' : `: ${said}`}`, {
              retry: RETRIED.has(answer.status),
              retryAfterMs: answer.retryAfter === undefined ? undefined : waitOf(answer.retryAfter),
            })
          } else if (/^text\/html/i.test(answer.type)) {
            // A log-in page or a wrong port also answers 200, and stores nothing.
            fail(`a success that is not OTLP's: ${said}`, { retry: true })
          } else good = answer
          resolve(good)
        },
        failed: (error) =>
          fail(messageOf(error) || String((error as { code?: unknown }).code), { retry: true }),
      }
      during(attempt, () =>
        official.export(data, ({ code, error }) => {
          if (code === SUCCESS) resolve(good)
          // Before there was a request: a certificate that cannot be read, for one.
          else fail(messageOf(error), { retry: true })
        }),
      )
    })
  }

  #error(
    message: string,
    secrets: readonly string[],
    options: { retry: boolean; retryAfterMs?: number | undefined },
  ): DeliveryError {
    const own = Object.values(this.#settings.headers)
    const told = new Secrets(this.#url, [...own, ...secrets]).redact(message)
    return new DeliveryError(`${this.#url.origin}${this.#url.pathname} ${told}`, options)
  }
}

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
