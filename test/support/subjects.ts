// The exporters that the contract (test/exporters/contract.test.ts) is asked of, each with a backend of its own.
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Batch } from '../../src/core/batch'
import type { ExporterSettings } from '../../src/core/options'
import { dist } from '../dist'
import { batch } from './batches'
import { DogStatsDServer } from './dogstatsd-server'
import { attributesOf, OtlpServer } from './otlp-server'
import { TinyObsServer } from './tinyobs-server'

const { resolveOptions } = dist<typeof import('../../src/core/options')>('core/options.js')

/** One exporter and its backend. */
export interface Subject {
  readonly settings: ExporterSettings
  /** Not to be seen anywhere. The backend repeats them where it can. */
  readonly secrets: readonly string[]
  /** Fails every request in a way that may pass; or takes all, whatever was asked of it before. */
  down(is: boolean): Promise<void>
  /** Refuses every request for good. Absent where the protocol has no way to. */
  refuse?(): void
  /** Never answers, until `down(false)`. Absent where the protocol has no answers. */
  hang?(): void
  /** How many requests came, whatever the answer. Absent where nobody sees those that fail. */
  requests?(): number
  /** Whether it has a form for NaN. */
  readonly takesNaN?: true
  /** All values of a series of which the newest is `until`, in the order of their samples. */
  values(name: string, labels: Readonly<Record<string, string>>, until: number): Promise<readonly number[]>
  /** What a counter has grown by since the first sample, from `values`. */
  growth(values: readonly number[]): number
  close(): Promise<void>
}

/** By name. A row here is all that a new exporter needs. `timeoutMs` is for one request, where there are answers. */
export const SUBJECTS: Readonly<Record<string, (timeoutMs: number) => Promise<Subject>>> = {
  tinyobs,
  otlp: (timeoutMs) => otlp('cumulative', timeoutMs),
  'otlp, deltas': (timeoutMs) => otlp('delta', timeoutMs),
  dogstatsd,
  module: recorder,
}

const KEY = 's3cret-marm4lade'
const sinceFirst = (values: readonly number[]) => (values.at(-1) ?? Number.NaN) - (values[0] ?? Number.NaN)
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
const sameLabels = (a: object, b: object) =>
  JSON.stringify(Object.entries(a).sort()) === JSON.stringify(Object.entries(b).sort())

async function tinyobs(timeoutMs: number): Promise<Subject> {
  const server = await TinyObsServer.start({ key: KEY })
  const answer = (status: number) => ({ kind: 'status', status, body: `{"error":"no ${KEY}"}` }) as const
  return {
    settings: { type: 'tinyobs', url: server.url, key: KEY, timeoutMs, names: 'canonical' },
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
    requests: () => server.requests.length,
    async values(name, labels) {
      return server.stored
        .filter((metric) => metric.name === name && sameLabels(metric.labels, labels))
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
  const answer = (status: number) => ({ status, body: `no ${KEY}` })
  const headers = { 'api-key': KEY }
  const options = { type: 'otlp', protocol: 'http/json', url: server.url, temporality, timeoutMs, headers }
  const { settings } = resolveOptions({ exporters: [options] }, () => 'api')
  return {
    settings: settings.exporters[0] as ExporterSettings,
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
    requests: () => server.requests.length,
    async values(name, { service: _, ...labels }) {
      return server.metrics
        .flat()
        .filter((metric) => metric.name === name)
        .flatMap(({ gauge, sum: counter }) => (gauge ?? counter)?.dataPoints ?? [])
        .filter(({ attributes }) => sameLabels(attributesOf(attributes), labels))
        .map(({ asDouble = Number.NaN }) => asDouble)
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
    settings: { type: 'dogstatsd', host: undefined, port: undefined, path, prefix: '', tags: {} },
    secrets: [],
    async down(is) {
      if (is) {
        before.push(...server.lines)
        await server.close()
      } else server = await DogStatsDServer.unix(path)
    },
    async values(name, labels, until) {
      const all = await server.until((lines) =>
        lines.some((line) => line.type === 'g' && line.value === until),
      )
      return [...before, ...all]
        .filter((line) => line.name === name && sameLabels(line.tags, labels))
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
    settings: { type: 'module', name: 'recorder', path, options, timeoutMs },
    secrets: [KEY],
    async down(is) {
      if (is) writeFileSync(join(folder, 'down'), '')
      else for (const name of ['down', 'refuses', 'hang']) rmSync(join(folder, name), { force: true })
    },
    refuse() {
      writeFileSync(join(folder, 'refuses'), '')
    },
    hang() {
      writeFileSync(join(folder, 'hang'), '')
    },
    takesNaN: true,
    async values(name, labels) {
      if (!existsSync(file)) appendFileSync(file, '')
      const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean)
      const batches = lines.map((line) => JSON.parse(line) as Batch)
      return batches
        .flatMap(({ metrics }) => metrics)
        .filter((metric) => metric.name === name && sameLabels(metric.labels, labels))
        .map(({ value }) => value as number)
    },
    growth: sinceFirst,
    async close() {
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const LABELS = { service: 'api', text: 'a b:c "d" \\ ü🙂' } as const

/** Sample `sequence` of one gauge, which is the sequence number, and one counter, which grows by 7 each time. */
export function sample(sequence: number): Batch {
  return batch(sequence, [
    { name: 'orders_total', type: 'counter', value: 100 + 7 * sequence, labels: LABELS },
    { name: 'orders_open', type: 'gauge', value: sequence, labels: LABELS },
  ])
}
sample.labels = LABELS
