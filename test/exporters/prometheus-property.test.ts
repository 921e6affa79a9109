import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Batch } from '../../src/core/batch'
import { dist } from '../dist'
import { parseOpenMetrics, parsePrometheus } from '../support/exposition'
import { hasPythonClient, readByPython } from '../support/python'
import { batches } from '../support/random-batches'

const { renderPrometheus, renderOpenMetrics } =
  dist<typeof import('../../src/exporters/prometheus')>('exporters/prometheus.js')

/** Samples of a batch as a reader must find them, sorted: of a series that is there twice the first. */
function expected({ metrics }: Batch): string[] {
  const series = new Map(metrics.toReversed().map((one) => [sampleKey(one.name, one.labels), one]))
  return [...series.values()]
    .flatMap(({ name, labels, value }) => {
      if (typeof value === 'number') return `${sampleKey(name, labels)} ${value}`
      const { count, sum, buckets } = value
      return [
        ...[...buckets, { le: Infinity, count }].map(
          (bucket) => `${sampleKey(`${name}_bucket`, { ...labels, le: `${bucket.le}` })} ${bucket.count}`,
        ),
        `${sampleKey(`${name}_sum`, labels)} ${sum}`,
        `${sampleKey(`${name}_count`, labels)} ${count}`,
      ]
    })
    .sort()
}

/** An empty label is none, and a bound is a number, however it is written. */
function sampleKey(name: string, labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels)
    .filter(([, value]) => value !== '')
    .map(([label, value]) => [label, label === 'le' ? `${Number(value.replace('+Inf', 'Infinity'))}` : value])
  return JSON.stringify([name, pairs.sort()])
}

const formats = [
  { format: 'text', render: renderPrometheus, parse: parsePrometheus },
  { format: 'openmetrics', render: renderOpenMetrics, parse: parseOpenMetrics },
] as const

describe.each(formats)('$format', ({ format, render, parse }) => {
  test('of any batch says the same values and labels, by a strict parser of ours', () => {
    fc.assert(
      fc.property(batches, (batch) => {
        const found = [...parse(render(batch)).values()].flatMap(({ samples }) =>
          samples.map(({ name, labels, value }) => `${sampleKey(name, labels)} ${value}`),
        )
        expect(found.sort()).toEqual(expected(batch))
      }),
    )
  })

  test.skipIf(!hasPythonClient)('of random batches says the same by the Python client', () => {
    const corpus = fc.sample(batches, { numRuns: 200, seed: 20261124 })
    expect(corpus.flatMap(expected).length).toBeGreaterThan(1_000)
    const answers = readByPython(corpus.map((batch) => [format, render(batch)] as const))
    corpus.forEach((batch, index) => {
      const families = answers[index]
      if (typeof families === 'string' || families === undefined) {
        throw new Error(`refused: ${families}\n${render(batch)}`)
      }
      const found = families.flatMap(({ samples }) =>
        samples.map(([name, labels, value]) => `${sampleKey(name, labels)} ${python(value)}`),
      )
      expect(found.sort()).toEqual(expected(batch))
    })
  })
})

/** A float as Python writes it. */
function python(text: string): number {
  return Number(text.replace('inf', 'Infinity').replace('nan', 'NaN'))
}
