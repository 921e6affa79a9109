import type { Attributes } from './otel-data'
import type { Temporality } from './otel-points'
import type { Environment } from './variables'

export type OtlpProtocol = 'http/protobuf' | 'http/json'

/**
 * Pushes OTLP over HTTP with OpenTelemetry's own exporter, from the sampling thread. The exporter is yours to install;
 * `OTEL_EXPORTER_OTLP_*` stand in for what is not given.
 */
export interface OtlpOptions {
  readonly type: 'otlp'
  /** Default `http://localhost:4318/v1/metrics`. `/v1/metrics` is added to a URL without a path. */
  readonly url?: string
  /** Default `http/protobuf`, of `@opentelemetry/exporter-metrics-otlp-proto`; `http/json` is of `…-otlp-http`. */
  readonly protocol?: OtlpProtocol
  /** Sent with each request, such as an API key. Never shown. */
  readonly headers?: Readonly<Record<string, string>>
  /** Whether counters and histograms tell all since their start, or what came since the last delivery. Default `cumulative`. */
  readonly temporality?: Temporality
  /** Default `none`. */
  readonly compression?: 'gzip' | 'none'
  /** For one request. Default 10,000. */
  readonly timeoutMs?: number
  /** Attributes of the resource, beside those of `OTEL_RESOURCE_ATTRIBUTES`, the host and the process. */
  readonly resource?: Readonly<Record<string, string | number | boolean>>
}

export interface OtlpSettings {
  readonly type: 'otlp'
  readonly url: string
  readonly protocol: OtlpProtocol
  /** The file of the package that exports. */
  readonly module: string
  readonly headers: Readonly<Record<string, string>>
  readonly temporality: Temporality
  readonly compression: 'gzip' | 'none'
  readonly timeoutMs: number
  readonly resource: Attributes
}

export const OTLP_PACKAGES: Readonly<Record<OtlpProtocol, string>> = {
  'http/protobuf': '@opentelemetry/exporter-metrics-otlp-proto',
  'http/json': '@opentelemetry/exporter-metrics-otlp-http',
}

/** The standard variables that decide before the official exporter is loaded, which reads the others itself. */
export function otlpDefaults(env: Environment) {
  const of = (name: string): string | undefined =>
    nonEmpty(env[`OTEL_EXPORTER_OTLP_METRICS_${name}`]) ?? nonEmpty(env[`OTEL_EXPORTER_OTLP_${name}`])
  const own = nonEmpty(env.OTEL_EXPORTER_OTLP_METRICS_ENDPOINT)
  const base = nonEmpty(env.OTEL_EXPORTER_OTLP_ENDPOINT) ?? 'http://localhost:4318'
  const preference = nonEmpty(env.OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE)?.toLowerCase()
  const timeoutMs = Math.round(Number(of('TIMEOUT')))
  return {
    // The one for metrics alone is taken as it is; the other is where the paths of all signals begin.
    url: own ?? under(base),
    protocol: of('PROTOCOL') ?? 'http/protobuf',
    // What `lowmemory` is about, remembering nothing, does not hold here: the counters are kept anyway.
    temporality: preference === 'delta' ? 'delta' : 'cumulative',
    compression: of('COMPRESSION') ?? 'none',
    timeoutMs: timeoutMs > 0 ? Math.min(Math.max(timeoutMs, 100), 120_000) : 10_000,
  }
}

/** `base` with the path of metrics, before its query. What is no URL stays as it is, for whoever refuses it. */
function under(base: string): string {
  const [, path = '', query = ''] = /^([^?#]*)(.*)$/s.exec(base) ?? []
  return `${path.replace(/\/$/, '')}/v1/metrics${query}`
}

// One for all exporters of a process, and for a sampling thread that is started anew. It need not be unguessable, and
// node:crypto takes milliseconds to load.
let instance: string | undefined

/** A random UUID that stands for this process. */
export function serviceInstanceId(): string {
  instance ??= 'xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx'.replace(/x/g, () =>
    Math.floor(Math.random() * 16).toString(16),
  )
  return instance
}

function nonEmpty(value: string | undefined): string | undefined {
  return value?.trim() === '' ? undefined : value?.trim()
}
