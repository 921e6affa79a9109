import { describe, expect, it, vi } from 'vitest'
import type { Source } from '../../src/server/source'
import { send } from '../support/http'
import { serving } from '../support/serving'
import { series, storeOf } from '../support/source'

const END = Date.UTC(2026, 10, 1, 12)
const at = (t: number): string => new Date(t).toISOString()

async function ask(
  path: string,
  parameters: Record<string, string> | string,
  source: Partial<Source> = {},
): Promise<{
  status: number
  json: { error?: string; metrics?: unknown[]; count?: number; data?: Series[] }
}> {
  const query = typeof parameters === 'string' ? parameters : new URLSearchParams(parameters).toString()
  const { status, headers, body } = await send(`${await serving(source)}${path}?${query}`)
  expect(headers['content-type']).toBe('application/json; charset=utf-8')
  return { status, json: JSON.parse(body.toString()) }
}

interface Series {
  metric: string
  labels: Record<string, string>
  points: { t: number; v: number }[]
  resolution: string
}

describe('/v1/query', () => {
  it('has the points of all series of a metric, oldest first', async () => {
    const query = storeOf(
      series('x', { count: 2, end: END, labels: { thread: 'main' } }),
      series('x', { count: 2, end: END - 1, labels: { thread: 'w' }, value: (i) => i + 0.5 }),
      series('y', { count: 2, end: END }),
    )
    const { status, json } = await ask(
      '/v1/query',
      { metric: 'x', start: at(END - 20_000), end: at(END) },
      { query },
    )
    expect(status).toBe(200)
    expect(json).toEqual({
      metrics: [
        {
          name: 'x',
          type: 'gauge',
          value: 0.5,
          labels: { thread: 'w' },
          timestamp: '2026-11-01T11:59:49.999Z',
        },
        {
          name: 'x',
          type: 'gauge',
          value: 0,
          labels: { thread: 'main' },
          timestamp: '2026-11-01T11:59:50.000Z',
        },
        {
          name: 'x',
          type: 'gauge',
          value: 1.5,
          labels: { thread: 'w' },
          timestamp: '2026-11-01T11:59:59.999Z',
        },
        {
          name: 'x',
          type: 'gauge',
          value: 1,
          labels: { thread: 'main' },
          timestamp: '2026-11-01T12:00:00.000Z',
        },
      ],
      count: 4,
    })
  })

  it('has none where none are in the window', async () => {
    const query = storeOf(series('x', { count: 2, end: END }))
    const { status, json } = await ask('/v1/query', { metric: 'x' }, { query })
    expect({ status, json }).toEqual({ status: 200, json: { metrics: [], count: 0 } })
  })

  it('refuses an answer that is too large, and says what to do', async () => {
    const query = storeOf(series('x', { count: 100_001, end: END, stepMs: 1 }))
    const { status, json } = await ask('/v1/query', { metric: 'x', end: at(END) }, { query })
    expect({ status, error: json.error }).toEqual({
      status: 400,
      error: expect.stringContaining('/v1/query/range'),
    })
  })
})

describe.each(['/v1/query', '/v1/query/range'])('%s', (path) => {
  /** The window that the source is asked for. */
  async function windowFor(
    parameters: Record<string, string> | string,
  ): Promise<readonly unknown[] | undefined> {
    const query = vi.fn(() => [])
    const { status, json } = await ask(path, parameters, { query })
    expect({ status, error: json.error }).toEqual({ status: 200, error: undefined })
    return query.mock.calls[0]
  }

  it('is about the last hour, unless told otherwise', async () => {
    const before = Date.now()
    const [metric, start, end] = (await windowFor('metric=x')) as [string, number, number]
    expect(metric).toBe('x')
    expect(end).toBeGreaterThanOrEqual(before)
    expect(end).toBeLessThanOrEqual(Date.now())
    expect(end - start).toBe(3_600_000)
  })

  it('is about the hour before end', async () => {
    expect(await windowFor({ metric: 'x', end: at(END) })).toEqual(['x', END - 3_600_000, END])
  })

  it.each([
    ['2026-11-01T12:00:00Z', END],
    ['2026-11-01t12:00:00z', END],
    ['2026-11-01T12:00:00.250Z', END + 250],
    ['2026-11-01T12:00:00.1234567Z', END + 123.4567],
    ['2026-11-01T13:30:00+01:30', END],
    ['2026-11-01T00:00:00-12:00', END],
    ['2026-11-02T11:59:00+23:59', END],
    ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29)],
    ['2000-02-29T00:00:00Z', Date.UTC(2000, 1, 29)],
    ['0001-01-01T00:00:00Z', Date.parse('0001-01-01T00:00:00Z')],
    ['0', 0],
    ['1793534400000', 1_793_534_400_000],
    ['1793534400000.5', 1_793_534_400_000.5],
  ])('takes the time %s', async (text, expected) => {
    const [, start, end] = (await windowFor({ metric: 'x', start: text, end: text })) as [
      string,
      number,
      number,
    ]
    expect(start).toBeCloseTo(expected, 3)
    expect(end).toBe(start)
  })

  it('takes a plus sign that was not escaped', async () => {
    expect(await windowFor('metric=x&end=2026-11-01T13:00:00+01:00')).toEqual(['x', END - 3_600_000, END])
  })

  it.each([
    '',
    '-1',
    '1e3',
    '0x10',
    '8640000000000001',
    '2026-11-01',
    '2026-11-01T12:00:00',
    '2026-11-01T12:00Z',
    '2026-11-01 12:00:00Z',
    '2026-11-01T12:00:00.Z',
    '2026-11-01T12:00:00+0100',
    '2026-11-01T12:00:00+24:00',
    '2026-11-01T12:00:00+01:60',
    '2026-02-29T00:00:00Z',
    '1900-02-29T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-00-01T00:00:00Z',
    '2026-11-00T00:00:00Z',
    '2026-11-01T24:00:00Z',
    '2026-11-01T12:60:00Z',
    '2026-11-01T12:00:60Z',
    '+002026-11-01T12:00:00Z',
    'now',
    '2026-11-01T12:00:00Z\n',
  ])('refuses the time %j', async (text) => {
    for (const name of ['start', 'end']) {
      const { status, json } = await ask(path, { metric: 'x', [name]: text }, { query: () => [] })
      expect({ status, error: json.error }).toEqual({
        status: 400,
        error: expect.stringMatching(`^parameter ${name} must be an RFC 3339 time`),
      })
    }
  })

  it.each([
    ['', /^parameter metric is missing/],
    ['metric=', /^parameter metric is missing/],
    ['start=2026-11-01T12:00:00Z', /^parameter metric is missing/],
    ['metric=x&start=2026-11-01T12:00:01Z&end=2026-11-01T12:00:00Z', /^parameter start is later than end/],
    ['metric=x&metric=x', /^parameter metric is given twice/],
    ['metric=x&step=1', /^parameter "step" is unknown.* metric, start, end/],
    ['metric=x&constructor=1', /^parameter "constructor" is unknown/],
    ['metric=x&Start=2026-11-01T12:00:00Z', /^parameter "Start" is unknown/],
  ])('refuses %s', async (parameters, error) => {
    const { status, json } = await ask(path, parameters, { query: () => [] })
    expect({ status, error: json.error }).toEqual({ status: 400, error: expect.stringMatching(error) })
  })

  it('does not know a metric that was never stored', async () => {
    const { status, json } = await ask(path, { metric: 'no"such' })
    expect({ status, json }).toEqual({ status: 404, json: { error: 'no metric "no\\"such" is stored' } })
  })
})

describe('/v1/query/range', () => {
  const range = (parameters: Record<string, string>, query: Source['query']) =>
    ask('/v1/query/range', { metric: 'x', end: at(END), ...parameters }, { query })

  it('has the points by series', async () => {
    const query = storeOf(
      series('x', { count: 2, end: END, labels: { thread: 'main' } }),
      series('x', { count: 1, end: END, labels: { thread: 'w' } }),
    )
    const { status, json } = await range({}, query)
    expect({ status, json }).toEqual({
      status: 200,
      json: {
        data: [
          {
            metric: 'x',
            labels: { thread: 'main' },
            points: [
              { t: END - 10_000, v: 0 },
              { t: END, v: 1 },
            ],
            resolution: 'raw',
          },
          { metric: 'x', labels: { thread: 'w' }, points: [{ t: END, v: 0 }], resolution: 'raw' },
        ],
      },
    })
  })

  it('is raw up to 1000 points unless asked for more or fewer, each series by itself', async () => {
    const query = storeOf(
      series('x', { count: 1000, end: END, stepMs: 1000, labels: { thread: 'a' } }),
      series('x', { count: 1001, end: END, stepMs: 1000, labels: { thread: 'b' } }),
    )
    const resolutions = async (parameters: Record<string, string>) =>
      (await range(parameters, query)).json.data?.map(({ points, resolution }) => [
        resolution,
        points.length > 1000 ? 'more' : points.length === 1000 ? 'all' : 'fewer',
      ])
    // 500 parts of 1001 points: of the last one, two.
    expect(await resolutions({})).toEqual([
      ['raw', 'all'],
      ['min-max', 'all'],
    ])
    expect(await resolutions({ maxPoints: '1001' })).toEqual([
      ['raw', 'all'],
      ['raw', 'more'],
    ])
    expect(await resolutions({ maxPoints: '999' })).toEqual([
      ['min-max', 'fewer'],
      ['min-max', 'fewer'],
    ])
  })

  it('gives raw points as they were taken', async () => {
    const value = (i: number): number => (i % 3) - 1.5
    const whole = series('x', { count: 1000, end: END, stepMs: 1000, value })
    const { json } = await range({}, storeOf(whole))
    expect(json.data?.[0]?.points).toEqual(whole.points)
  })

  it('knows a metric that has no points in the time, and has none of it', async () => {
    const { status, json } = await range({}, () => [])
    expect({ status, json }).toEqual({ status: 200, json: { data: [] } })
  })

  it.each([2, 3, 10, 99, 1000])(
    'keeps the lowest and the highest of what it leaves out, in %i points',
    async (maxPoints) => {
      // A wave with one deep and one high point, and a gap.
      const value = (i: number): number => (i === 777 ? 100 : i === 1234 ? -100 : Math.sin(i / 7))
      const whole = series('x', { count: 3000, end: END, stepMs: 1000, value })
      const points = whole.points.filter((_, i) => i < 1500 || i > 2200)
      const { json } = await range({ maxPoints: `${maxPoints}` }, storeOf({ ...whole, points }))
      const [thinned] = json.data ?? []
      expect(thinned?.resolution).toBe('min-max')
      const kept = thinned?.points ?? []
      expect(kept.length).toBeLessThanOrEqual(maxPoints)
      expect(kept.length).toBeGreaterThan(maxPoints / 2)
      expect(kept).toEqual(kept.toSorted((a, b) => a.t - b.t))
      expect(points).toEqual(expect.arrayContaining(kept))
      const values = kept.map(({ v }) => v)
      expect([Math.min(...values), Math.max(...values)]).toEqual([-100, 100])
      // Of each part of the time: no point lies outside of what is kept of its part.
      const parts = Math.floor(maxPoints / 2)
      const [from, to] = [points[0]?.t ?? 0, points.at(-1)?.t ?? 0]
      const partOf = (t: number): number =>
        Math.min(Math.floor(((t - from) / (to - from)) * parts), parts - 1)
      for (const { t, v } of points) {
        const same = kept.filter((point) => partOf(point.t) === partOf(t)).map((point) => point.v)
        expect(v).toBeGreaterThanOrEqual(Math.min(...same))
        expect(v).toBeLessThanOrEqual(Math.max(...same))
      }
    },
  )

  it('keeps one point of each part where nothing changes', async () => {
    const { json } = await range(
      { maxPoints: '10' },
      storeOf(series('x', { count: 300, end: END, value: () => 5 })),
    )
    expect(json.data?.[0]?.points).toHaveLength(5)
  })

  it('thins points of one moment', async () => {
    const { json } = await range({ maxPoints: '4' }, storeOf(series('x', { count: 9, end: END, stepMs: 0 })))
    expect(json.data?.[0]?.points.map(({ v }) => v).sort()).toEqual([0, 8])
  })

  it.each(['', '1', '0', '-5', '10001', '1e3', '2.5', 'all', ' 5'])(
    'refuses maxPoints=%s',
    async (maxPoints) => {
      const { status, json } = await range({ maxPoints }, () => [])
      expect({ status, error: json.error }).toEqual({
        status: 400,
        error: 'parameter maxPoints must be a whole number from 2 to 10000',
      })
    },
  )

  it('takes up to 10000 points, and refuses an answer that is too large', async () => {
    const one = series('x', { count: 10_000, end: END, stepMs: 1 })
    expect((await range({ maxPoints: '10000' }, () => [one])).json.data?.[0]?.points).toHaveLength(10_000)
    const { status, json } = await range({ maxPoints: '10000' }, () => Array.from({ length: 11 }, () => one))
    expect({ status, error: json.error }).toEqual({
      status: 400,
      error: expect.stringContaining('maxPoints'),
    })
  })
})
