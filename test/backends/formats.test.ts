// That one batch says the same in every format that it leaves in, each read back by a parser that is not ours or that goes
// by the format's specification. What a format cannot say is a loss; all of them are listed here, and nowhere else.
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { backend } from '../../scripts/backends.mjs'
import type { Batch, Labels } from '../../src/core/batch'
import type { ExporterOptions } from '../../src/index'
import { dist } from '../dist'
import { gauge } from '../support/batches'
import { DogStatsDServer } from '../support/dogstatsd-server'
import { parseOpenMetrics, parsePrometheus } from '../support/exposition'
import { OtlpServer } from '../support/otlp-server'
import { decoded, metricsOf } from '../support/protoc'
import { type PythonFamily, readByPython } from '../support/python'
import { batches } from '../support/random-batches'
import {
  canonical,
  type Row,
  rowsOfBatch,
  rowsOfDogStatsD,
  rowsOfFamilies,
  rowsOfOtlpJson,
  rowsOfOtlpProto,
  rowsOfTinyObs,
} from '../support/table'
import { TinyObsServer } from '../support/tinyobs-server'

const { renderPrometheus, renderOpenMetrics } =
  dist<typeof import('../../src/exporters/prometheus')>('exporters/prometheus.js')
const { TinyObs } = dist<typeof import('../../src/exporters/tinyobs')>('exporters/tinyobs.js')
const { Otlp } = dist<typeof import('../../src/exporters/otlp')>('exporters/otlp.js')
const { DogStatsD } = dist<typeof import('../../src/exporters/dogstatsd')>('exporters/dogstatsd.js')
const { resolveOptions } = dist<typeof import('../../src/core/options')>('core/options.js')

/** What goes through a transport, all of it. */
interface Sending<Request> {
  encode(batch: Batch): { readonly requests: readonly Request[]; readonly omitted: readonly string[] }
  send(request: Request, signal: AbortSignal): Promise<void>
}
async function sent<Request>(transport: Sending<Request>, batch: Batch): Promise<readonly string[]> {
  const { requests, omitted } = transport.encode(batch)
  for (const request of requests) await transport.send(request, new AbortController().signal)
  return omitted
}

function settingsOf<T extends ExporterOptions['type']>(options: ExporterOptions & { type: T }) {
  const [settings] = resolveOptions({ exporters: [options] }, () => 'api').settings.exporters
  return settings as Extract<typeof settings, { type: T }>
}

// What formats lose.

const withoutEmptyLabels = (row: Row): Row => ({
  ...row,
  labels: Object.fromEntries(Object.entries(row.labels).filter(([, value]) => value !== '')),
})
const withoutTime = ({ timestamp: _, ...row }: Row): Row => row
const hasNumber = ({ value }: Row) => typeof value !== 'number' || Number.isFinite(value)
const labelled =
  (change: (labels: Labels) => Labels) =>
  (row: Row): Row => ({
    ...row,
    labels: change(row.labels),
  })
const withService = labelled((labels) => ({ service: 'api', ...labels }))

/** Prometheus has times of its own, and takes an empty label for none. */
const scraped = (rows: readonly Row[]) => rows.map(withoutTime).map(withoutEmptyLabels)

/** JSON has no NaN and no infinity, and each metric tells its service. */
const inTinyObs = (rows: readonly Row[]) => rows.filter(hasNumber).map(withService)

/** Names have dots where ours have colons; the service is the resource's, and `thread` has another name. */
const inOtlp = (rows: readonly Row[]) =>
  rows.filter(hasNumber).map(({ name, labels: { service, thread, ...labels }, ...row }) => ({
    ...row,
    name: name.replaceAll(':', '.'),
    labels: {
      ...labels,
      ...(service === undefined || service === 'api' ? {} : { service }),
      ...(thread === undefined ? {} : { 'thread.name': thread }),
    },
  }))

/**
 * No times, no empty tags, one service for all; what the protocol means something by is `_`; and no line for a count that is
 * zero, so that a histogram without any is none, and one's first buckets that are empty are not there.
 */
const inDogStatsD = (rows: readonly Row[]) =>
  rows
    .filter(hasNumber)
    .map(withoutTime)
    .map(withoutEmptyLabels)
    .map(
      labelled((labels) =>
        Object.fromEntries(
          Object.entries({ ...labels, service: 'api' }).map(([name, value]) => [
            name,
            value.replace(/[\p{Cc}|,#@]/gu, '_'),
          ]),
        ),
      ),
    )
    .flatMap((row): Row[] => {
      const { value, kind } = row
      const name = row.name.replaceAll(':', '_')
      if (typeof value === 'number') return kind === 'counter' && value === 0 ? [] : [{ ...row, name }]
      if (value.count === 0 && value.sum === 0) return []
      return [{ ...row, name, value: { ...value, buckets: value.buckets.filter(({ count }) => count > 0) } }]
    })

interface Format {
  /** What a reader finds. */
  read(batch: Batch): Promise<readonly Row[]>
  /** What it may find. */
  expected(rows: readonly Row[]): readonly Row[]
}

let formats: Readonly<Record<string, Format>>
const cleanUp: (() => unknown)[] = []
afterAll(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean()
})

beforeAll(async () => {
  backend('protoc')
  const tinyobs = await TinyObsServer.start()
  const otlp = await OtlpServer.start()
  const dogstatsd = await DogStatsDServer.udp()
  const toTinyObs = new TinyObs({ url: tinyobs.url, key: undefined, names: 'canonical' }, 'tinyobs')
  const json = new Otlp(settingsOf({ type: 'otlp', url: otlp.url, protocol: 'http/json' }), 'otlp')
  const proto = new Otlp(settingsOf({ type: 'otlp', url: otlp.url, compression: 'gzip' }), 'otlp')
  cleanUp.push(...[tinyobs, otlp, dogstatsd, toTinyObs, json, proto].map((one) => () => one.close()))

  formats = {
    "Prometheus's text": {
      read: async (batch) => rowsOfFamilies(parsePrometheus(renderPrometheus(batch)).values()),
      expected: scraped,
    },
    OpenMetrics: {
      read: async (batch) => rowsOfFamilies(parseOpenMetrics(renderOpenMetrics(batch)).values()),
      expected: scraped,
    },
    TinyObs: {
      async read(batch) {
        const before = tinyobs.stored.length
        await sent(toTinyObs, batch)
        expect(tinyobs.refusals).toEqual([])
        return rowsOfTinyObs(tinyobs.stored.slice(before))
      },
      expected: inTinyObs,
    },
    'OTLP in JSON': {
      async read(batch) {
        otlp.requests.length = 0
        await sent(json, batch)
        return rowsOfOtlpJson(otlp.metrics.flat())
      },
      expected: inOtlp,
    },
    'OTLP in protobuf': {
      async read(batch) {
        otlp.requests.length = 0
        await sent(proto, batch)
        return rowsOfOtlpProto(otlp.requests.flatMap(({ body }) => metricsOf(decoded(body))))
      },
      expected: inOtlp,
    },
    DogStatsD: {
      async read(batch) {
        const transport = new DogStatsD(
          { ...settingsOf({ type: 'dogstatsd' }), ...dogstatsd.target },
          'dogstatsd',
        )
        // Counters count from the first batch on.
        await sent(transport, { ...batch, sequence: 1, metrics: batch.metrics.map(atZero) })
        const end = gauge('the_end', 1)
        dogstatsd.datagrams.length = 0
        await sent(transport, { ...batch, sequence: 2, metrics: [...batch.metrics, end] })
        const lines = await dogstatsd.until((all) => all.some(({ name }) => name === 'the_end'))
        transport.close()
        const last = lines.findLastIndex(({ name }) => name === 'the_begin')
        return rowsOfDogStatsD(lines.slice(last + 1).filter(({ name }) => name !== 'the_end'))
      },
      expected: inDogStatsD,
    },
  }
}, 120_000)

function atZero<M extends Batch['metrics'][number]>(metric: M): M {
  const { value } = metric
  if (metric.type === 'gauge') return { ...metric, name: 'the_begin', labels: {}, value: 1 }
  if (typeof value === 'number') return { ...metric, value: 0 }
  const buckets = value.buckets.map(({ le }) => ({ le, count: 0 }))
  return { ...metric, value: { count: 0, sum: 0, buckets } }
}

test('any batch says the same in each of them', async () => {
  // TinyObs keeps what comes twice once, so each batch has a time of its own.
  let seconds = 0
  await fc.assert(
    fc.asyncProperty(batches, async (drawn) => {
      const batch = { ...drawn, timestamp: drawn.timestamp + 1_000 * ++seconds }
      const said: Record<string, unknown> = {}
      const meant: Record<string, unknown> = {}
      for (const [name, { read, expected }] of Object.entries(formats)) {
        said[name] = canonical(await read(batch))
        meant[name] = canonical(expected(rowsOfBatch(batch)))
      }
      expect(said).toEqual(meant)
    }),
    // Shrinking would take minutes: protoc is run for each.
    { numRuns: 60, endOnFailure: true },
  )
}, 240_000)

test('the Python client of Prometheus reads the same as well', () => {
  const corpus = fc.sample(batches, { numRuns: 200, seed: 20261124 })
  const rows = corpus.map((batch) => canonical(scraped(rowsOfBatch(batch))))
  expect(rows.flat().length).toBeGreaterThan(1_000)
  for (const [format, render] of [
    ['text', renderPrometheus],
    ['openmetrics', renderOpenMetrics],
  ] as const) {
    const answers = readByPython(corpus.map((batch) => [format, render(batch)]))
    expect(answers.map((families) => canonical(rowsOfFamilies(byPython(families))))).toEqual(rows)
  }
})

function byPython(families: readonly PythonFamily[] | string) {
  if (typeof families === 'string') throw new Error(`refused: ${families}`)
  const number = (text: string) => Number(text.replace('inf', 'Infinity').replace('nan', 'NaN'))
  return families.map(({ type, samples }) => ({
    type,
    samples: samples.map(([name, labels, value]) => ({ name, labels, value: number(value) })),
  }))
}
