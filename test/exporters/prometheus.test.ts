import { describe, expect, it } from 'vitest'
import type { Batch, Description, Metric } from '../../src/core/batch'
import { dist } from '../dist'
import { type Family, parseOpenMetrics, parsePrometheus } from '../support/exposition'

const { renderPrometheus, renderOpenMetrics } =
  dist<typeof import('../../src/exporters/prometheus')>('exporters/prometheus.js')
const { metrics: table } = dist<typeof import('../../src/core/metrics')>('core/metrics.js')

type Given = Partial<Metric> & Pick<Metric, 'name'> & { unit?: string; description?: string }

/** A batch of `given`; a metric is a gauge of 1 unless it says otherwise. */
function batchOf(...given: readonly Given[]): Batch {
  const descriptions: Record<string, Description> = {}
  for (const { name, type = 'gauge', unit = '', description = '' } of given) {
    descriptions[name] ??= { type, unit, description }
  }
  const metrics = given.map(({ name, type = 'gauge', value = 1, labels = {} }) => ({
    name,
    type,
    value,
    labels,
  }))
  return { sequence: 1, timestamp: Date.UTC(2026, 10, 1), service: 'api', metrics, descriptions }
}

function gauge(name: string, value = 1): Given {
  return { name, value }
}

function counter(name: string, value = 1): Given {
  return { name, type: 'counter', value }
}

function histogram(name: string, labels: Metric['labels'] = {}): Given {
  const buckets = [
    { le: 0.001, count: 1 },
    { le: 1, count: 3 },
    { le: 5, count: 3 },
  ]
  return { name, type: 'histogram', labels, value: { count: 4, sum: 12.5, buckets } }
}

/** Name, type and samples of each family, for comparison. */
function summary(families: ReadonlyMap<string, Family>): Record<string, string> {
  return Object.fromEntries(
    [...families.values()].map(({ name, type, samples }) => [
      name,
      [type, ...new Set(samples.map((s) => s.name))].join(' '),
    ]),
  )
}

describe('both formats', () => {
  const formats = [
    { format: 'text', render: renderPrometheus, read: parsePrometheus },
    { format: 'OpenMetrics', render: renderOpenMetrics, read: parseOpenMetrics },
  ]

  describe.each(formats)('$format', ({ render, read }) => {
    const parse = (text: string): Family[] => [...read(text).values()]

    it('groups the series of a name, by name and then labels, whatever order they come in', () => {
      const series = [
        { name: 'b', labels: { thread: 'w', service: 'api' } },
        { name: 'a', labels: {} },
        { name: 'b', labels: { service: 'api', thread: 'main' } },
      ]
      const text = render(batchOf(...series))
      expect(text).toBe(render(batchOf(...series.toReversed())))
      expect(
        parse(text).map(({ name, samples }) => [name, samples.map(({ labels }) => labels.thread)]),
      ).toEqual([
        ['a', [undefined]],
        ['b', ['main', 'w']],
      ])
      expect(text).toContain('b{service="api",thread="main"} 1\n')
    })

    it.each(['a"b', 'a\\b', 'a\nb', '\\n', '\\', '"', ',x="y"', '} 1', ' # {', 'é😀', '\u2028', ' '])(
      'carries the label value %j',
      (value) => {
        const [family] = parse(render(batchOf({ name: 'x', labels: { a: value, b: 'after' } })))
        expect(family?.samples[0]?.labels).toEqual({ a: value, b: 'after' })
      },
    )

    it.each(['say "x"', 'a\\b', 'two\nlines', '\\n', 'ends with \\', ' spaces  '])(
      'carries the help %j',
      (description) => {
        expect(parse(render(batchOf({ name: 'x', description })))[0]?.help).toBe(description)
      },
    )

    it.each([
      0,
      1,
      -1,
      0.1,
      1e21,
      1.5e300,
      5e-324,
      123456789012345680000,
      2 ** 53,
      -1e-7,
      NaN,
      Infinity,
      -Infinity,
    ])('carries the value %d', (value) => {
      expect(parse(render(batchOf({ name: 'x', value })))[0]?.samples[0]?.value).toBe(value)
    })

    it('exposes histograms with their cumulative buckets, sum and count', () => {
      const [family] = parse(
        render(batchOf(histogram('x_seconds', { b: '2' }), histogram('x_seconds', { b: '1' }))),
      )
      expect(family?.type).toBe('histogram')
      expect(
        family?.samples
          .slice(0, 6)
          .map(({ name, labels: { le, ...labels }, value }) => [
            name,
            labels,
            le && Number(le.replace('+Inf', 'Infinity')),
            value,
          ]),
      ).toEqual([
        ['x_seconds_bucket', { b: '1' }, 0.001, 1],
        ['x_seconds_bucket', { b: '1' }, 1, 3],
        ['x_seconds_bucket', { b: '1' }, 5, 3],
        ['x_seconds_bucket', { b: '1' }, Infinity, 4],
        ['x_seconds_sum', { b: '1' }, undefined, 12.5],
        ['x_seconds_count', { b: '1' }, undefined, 4],
      ])
      expect(family?.samples).toHaveLength(12)
    })

    it('exposes a histogram of a single bucket', () => {
      const value = { count: 2, sum: 3, buckets: [] }
      const [family] = parse(render(batchOf({ name: 'x', type: 'histogram', value })))
      expect(family).toMatchObject({
        type: 'histogram',
        samples: [
          { name: 'x_bucket', labels: { le: '+Inf' }, value: 2 },
          { name: 'x_sum', labels: {}, value: 3 },
          { name: 'x_count', labels: {}, value: 2 },
        ],
      })
    })

    it('exposes a histogram that has seen nothing', () => {
      const value = { count: 0, sum: 0, buckets: [{ le: 1, count: 0 }] }
      const [family] = parse(render(batchOf({ name: 'x', type: 'histogram', value })))
      expect(family?.samples.map((sample) => sample.value)).toEqual([0, 0, 0, 0])
    })

    it('has no label that is empty, and no braces without labels', () => {
      const text = render(batchOf({ name: 'x', labels: { a: '', b: '2' } }, { name: 'y', labels: { a: '' } }))
      expect(text).toContain('x{b="2"} 1\n')
      expect(text).toContain('\ny 1\n')
    })

    it('exposes a series once, where two collectors report it, as the first one did', () => {
      const [family] = parse(
        render(batchOf(gauge('x', 1), gauge('x', 2), { name: 'x', value: 3, labels: { a: '' } })),
      )
      expect(family?.samples).toEqual([{ name: 'x', labels: {}, value: 1 }])
    })

    it('exposes the metrics of offloop, each as what the table says', () => {
      const given = table.map(({ name, type, unit, description }) => ({
        name,
        type,
        unit,
        description,
        value: type === 'histogram' ? { count: 7, sum: 7, buckets: [{ le: 1, count: 7 }] } : 7,
      }))
      const families = parse(render(batchOf(...given)))
      for (const { name, type, description } of given) {
        const first = type === 'histogram' ? `${name}_bucket` : name
        const family = families.find(({ samples }) => samples[0]?.name === first)
        expect({ name, type: family?.type, help: family?.help }).toEqual({ name, type, help: description })
      }
      expect(families).toHaveLength(given.length)
    })

    it('says no more than a batch has', () => {
      expect(parse(render(batchOf()))).toEqual([])
    })

    // What a format cannot hold under its type is still there, under the same name and labels.
    const nasty: readonly Given[] = [
      ...[
        'x',
        'x_sum',
        'x_count',
        'x_bucket',
        'x_created',
        'x_info',
        'x_total',
        '_total',
        '_',
        'x:y',
      ].flatMap((name) => [gauge(name), counter(name), histogram(name)]),
      ...['x_total', 'x_total_total', 'x_created_total', 'x_sum_total'].map((name) => counter(name)),
      counter('y', -1),
      counter('y_total', -1),
      counter('z_total', NaN),
      { name: 'h', type: 'histogram', value: { count: 1, sum: -3, buckets: [{ le: -1, count: 1 }] } },
      { name: 'h', type: 'histogram', value: { count: 1, sum: NaN, buckets: [] } },
      {
        name: 'h',
        type: 'histogram',
        value: {
          count: 1,
          sum: 1,
          buckets: [
            { le: 1, count: 3 },
            { le: 1, count: 2 },
          ],
        },
      },
      { name: 'h', type: 'histogram', value: 3 },
      { name: 'h', value: { count: 1, sum: 1, buckets: [] } },
    ]
    const pairs = nasty.flatMap((a, i) => nasty.slice(i + 1).map((b) => [a, b] as const))
    it.each(nasty.map((a) => [`${a.type ?? 'gauge'} ${a.name} ${JSON.stringify(a.value)}`, a] as const))(
      'stays valid with a %s and any other metric',
      (_, a) => {
        for (const [one, other] of pairs.filter((pair) => pair.includes(a))) {
          const names = parse(render(batchOf(one, other))).flatMap(({ samples }) =>
            samples.map(({ name }) => name),
          )
          for (const { name, value } of [one, other]) {
            // Two of one name are the same series here, and the first one stays.
            if (one.name === other.name) continue
            if (typeof value === 'number') expect(names).toContain(name)
            else
              expect(names).toEqual(
                expect.arrayContaining([`${name}_bucket`, `${name}_sum`, `${name}_count`]),
              )
          }
        }
      },
    )

    it('has the metric itself where a histogram has a series of the same name and labels', () => {
      for (const plain of [gauge('x_count', 77), counter('x_count', 77)]) {
        const families = parse(render(batchOf(histogram('x'), plain)))
        const samples = families.flatMap((family) => family.samples).filter(({ name }) => name === 'x_count')
        expect(samples).toEqual([{ name: 'x_count', labels: {}, value: 77 }])
      }
    })
  })
})

describe('the text format', () => {
  it('is as Prometheus documents it', () => {
    const text = renderPrometheus(
      batchOf(
        {
          ...histogram('lag_seconds', { thread: 'main' }),
          unit: 'seconds',
          description: 'Lag, "so called".',
        },
        { ...counter('gc_total', 3), labels: { kind: 'minor' }, description: 'Cycles.' },
      ),
    )
    expect(text).toBe(`# HELP gc_total Cycles.
# TYPE gc_total counter
gc_total{kind="minor"} 3
# HELP lag_seconds Lag, "so called".
# TYPE lag_seconds histogram
lag_seconds_bucket{thread="main",le="0.001"} 1
lag_seconds_bucket{thread="main",le="1"} 3
lag_seconds_bucket{thread="main",le="5"} 3
lag_seconds_bucket{thread="main",le="+Inf"} 4
lag_seconds_sum{thread="main"} 12.5
lag_seconds_count{thread="main"} 4
`)
  })

  it('says nothing of what is not described', () => {
    expect(renderPrometheus(batchOf(gauge('x', 0.5)))).toBe('# TYPE x gauge\nx 0.5\n')
    expect(renderPrometheus(batchOf())).toBe('')
  })

  it('escapes a backslash and a line feed everywhere, and a quote in a label only', () => {
    const nasty = 'a\\b "c"\nd'
    expect(renderPrometheus(batchOf({ name: 'x', labels: { l: nasty }, description: nasty }))).toBe(
      ['# HELP x a\\\\b "c"\\nd', '# TYPE x gauge', 'x{l="a\\\\b \\"c\\"\\nd"} 1', ''].join('\n'),
    )
  })

  it('writes what is not finite as Prometheus reads it', () => {
    const values = [Infinity, -Infinity, NaN].map((value, i) => ({ name: 'x', value, labels: { i: `${i}` } }))
    expect(renderPrometheus(batchOf(...values))).toContain('x{i="0"} +Inf\nx{i="1"} -Inf\nx{i="2"} NaN\n')
  })

  it('exposes a histogram beside a gauge of one of its names without a type, and describes both', () => {
    const described = { ...histogram('x'), description: 'A histogram.' }
    const text = renderPrometheus(batchOf(described, { ...gauge('x_sum', 7), description: 'A gauge.' }))
    expect(text).toBe(`# HELP x_bucket A histogram.
# TYPE x_bucket untyped
x_bucket{le="0.001"} 1
x_bucket{le="1"} 3
x_bucket{le="5"} 3
x_bucket{le="+Inf"} 4
# HELP x_count A histogram.
# TYPE x_count untyped
x_count 4
# HELP x_sum A gauge.
# TYPE x_sum untyped
x_sum 7
`)
  })

  it('keeps the type of a counter without _total', () => {
    expect(summary(parsePrometheus(renderPrometheus(batchOf(counter('x')))))).toEqual({ x: 'counter x' })
  })
})

describe('OpenMetrics', () => {
  it('is as its specification has it', () => {
    const text = renderOpenMetrics(
      batchOf(
        {
          ...histogram('lag_seconds', { thread: 'main' }),
          unit: 'seconds',
          description: 'Lag, "so called".',
        },
        {
          ...counter('gc_seconds_total', 3),
          labels: { kind: 'minor' },
          unit: 'seconds',
          description: 'Cycles.',
        },
      ),
    )
    expect(text).toBe(`# TYPE gc_seconds counter
# UNIT gc_seconds seconds
# HELP gc_seconds Cycles.
gc_seconds_total{kind="minor"} 3
# TYPE lag_seconds histogram
# UNIT lag_seconds seconds
# HELP lag_seconds Lag, \\"so called\\".
lag_seconds_bucket{thread="main",le="0.001"} 1
lag_seconds_bucket{thread="main",le="1.0"} 3
lag_seconds_bucket{thread="main",le="5.0"} 3
lag_seconds_bucket{thread="main",le="+Inf"} 4
lag_seconds_sum{thread="main"} 12.5
lag_seconds_count{thread="main"} 4
# EOF
`)
  })

  it.each([
    ['used_bytes', 'gauge', 'bytes', 'bytes'],
    ['read_bytes_total', 'counter', 'bytes', 'bytes'],
    ['bytes_used', 'gauge', 'bytes', undefined],
    ['usedbytes', 'gauge', 'bytes', undefined],
    ['trailing_', 'gauge', '', undefined],
    ['bytes', 'gauge', 'bytes', undefined],
    // Not a counter to OpenMetrics, and in bytes all the same.
    ['sent_bytes', 'counter', 'bytes', 'bytes'],
    ['read_bytes_total', 'gauge', 'bytes', undefined],
  ] as const)('%s, a %s in %j, has the unit %j', (name, type, unit, expected) => {
    expect([...parseOpenMetrics(renderOpenMetrics(batchOf({ name, type, unit }))).values()][0]?.unit).toBe(
      expected,
    )
  })

  it.each([
    ['a counter without _total', [counter('x')], { x: 'unknown x' }],
    ['a gauge with _total', [gauge('x_total')], { x_total: 'gauge x_total' }],
    ['a gauge with _info', [gauge('x_info')], { x_info: 'gauge x_info' }],
    [
      'a counter beside a gauge of its family',
      [gauge('x'), counter('x_total')],
      { x: 'gauge x', x_total: 'unknown x_total' },
    ],
    [
      'a counter beside what may be its creation time',
      [counter('x_total'), gauge('x_created')],
      { x_created: 'gauge x_created', x_total: 'unknown x_total' },
    ],
    ['a counter that is below zero', [counter('x_total', -1)], { x_total: 'unknown x_total' }],
    ['a counter that is NaN', [counter('x_total', NaN)], { x_total: 'unknown x_total' }],
    ['a counter of no name', [counter('_total')], { _total: 'unknown _total' }],
    [
      'two counters that do not clash',
      [counter('x_total'), counter('x_y_total')],
      { x: 'counter x_total', x_y: 'counter x_y_total' },
    ],
    [
      'a histogram beside a gauge',
      [histogram('x'), gauge('x_sum')],
      { x_bucket: 'unknown x_bucket', x_count: 'unknown x_count', x_sum: 'unknown x_sum' },
    ],
    [
      'a histogram beside a name that is only reserved',
      [histogram('x'), gauge('x_created')],
      {
        x_bucket: 'unknown x_bucket',
        x_count: 'unknown x_count',
        x_created: 'gauge x_created',
        x_sum: 'unknown x_sum',
      },
    ],
  ])('exposes %s', (_, given, expected) => {
    expect(summary(parseOpenMetrics(renderOpenMetrics(batchOf(...given))))).toEqual(expected)
  })

  it.each([
    [1e-10, '1e-10'],
    [0.00001, '1e-05'],
    [0.0001, '0.0001'],
    [0, '0.0'],
    [0.005, '0.005'],
    [1, '1.0'],
    [10, '10.0'],
    [1.7, '1.7'],
    [100_000, '100000.0'],
    [1e6, '1e+06'],
    [1_234_567, '1.234567e+06'],
    [1e10, '1e+10'],
    [1e100, '1e+100'],
  ])('writes the bound %d as %s', (le, text) => {
    const value = { count: 1, sum: 1, buckets: [{ le, count: 1 }] }
    const families = parseOpenMetrics(renderOpenMetrics(batchOf({ name: 'x', type: 'histogram', value })))
    expect(families.get('x')?.samples[0]?.labels.le).toBe(text)
  })
})
