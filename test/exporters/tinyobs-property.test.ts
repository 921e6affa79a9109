import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Metric } from '../../src/core/batch'
import { dist } from '../dist'
import { batches } from '../support/random-batches'
import { TinyObsServer } from '../support/tinyobs-server'

const { TinyObs } = dist<typeof import('../../src/exporters/tinyobs')>('exporters/tinyobs.js')

/** What TinyObs is to store of a metric: by name and labels. */
function* samplesOf({ name, value, labels }: Metric): Generator<readonly [key: string, value: number]> {
  const key = (suffix: string, more: object = {}) =>
    JSON.stringify([name + suffix, Object.entries({ service: 'api', ...labels, ...more }).sort()])
  if (typeof value === 'number') yield [key(''), value]
  else {
    yield [key('_count'), value.count]
    yield [key('_sum'), value.sum]
    for (const { le, count } of value.buckets) yield [key('_bucket', { le: String(le) }), count]
    yield [key('_bucket', { le: '+Inf' }), value.count]
  }
}

test('any batch arrives as it was sampled, but for what JSON cannot say', async () => {
  const server = await TinyObsServer.start()
  // It keeps what comes twice once, so each batch has a time of its own.
  let seconds = 0
  const transport = new TinyObs({ url: server.url, key: undefined, names: 'canonical' }, 'tinyobs')
  try {
    await fc.assert(
      fc.asyncProperty(batches, async (drawn) => {
        const batch = { ...drawn, timestamp: drawn.timestamp + 1000 * ++seconds }
        const before = server.stored.length
        const { requests, omitted } = transport.encode(batch)
        for (const request of requests) await transport.send(request, new AbortController().signal)
        expect(server.refusals).toEqual([])
        const wanted = batch.metrics
          .filter(({ value }) => typeof value !== 'number' || Number.isFinite(value))
          .flatMap((metric) => [...samplesOf(metric)])
        const stored = server.stored
          .slice(before)
          .map(({ name, labels, value }) => [JSON.stringify([name, Object.entries(labels).sort()]), value])
        // JSON has no -0, and of a series that is there twice the server keeps the last.
        const last = new Map(wanted.map(([key, value]) => [key, value + 0]))
        expect(Object.fromEntries(stored)).toEqual(Object.fromEntries(last))
        expect(omitted).toHaveLength(
          batch.metrics.filter(({ value }) => typeof value === 'number' && !Number.isFinite(value)).length,
        )
      }),
      { numRuns: 150 },
    )
  } finally {
    transport.close()
    await server.close()
  }
})
