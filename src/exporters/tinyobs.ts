import type { Batch, Labels, Metric, MetricType } from '../core/batch'
import type { OffloopError } from '../core/errors'
import { MAX_LABEL_VALUE_BYTES, MAX_LABELS, MAX_NAME_LENGTH } from '../core/format'
import type { TinyObsSettings } from '../core/tinyobs-options'
import { Delivery } from './delivery'
import type { Exporter } from './exporter'
import { goNames } from './names-go'
import { Endpoint } from './post'
import type { Encoded, Transport } from './transport'

const MAX_METRICS = 1_000
// TinyObs itself takes 16 MB, the nginx before it 1 MB unless told otherwise.
const MAX_BYTES = 512 * 1_024

/** One metric as TinyObs has it. */
interface Sample {
  readonly name: string
  readonly type: MetricType
  readonly value: number
  readonly labels: Labels
}

interface Ingest {
  readonly body: string
  readonly count: number
}

/** Pushes to a TinyObs server. */
export function createTinyObs(
  settings: TinyObsSettings,
  name: string,
  report: (error: OffloopError) => void,
  onQueued: () => void = () => {},
): Exporter {
  return new Delivery(new TinyObs(settings, name), report, { timeoutMs: settings.timeoutMs, onQueued })
}

export class TinyObs implements Transport<Ingest> {
  // It stores and sorts by timestamp.
  readonly order = 'newest-first'
  readonly #endpoint: Endpoint
  readonly #inGo: boolean

  constructor(
    { url, key, names }: Pick<TinyObsSettings, 'url' | 'key'> & Partial<Pick<TinyObsSettings, 'names'>>,
    readonly name: string,
  ) {
    this.#inGo = names === 'go'
    const authorization = key === undefined ? {} : { authorization: `Bearer ${key}` }
    const headers = { 'content-type': 'application/json', ...authorization }
    this.#endpoint = new Endpoint(url, headers, key === undefined ? [] : [key])
  }

  encode(batch: Batch): Encoded<Ingest> {
    const timestamp = new Date(batch.timestamp).toISOString()
    const lines: string[] = []
    const omitted: string[] = []
    for (const metric of (this.#inGo ? goNames(batch) : batch).metrics) {
      const samples = samplesOf(metric, { service: batch.service, ...metric.labels })
      // One metric that breaks a limit makes TinyObs refuse the whole request. Cutting a label short instead would make
      // one series of two.
      const fault = samples.map(faultOf).find((found) => found !== undefined)
      if (fault !== undefined) omitted.push(`metric ${metric.name.slice(0, 100)} ${fault}`)
      else for (const sample of samples) lines.push(JSON.stringify({ ...sample, timestamp }))
    }
    return { requests: cut(lines), omitted }
  }

  async send({ body, count }: Ingest, signal: AbortSignal): Promise<void> {
    const answer = await this.#endpoint.post(body, signal)
    if (answer === '') return
    const { status, count: stored } = parse(answer)
    // A log-in page or a wrong path also answers 200, and stores nothing.
    if (status !== 'success') {
      throw this.#endpoint.error("a success that is not TinyObs's", answer, { retry: true })
    }
    if (stored !== undefined && stored !== count) {
      throw this.#endpoint.error(`${stored} of ${count} metrics were stored`, answer, { retry: false })
    }
  }

  close(): void {
    this.#endpoint.close()
  }
}

/** TinyObs's values are plain numbers: a histogram becomes what TinyObs's own clients make of one. */
function samplesOf({ name, type, value }: Metric, labels: Labels): readonly Sample[] {
  if (typeof value === 'number') return [{ name, type, value, labels }]
  const buckets = [
    ...value.buckets.map(({ le, count }) => ({ le: String(le), count })),
    { le: '+Inf', count: value.count },
  ]
  return [
    { name: `${name}_count`, type, value: value.count, labels },
    { name: `${name}_sum`, type, value: value.sum, labels },
    ...buckets.map(({ le, count }) => ({
      name: `${name}_bucket`,
      type,
      value: count,
      labels: { ...labels, le },
    })),
  ]
}

function faultOf({ name, value, labels }: Sample): string | undefined {
  // JSON has no NaN: it would be sent as null, which Go reads as 0.
  if (!Number.isFinite(value)) return `is ${value}, which JSON cannot say`
  if (tooLong(name, MAX_NAME_LENGTH)) return `has a name of more than ${MAX_NAME_LENGTH} bytes`
  const entries = Object.entries(labels)
  if (entries.length > MAX_LABELS) return `has ${entries.length} labels, of ${MAX_LABELS} that TinyObs takes`
  for (const [key, text] of entries) {
    if (tooLong(key, MAX_NAME_LENGTH)) return `has a label whose name has more than ${MAX_NAME_LENGTH} bytes`
    if (tooLong(text, MAX_LABEL_VALUE_BYTES))
      return `has a label ${key} of more than ${MAX_LABEL_VALUE_BYTES} bytes`
  }
  return undefined
}

// TinyObs measures with Go's len(), which counts the bytes of UTF-8.
function tooLong(text: string, limit: number): boolean {
  return Buffer.byteLength(text) > limit
}

function cut(lines: readonly string[]): readonly Ingest[] {
  const requests: Ingest[] = []
  let part: string[] = []
  let bytes = 0
  const close = (): void => {
    if (part.length > 0) requests.push({ body: `{"metrics":[${part.join(',')}]}`, count: part.length })
    part = []
    bytes = 0
  }
  for (const line of lines) {
    const size = Buffer.byteLength(line) + 1
    if (part.length === MAX_METRICS || bytes + size > MAX_BYTES) close()
    part.push(line)
    bytes += size
  }
  close()
  return requests
}

function parse(answer: string): { status?: unknown; count?: unknown } {
  try {
    return (JSON.parse(answer) as { status?: unknown; count?: unknown } | null) ?? {}
  } catch {
    return {}
  }
}
