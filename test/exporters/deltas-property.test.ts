// That deltas add up to what has happened, whatever was lost on the way: batches dropped from a full queue, refused as a whole or
// in part, tried again, with threads that come and go.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Batch, Metric } from '../../src/core/batch'
import type { OtlpSettings } from '../../src/core/otlp'
import type { Transport } from '../../src/exporters/transport'
import { dist } from '../dist'
import { batch, gauge } from '../support/batches'
import { DogStatsDServer } from '../support/dogstatsd-server'
import { OtlpServer } from '../support/otlp-server'
import { type Row, rowsOfDogStatsD, rowsOfOtlpJson } from '../support/table'

const { Otlp } = dist<typeof import('../../src/exporters/otlp')>('exporters/otlp.js')
const { DogStatsD } = dist<typeof import('../../src/exporters/dogstatsd')>('exporters/dogstatsd.js')
const { Delivery } = dist<typeof import('../../src/exporters/delivery')>('exporters/delivery.js')
const { DeliveryError } = dist<typeof import('../../src/exporters/transport')>('exporters/transport.js')
const { resolveOptions } = dist<typeof import('../../src/core/options')>('core/options.js')

const THREADS = ['a', 'b', 'c'] as const
type Fault = 'down' | 'refuse' | 'fine'

interface Round {
  /** What happened on each thread. */
  readonly grown: readonly number[]
  /** Which threads are in the batch. */
  readonly alive: readonly boolean[]
  /** What becomes of the next requests. */
  readonly faults: readonly Fault[]
  /** Whether the batch has time to arrive before the next one is pushed. */
  readonly waits: boolean
}

const three = <T>(of: fc.Arbitrary<T>) => fc.array(of, { minLength: 3, maxLength: 3 })
const rounds: fc.Arbitrary<Round[]> = fc.array(
  fc.record({
    grown: three(fc.integer({ min: 0, max: 1_000 })),
    alive: three(fc.boolean()),
    faults: fc.array(fc.constantFrom<Fault>('down', 'refuse', 'fine'), { maxLength: 5 }),
    waits: fc.boolean(),
  }),
  { minLength: 1, maxLength: 8 },
)

/** What a thread has done `total` times: a counter and a histogram, in so many words that each needs a request of its own. */
function metricsOf(thread: string, total: number, pad: string): readonly Metric[] {
  const labels = { service: 'api', thread, pad }
  const buckets = [
    { le: 0.001, count: total },
    { le: 0.5, count: 3 * total },
  ]
  return [
    { name: 'cycles_total', type: 'counter', value: total, labels },
    {
      name: 'turns_seconds',
      type: 'histogram',
      value: { count: 4 * total, sum: total / 4, buckets },
      labels,
    },
  ]
}

interface Side {
  readonly transport: Transport<unknown>
  /** How many characters nearly fill a request. */
  readonly pad: number
  /** Asks for the fate of each request. */
  next: () => Fault
  /** All that has arrived, once the last batch has. */
  rows(): Promise<readonly Row[]>
  close(): Promise<void>
}

async function otlp(): Promise<Side> {
  const server = await OtlpServer.start()
  const options = { type: 'otlp', protocol: 'http/json', url: server.url, temporality: 'delta' } as const
  const [settings] = resolveOptions({ exporters: [options] }, () => 'api').settings.exporters
  const side: Side = {
    transport: new Otlp(settings as OtlpSettings, 'otlp') as Transport<unknown>,
    pad: 200_000,
    next: () => 'fine',
    rows: async () =>
      rowsOfOtlpJson(server.metrics.flat()).map(({ labels: { 'thread.name': thread = '' }, ...row }) => ({
        ...row,
        labels: { thread },
      })),
    close: () => server.close(),
  }
  server.fault = () => {
    const fault = side.next()
    return fault === 'fine' ? undefined : { status: fault === 'down' ? 503 : 400 }
  }
  return side
}

async function dogstatsd(): Promise<Side> {
  const server = await DogStatsDServer.udp()
  const [settings] = resolveOptions({ exporters: [{ type: 'dogstatsd', ...server.target }] }, () => 'api')
    .settings.exporters
  if (settings?.type !== 'dogstatsd') throw new Error('no settings')
  const sending = new DogStatsD(settings, 'dogstatsd')
  const side: Side = {
    // UDP has no failures of its own.
    transport: {
      name: 'dogstatsd',
      order: sending.order,
      encode: (one) => sending.encode(one),
      async send(request) {
        const fault = side.next()
        if (fault !== 'fine') throw new DeliveryError(fault, { retry: fault === 'down' })
        await sending.send(request as Parameters<typeof sending.send>[0])
      },
      close: () => sending.close(),
    },
    pad: 1_200,
    next: () => 'fine',
    async rows() {
      const lines = await server.until((all) => all.some(({ name }) => name === 'the_end'))
      return rowsOfDogStatsD(lines).map(({ labels: { thread = '' }, ...row }) => ({
        ...row,
        labels: { thread },
      }))
    },
    close: () => server.close(),
  }
  return side
}

describe.each([
  ['OTLP', otlp, 25],
  ['DogStatsD', dogstatsd, 40],
])('%s', (_, start, numRuns) => {
  test('the deltas that arrive are what was counted last, less what was counted first', async () => {
    let dropped = 0
    let failures = 0
    await fc.assert(
      fc.asyncProperty(rounds, async (drawn) => {
        const side = await start()
        const delivery = new Delivery(side.transport, () => {}, {
          timeoutMs: 30_000,
          capacity: 2,
          random: () => 0,
        })
        let faults: Fault[] = []
        side.next = () => faults.shift() ?? 'fine'
        const totals = [0, 0, 0]
        let first: readonly number[] | undefined
        const pad = 'x'.repeat(side.pad)
        const push = async ({ grown, alive, faults: given, waits }: Round, sequence: number) => {
          grown.forEach((by, thread) => {
            totals[thread] = (totals[thread] ?? 0) + by
          })
          first ??= totals.map((total, thread) => (alive[thread] ? total : 0))
          faults = [...given]
          const metrics = THREADS.flatMap((thread, index) =>
            alive[index] ? metricsOf(thread, totals[index] ?? 0, pad) : [],
          )
          const one: Batch = batch(sequence, metrics)
          delivery.push(sequence === END ? batch(sequence, [...metrics, gauge('the_end', 1)]) : one)
          if (waits) await delivery.flush(100)
        }
        for (const [index, round] of drawn.entries()) await push(round, index + 1)
        await push({ grown: [1, 1, 1], alive: [true, true, true], faults: [], waits: false }, END)
        while (!(await delivery.flush(30_000)));
        dropped += delivery.dropped
        failures += delivery.failures
        const rows = await side.rows()
        delivery.close()
        await side.close()

        const happened = (total: (count: number) => number) =>
          totals.map((last, thread) => total(last) - total(first?.[thread] ?? 0))
        const arrived = (name: string, figure: (value: Row['value']) => number) =>
          THREADS.map((thread) =>
            rows
              .filter((row) => row.name === name && row.labels.thread === thread)
              .reduce((sum, { value }) => sum + figure(value), 0),
          )
        const below = (le: number) => (value: Row['value']) =>
          typeof value === 'number'
            ? Number.NaN
            : value.buckets.filter((one) => one.le === le).reduce((sum, { count }) => sum + count, 0)
        const of = (figure: 'count' | 'sum') => (value: Row['value']) =>
          typeof value === 'number' ? Number.NaN : value[figure]
        expect(arrived('cycles_total', Number)).toEqual(happened((total) => total))
        expect(arrived('turns_seconds', of('count'))).toEqual(happened((total) => 4 * total))
        expect(arrived('turns_seconds', of('sum'))).toEqual(happened((total) => total / 4))
        expect(arrived('turns_seconds', below(0.001))).toEqual(happened((total) => total))
        expect(arrived('turns_seconds', below(0.5))).toEqual(happened((total) => 3 * total))
      }),
      { numRuns },
    )
    // Much went wrong.
    expect(dropped).toBeGreaterThan(numRuns / 4)
    expect(failures).toBeGreaterThan(numRuns / 2)
  }, 120_000)
})
/** After all rounds. */
const END = 100
