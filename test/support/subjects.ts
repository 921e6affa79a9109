// The exporters that the contract (test/exporters/contract.test.ts) is asked of, each with a backend of its own.
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Batch } from '../../src/core/batch'
import type { ExporterOptions } from '../../src/core/exporter-options'
import type { ExporterFunction } from '../../src/core/options'
import { batch } from './batches'
import { DogStatsDServer } from './dogstatsd-server'
import { attributesOf, OtlpServer } from './otlp-server'
import { TinyObsServer } from './tinyobs-server'

/** What a protocol has, and so what its exporter is asked. */
interface Abilities {
  /** It runs in the sampling thread, with a queue. */
  readonly queues: boolean
  /** There are refusals for good. */
  readonly refuses: boolean
  /** There are answers, which may not come. */
  readonly answers: boolean
  /** An answer may ask to be left alone for a while. */
  readonly asksToWait: boolean
  /** There is a form for NaN. */
  readonly takesNaN: boolean
  /** There is something that nobody may see. */
  readonly hasSecrets: boolean
}

/** One exporter and its backend. */
export interface Subject {
  /** As `start()` takes it. */
  readonly exporter: ExporterOptions | ExporterFunction
  /** Not to be seen anywhere. The backend repeats them where it can. */
  readonly secrets: readonly string[]
  /** Fails every request in a way that may pass; or takes all, whatever was asked of it before. */
  down(is: boolean): Promise<void>
  /** Refuses every request for good. */
  refuse?(): void
  /** Never answers, until `down(false)`. */
  hang?(): void
  /** Answers every request so, and asks to be left alone. */
  busy?(status: number, seconds: number): void
  /** How many requests came, whatever the answer. Absent where nobody sees those that fail. */
  requests?(): number
  /** All values of a series, of a histogram its counts, of which the newest is `until`, in the order of their samples. */
  values(name: string, labels: Readonly<Record<string, string>>, until: number): Promise<readonly number[]>
  /** What a counter has grown by since the first sample, from `values`. */
  growth(values: readonly number[]): number
  close(): Promise<void>
}

type Make = (timeoutMs: number) => Promise<Subject>

const http = {
  queues: true,
  refuses: true,
  answers: true,
  asksToWait: true,
  takesNaN: false,
  hasSecrets: true,
}
const none = {
  queues: false,
  refuses: false,
  answers: false,
  asksToWait: false,
  takesNaN: true,
  hasSecrets: false,
}

/** By name. A row here is all that a new exporter needs. `timeoutMs` is for one request, where there are answers. */
export const SUBJECTS: Readonly<Record<string, Abilities & { readonly make: Make }>> = {
  tinyobs: { ...http, make: tinyobs },
  otlp: { ...http, make: (timeoutMs) => otlp('cumulative', timeoutMs) },
  'otlp, deltas': { ...http, make: (timeoutMs) => otlp('delta', timeoutMs) },
  dogstatsd: { ...none, queues: true, takesNaN: false, make: dogstatsd },
  module: { ...http, takesNaN: true, make: recorder },
  function: { ...none, make: callback },
}

const KEY = 's3cret-marm4lade'
const sinceFirst = (values: readonly number[]) => (values.at(-1) ?? Number.NaN) - (values[0] ?? Number.NaN)
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
const sameLabels = (a: object, b: object) =>
  JSON.stringify(Object.entries(a).sort()) === JSON.stringify(Object.entries(b).sort())

async function tinyobs(timeoutMs: number): Promise<Subject> {
  const server = await TinyObsServer.start({ key: KEY })
  const answer = (status: number, headers = {}) =>
    ({ kind: 'status', status, headers, body: `{"error":"no ${KEY}"}` }) as const
  return {
    exporter: { type: 'tinyobs', url: server.url, key: KEY, timeoutMs },
    secrets: [KEY],
    async down(is) {
      server.fault = is ? answer(503) : undefined
    },
    refuse() {
      server.fault = answer(400)
    },
    hang() {
      server.fault = { kind: 'hang' }
    },
    busy(status, seconds) {
      server.fault = answer(status, { 'retry-after': String(seconds) })
    },
    requests: () => server.requests.length,
    async values(name, labels) {
      return server.stored
        .filter((metric) => metric.name === (isHistogram(name) ? `${name}_count` : name))
        .filter((metric) => sameLabels(metric.labels, labels))
        .sort((a, b) => Date.parse(a.timestamp) - Date.parse(b.timestamp))
        .map(({ value }) => value)
    },
    growth: sinceFirst,
    close: () => server.close(),
  }
}

/** In JSON, which the backend can read; test/backends/otlp.test.ts holds protobuf against the official definitions. */
async function otlp(temporality: 'cumulative' | 'delta', timeoutMs: number): Promise<Subject> {
  const server = await OtlpServer.start()
  const answer = (status: number, headers = {}) => ({ status, headers, body: `no ${KEY}` })
  const headers = { 'api-key': KEY }
  return {
    exporter: { type: 'otlp', protocol: 'http/json', url: server.url, temporality, timeoutMs, headers },
    secrets: [KEY],
    async down(is) {
      server.fault = is ? answer(503) : undefined
    },
    refuse() {
      server.fault = answer(400)
    },
    hang() {
      server.fault = 'hang'
    },
    busy(status, seconds) {
      server.fault = answer(status, { 'retry-after': String(seconds) })
    },
    requests: () => server.requests.length,
    async values(name, { service: _, ...labels }) {
      return server.metrics
        .flat()
        .filter((metric) => metric.name === name)
        .flatMap(({ gauge, sum: counter, histogram }) => (gauge ?? counter ?? histogram)?.dataPoints ?? [])
        .filter(({ attributes }) => sameLabels(attributesOf(attributes), labels))
        .map(({ asDouble, count }) => asDouble ?? Number(count))
    },
    growth: temporality === 'delta' ? sum : sinceFirst,
    close: () => server.close(),
  }
}

/** Over a Unix socket: to UDP nothing is ever down. */
async function dogstatsd(): Promise<Subject> {
  const folder = mkdtempSync(join(tmpdir(), 'offloop-contract-'))
  const path = join(folder, 'dsd.socket')
  let server = await DogStatsDServer.unix(path)
  const before: ReturnType<DogStatsDServer['lines']['slice']> = []
  return {
    exporter: { type: 'dogstatsd', path },
    secrets: [],
    async down(is) {
      if (is) {
        before.push(...server.lines)
        await server.close()
      } else server = await DogStatsDServer.unix(path)
    },
    async values(name, labels, until) {
      const all = await server.until((lines) =>
        lines.some((line) => line.name === 'orders_open' && line.value === until),
      )
      // What the protocol means something by has no place in it.
      const tags = Object.fromEntries(
        Object.entries(labels).map(([key, text]) => [key, text.replace(/[\p{Cc}|,#@]/gu, '_')]),
      )
      return [...before, ...all]
        .filter((line) => line.name === (isHistogram(name) ? `${name}.count` : name))
        .filter((line) => sameLabels(line.tags, tags))
        .map(({ value }) => value)
    },
    growth: sum,
    async close() {
      await server.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function recorder(timeoutMs: number): Promise<Subject> {
  const folder = mkdtempSync(join(tmpdir(), 'offloop-contract-'))
  const file = join(folder, 'batches')
  const path = fileURLToPath(new URL('../fixtures/exporters/recorder.mjs', import.meta.url))
  const options = { folder, headers: { authorization: KEY }, key: KEY }
  return {
    exporter: { type: 'module', path, options, timeoutMs },
    secrets: [KEY],
    async down(is) {
      if (is) writeFileSync(join(folder, 'down'), '')
      else for (const name of ['down', 'refuses', 'hang', 'busy']) rmSync(join(folder, name), { force: true })
    },
    refuse() {
      writeFileSync(join(folder, 'refuses'), '')
    },
    hang() {
      writeFileSync(join(folder, 'hang'), '')
    },
    busy(status, seconds) {
      writeFileSync(
        join(folder, 'busy'),
        JSON.stringify({ retry: status !== 400, retryAfterMs: seconds * 1_000 }),
      )
    },
    async values(name, labels) {
      if (!existsSync(file)) appendFileSync(file, '')
      const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean)
      const batches = lines.map((line) => JSON.parse(line) as Batch)
      return valuesIn(batches, name, labels)
    },
    growth: sinceFirst,
    async close() {
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function callback(): Promise<Subject> {
  const batches: Batch[] = []
  let isDown = false
  return {
    exporter(batch) {
      if (isDown) throw new Error('no way to the backend')
      batches.push(batch)
    },
    secrets: [],
    async down(is) {
      isDown = is
    },
    values: async (name, labels) => valuesIn(batches, name, labels),
    growth: sinceFirst,
    close: async () => {},
  }
}

function valuesIn(batches: readonly Batch[], name: string, labels: object): number[] {
  return batches
    .flatMap(({ metrics }) => metrics)
    .filter((metric) => metric.name === name && sameLabels(metric.labels, labels))
    .map(({ value }) => (typeof value === 'number' ? value : value.count))
}

const LABELS = { service: 'api', text: 'a b:c "d" \\ ü🙂\n|,#@\t\u0001', constructor: 'x' } as const
const isHistogram = (name: string) => name === 'orders_seconds'

/** Sample `sequence` of a gauge, which is the sequence number, and of a counter and a histogram, which grow by 7 each time. */
export function sample(sequence: number): Batch {
  const total = 100 + 7 * sequence
  const buckets = [
    { le: 0.1, count: sequence },
    { le: 1, count: total },
  ]
  return batch(sequence, [
    { name: 'orders_total', type: 'counter', value: total, labels: LABELS },
    {
      name: 'orders_seconds',
      type: 'histogram',
      value: { count: total, sum: total / 2, buckets },
      labels: LABELS,
    },
    { name: 'orders_open', type: 'gauge', value: sequence, labels: LABELS },
  ])
}
sample.labels = LABELS
