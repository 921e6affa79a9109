import { describe, expect, it } from 'vitest'
import { parseOpenMetrics, parsePrometheus } from './exposition'

const HISTOGRAM = '# TYPE h histogram\nh_bucket{le="1.0"} 1\nh_bucket{le="+Inf"} 2\nh_sum 3\nh_count 2\n'

// A reader that lets everything pass would let every other test pass.
describe('the strict readers', () => {
  it('read what is valid', () => {
    expect(
      parsePrometheus(`# HELP x a\\nb\n# TYPE x gauge\nx{a="\\"\\\\"} +Inf\n${HISTOGRAM}`).get('x'),
    ).toEqual({
      name: 'x',
      type: 'gauge',
      help: 'a\nb',
      unit: undefined,
      samples: [{ name: 'x', labels: { a: '"\\' }, value: Infinity }],
    })
    expect(
      parseOpenMetrics(`# TYPE x counter\nx_total 1\n${HISTOGRAM}# EOF\n`).get('h')?.samples,
    ).toHaveLength(4)
  })

  it.each([
    ['no TYPE', 'x 1\n'],
    ['TYPE after samples', 'x 1\n# TYPE x gauge\n'],
    ['TYPE twice', '# TYPE x gauge\n# TYPE x gauge\nx 1\n'],
    ['no samples', '# TYPE x gauge\n'],
    ['a family in two pieces', '# TYPE x gauge\nx 1\n# TYPE y gauge\ny 1\n# TYPE x gauge\nx{a="1"} 1\n'],
    ['a sample of another family', '# TYPE x gauge\ny 1\n'],
    ['a series twice', '# TYPE x gauge\nx 1\nx 2\n'],
    ['a series twice, with an empty label', '# TYPE x gauge\nx 1\nx{a=""} 2\n'],
    ['a label twice', '# TYPE x gauge\nx{a="1",a="2"} 1\n'],
    ['a raw quote', '# TYPE x gauge\nx{a="""} 1\n'],
    ['an unknown escape', '# TYPE x gauge\nx{a="\\t"} 1\n'],
    ['an escaped quote in HELP', '# HELP x \\"\n# TYPE x gauge\nx 1\n'],
    ['no number', '# TYPE x gauge\nx Infinity\n'],
    ['a timestamp', '# TYPE x gauge\nx 1 2\n'],
    ['an unknown type', '# TYPE x unknown\nx 1\n'],
    ['an open last line', '# TYPE x gauge\nx 1'],
    ['a blank line', '# TYPE x gauge\n\nx 1\n'],
    ['no +Inf', HISTOGRAM.replace('h_bucket{le="+Inf"} 2\n', '')],
    ['no _sum', HISTOGRAM.replace('h_sum 3\n', '')],
    ['a count that is not +Inf', HISTOGRAM.replace('h_count 2', 'h_count 3')],
    ['buckets that are not cumulative', HISTOGRAM.replace('1.0"} 1', '1.0"} 3')],
    [
      'bounds that do not rise',
      HISTOGRAM.replace('h_bucket{le="+Inf', 'h_bucket{le="0.5"} 1\nh_bucket{le="+Inf'),
    ],
    ['a name that belongs to a histogram', `${HISTOGRAM}# TYPE h_count gauge\nh_count{a="1"} 1\n`],
  ])('refuse text with %s', (_, text) => {
    expect(() => parsePrometheus(text)).toThrow('invalid exposition')
  })

  it.each([
    ['no EOF', '# TYPE x gauge\nx 1\n'],
    ['something after EOF', '# EOF\n# TYPE x gauge\nx 1\n'],
    ['a counter without _total', '# TYPE x counter\nx 1\n# EOF\n'],
    ['a counter that is named by its samples', '# TYPE x_total counter\nx_total 1\n# EOF\n'],
    ['a negative counter', '# TYPE x counter\nx_total -1\n# EOF\n'],
    ['a raw quote in HELP', '# TYPE x gauge\n# HELP x "\nx 1\n# EOF\n'],
    ['a unit that is not in the name', '# TYPE x gauge\n# UNIT x bytes\nx 1\n# EOF\n'],
    ['untyped', '# TYPE x untyped\nx 1\n# EOF\n'],
    ['a gauge beside a counter of its name', '# TYPE x gauge\nx 1\n# TYPE x counter\nx_total 1\n# EOF\n'],
    ['a reserved name', '# TYPE x counter\nx_total 1\n# TYPE x_created gauge\nx_created 1\n# EOF\n'],
    ['a bound without a point', `${HISTOGRAM.replace('1.0', '1')}# EOF\n`],
  ])('refuse OpenMetrics with %s', (_, text) => {
    expect(() => parseOpenMetrics(text)).toThrow('invalid exposition')
  })
})
