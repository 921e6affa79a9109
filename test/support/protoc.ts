// Requests of OTLP in protobuf, as the official definitions of the protocol read them.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { backend } from '../../scripts/backends.mjs'
import { type Message, parseProtoText } from './proto-text'

/** By the official decoder. @throws where there is a field that the protocol does not have. */
export function decoded(body: Buffer): Message {
  const protoc = backend('protoc')
  const triplet = { x64: 'x86_64', arm64: 'aarch64' }[process.arch as 'x64' | 'arm64']
  const text = execFileSync(
    join(protoc, 'usr/bin/protoc'),
    [
      '--decode=opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest',
      `-I${join(protoc, 'usr/include')}`,
      'opentelemetry/proto/collector/metrics/v1/metrics_service.proto',
    ],
    {
      input: body,
      encoding: 'utf8',
      env: { ...process.env, LD_LIBRARY_PATH: join(protoc, `usr/lib/${triplet}-linux-gnu`) },
      maxBuffer: 2 ** 28,
    },
  )
  // It prints what it does not know by its number.
  if (/^\s*\d+[: ]/m.test(text)) throw new Error('fields that the protocol does not have')
  return parseProtoText(text)
}

export const inner = (message: Message | undefined, field: string): readonly Message[] =>
  (message?.[field] ?? []) as readonly Message[]
export const text = (message: Message | undefined, field: string): string =>
  (message?.[field]?.[0] ?? '') as string
export const numbers = (message: Message | undefined, field: string): readonly number[] =>
  (message?.[field] ?? []).map(Number)
export const first = (message: Message | undefined, ...fields: readonly string[]): Message | undefined =>
  fields.reduce<Message | undefined>((at, field) => inner(at, field)[0], message)

/** The metrics of all scopes. */
export function metricsOf(request: Message): readonly Message[] {
  return inner(request, 'resource_metrics')
    .flatMap((resource) => inner(resource, 'scope_metrics'))
    .flatMap((scope) => inner(scope, 'metrics'))
}
