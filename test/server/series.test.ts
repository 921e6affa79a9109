import { describe, expect, test, vi } from 'vitest'
import type { SeriesColumns, Source } from '../../src/server/source'
import { dist } from '../dist'
import { exchange, open, send } from '../support/http'
import { serving } from '../support/serving'

const { thinColumns } = dist<typeof import('../../src/server/thin')>('server/thin.js')

const END = Date.UTC(2026, 10, 1, 12)

interface Answer {
  readonly start: number
  readonly end: number
  readonly metrics: Readonly<Record<string, unknown>>
  readonly series: readonly {
    name: string
    labels: object
    t: number[]
    v: (number | null)[]
    min?: number[]
  }[]
}

function columns(name: string, v: readonly number[], more: Partial<SeriesColumns> = {}): SeriesColumns {
  const t = v.map((_, index) => END - (v.length - 1 - index) * 10_000)
  return { name, type: 'gauge', labels: { service: 'api' }, t, v, ...more }
}

async function ask(
  url: string,
  parameters: Record<string, string> | string,
): Promise<Answer & { error?: string }> {
  const { status, body } = await send(`${url}/v1/series?${new URLSearchParams(parameters)}`)
  const answer = JSON.parse(body.toString()) as Answer & { error?: string }
  expect(status).toBe(answer.error === undefined ? 200 : 400)
  return answer
}

describe('/v1/series', () => {
  test('has columns by series, null for gaps, and what the metrics are', async () => {
    const all = [
      columns('x', [1, Number.NaN, 3]),
      columns('y', [1, 2], { type: 'counter', labels: { kind: 'a' } }),
      columns('y', [5, 6], { type: 'counter', labels: { kind: 'b' }, min: [4, 5], max: [5, 9] }),
    ]
    const series = vi.fn<Source['series']>(() => all)
    const describe: Source['describe'] = (name, type) => ({ type, unit: 'bytes', description: `${name}.` })
    const url = await serving({ series, describe })
    const answer = await ask(url, {
      metrics: 'x,y,none',
      start: '1793500000000',
      end: '2026-11-01T12:00:00Z',
    })
    expect(answer).toEqual({
      start: 1_793_500_000_000,
      end: END,
      metrics: {
        x: { type: 'gauge', unit: 'bytes', description: 'x.' },
        y: { type: 'counter', unit: 'bytes', description: 'y.' },
      },
      series: [
        { name: 'x', labels: { service: 'api' }, t: [END - 20_000, END - 10_000, END], v: [1, null, 3] },
        { name: 'y', labels: { kind: 'a' }, t: [END - 10_000, END], v: [1, 2] },
        { name: 'y', labels: { kind: 'b' }, t: [END - 10_000, END], v: [5, 6], min: [4, 5], max: [5, 9] },
      ],
    })
    expect(series).toHaveBeenCalledWith(new Set(['x', 'y', 'none']), 1_793_500_000_000, END, undefined)
  })

  test('is of one thread where that is said', async () => {
    const series = vi.fn<Source['series']>(() => [])
    await ask(await serving({ series }), `thread=worker%2C1%232&start=1793500000000&end=${END}`)
    expect(series).toHaveBeenCalledWith(undefined, 1_793_500_000_000, END, 'worker,1#2')
  })

  test('is of the last five minutes and of all metrics where nothing is said', async () => {
    const series = vi.fn<Source['series']>(() => [])
    const before = Date.now()
    expect(await ask(await serving({ series }), {})).toMatchObject({ metrics: {}, series: [] })
    const [names, start, end] = series.mock.calls[0] as Parameters<Source['series']>
    expect(names).toBeUndefined()
    expect(end).toBeGreaterThanOrEqual(before)
    expect(end - start).toBe(300_000)
  })

  test('has names of metrics that are no names of ours', async () => {
    const answer = await ask(await serving({ series: () => [columns('__proto__', [1])] }), {})
    expect(Object.keys(answer.metrics)).toEqual(['__proto__'])
  })

  test('has no more points than are asked for', async () => {
    const many = columns(
      'x',
      Array.from({ length: 5_000 }, (_, index) => (index === 2_345 ? 1e6 : index % 7)),
    )
    const url = await serving({ series: () => [many] })
    expect((await ask(url, {})).series[0]?.t.length).toBeLessThanOrEqual(1_000)
    const [ten] = (await ask(url, { maxPoints: '10' })).series
    expect(ten?.t.length).toBeLessThanOrEqual(10)
    expect(ten).toMatchObject({ max: expect.arrayContaining([1e6]) })
  })

  test.each([
    ['metric=x', 'parameter "metric" is unknown: there are metrics, thread, start, end, maxPoints'],
    ['metrics=', 'parameter metrics must be names of metrics, with commas between'],
    ['metrics=,,', 'parameter metrics must be'],
    ['metrics=a&metrics=b', 'parameter metrics is given twice'],
    ['start=yesterday', 'parameter start must be an RFC 3339 time'],
    ['start=-1', 'parameter start must be'],
    ['start=9000000000000000', 'parameter start must be'],
    ['end=NaN', 'parameter end must be'],
    ['start=2&end=1', 'parameter start is later than end'],
    ['maxPoints=1', 'parameter maxPoints must be a whole number from 2 to 10000'],
    ['maxPoints=1e9', 'parameter maxPoints must be'],
  ])('refuses %s', async (query, message) => {
    const series = vi.fn<Source['series']>(() => [])
    expect((await ask(await serving({ series }), query)).error).toMatch(message)
    expect(series).not.toHaveBeenCalled()
  })

  test('takes as many names as a request has room for', async () => {
    const names = Array.from({ length: 2_500 }, (_, index) => `m_${index}`)
    const series = vi.fn<Source['series']>(() => [])
    await ask(await serving({ series }), { metrics: names.join(',').slice(0, 9_000) })
    expect(series.mock.calls[0]?.[0]?.size).toBeGreaterThan(1_000)
    const { status } = await send(`${await serving({ series })}/v1/series?metrics=${'x,'.repeat(9_000)}`)
    expect(status).toBe(431)
  })

  test('leaves the thread between its parts, so that samples and other answers come through', async () => {
    let made = 0
    function* slow(): Generator<SeriesColumns> {
      for (; made < 40; made++) {
        const until = performance.now() + 5
        while (performance.now() < until);
        yield columns(`x_${made}`, [1, 2, 3])
      }
    }
    const url = await serving({ series: slow })
    const answered = ask(url, {})
    await vi.waitFor(() => expect(made).toBeGreaterThan(0))
    await send(`${url}/healthz`)
    expect(made).toBeLessThan(40)
    expect((await answered).series).toHaveLength(40)
  })

  test('waits for a client that reads slowly, and gives up with one that has left', async () => {
    let made = 0
    const big = columns('x', Array.from({ length: 1_000 }, Math.random))
    function* endless(): Generator<SeriesColumns> {
      for (; made < 20_000; made++) yield big
    }
    const url = await serving({ series: endless })
    const socket = open(url, 'GET /v1/series HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await vi.waitFor(() => expect(made).toBeGreaterThan(10), 10_000)
    await stands(() => made)
    // What kernels hold of a connection is some megabytes; all of it would be 600.
    expect(made).toBeLessThan(2_000)
    socket.destroy()
    await send(`${url}/healthz`)
    await stands(() => made)
    expect(made).toBeLessThan(20_000)
  })

  test('to HEAD is a head without work', async () => {
    const series = vi.fn<Source['series']>(() => [])
    const { status, body } = await send(`${await serving({ series })}/v1/series`, { method: 'HEAD' })
    expect([status, body.length]).toEqual([200, 0])
    expect(series).not.toHaveBeenCalled()
  })

  test('breaks off where the source fails, and the next answer is none the worse', async () => {
    const url = await serving({
      series: () => {
        throw new Error('secret')
      },
    })
    const answer = await exchange(url, 'GET /v1/series HTTP/1.1\r\nHost: localhost\r\n\r\n').catch(() => '')
    expect(answer).not.toContain('secret')
    expect((await send(`${url}/healthz`)).status).toBe(200)
  })
})

/** Resolves when `value` has been the same for a while. */
async function stands(value: () => number): Promise<void> {
  for (let before = -1; before !== value(); ) {
    before = value()
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
}

describe('thinning', () => {
  const random = (count: number) =>
    columns(
      'x',
      Array.from({ length: count }, () => Math.round(Math.random() * 1e6)),
    )

  test.each([2, 3, 10, 999])('to %s points keeps the lowest, the highest and the last', (maxPoints) => {
    const series = random(3_000)
    const { t, v, min = [], max = [] } = thinColumns(series, maxPoints)
    expect(t.length).toBeLessThanOrEqual(maxPoints)
    for (const column of [v, min, max]) expect(column).toHaveLength(t.length)
    expect(Math.min(...min)).toBe(Math.min(...series.v))
    expect(Math.max(...max)).toBe(Math.max(...series.v))
    expect([t.at(-1), v.at(-1)]).toEqual([series.t.at(-1), series.v.at(-1)])
    expect(t.every((one, index) => index === 0 || one > (t[index - 1] as number))).toBe(true)
  })

  test('leaves few points as they are', () => {
    const series = random(100)
    expect(thinColumns(series, 100)).toBe(series)
  })

  test('puts points of all series on one grid, which stays where it is when time goes on', () => {
    const long = random(4_000)
    const cut = (from: number, to: number) => ({
      ...long,
      t: long.t.slice(from, to),
      v: long.v.slice(from, to),
    })
    const earlier = thinColumns(cut(0, 3_900), 300)
    const later = thinColumns(cut(100, 4_000), 300)
    const known = new Set(earlier.t)
    const shared = later.t.filter((t) => t < (earlier.t.at(-1) as number))
    expect(shared.length).toBeGreaterThan(100)
    expect(shared.every((t) => known.has(t))).toBe(true)
  })

  test('keeps a gap that is longer than a part, and no other', () => {
    const v = Array.from({ length: 1_000 }, (_, index) =>
      index >= 400 && index < 600 ? Number.NaN : index % 50 ? 5 : Number.NaN,
    )
    const thinned = thinColumns(columns('x', v), 100)
    const gaps = thinned.v.filter(Number.isNaN).length
    expect(gaps).toBeGreaterThan(5)
    expect(gaps).toBeLessThan(25)
    for (const [index, value] of thinned.v.entries()) {
      if (!Number.isNaN(value)) expect([thinned.min?.[index], thinned.max?.[index]]).toEqual([5, 5])
    }
  })
})
