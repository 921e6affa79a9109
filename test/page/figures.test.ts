// The page's parts that need no browser, straight from their sources: the package has them only bundled.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Catalogue } from '../../src/page/catalogue'
import { duration, format, formatAxis } from '../../src/page/format'
import { SHAPES } from '../../src/page/glyphs'
import { GUIDES, type Guide } from '../../src/page/guides'
import { extraPanel, isExtra, linesFor, metricsOf, PANELS, type Panel, SECTIONS } from '../../src/page/panels'
import {
  align,
  alone,
  gapsOf,
  growths,
  mean,
  newestIn,
  rate,
  ratio,
  type Series,
  type SeriesAnswer,
  SeriesStore,
  valueAt,
} from '../../src/page/series'
import { clockAxis, scaled, shifted } from '../../src/page/time'
import { dist } from '../dist'

const { WORDS } = dist<typeof import('../../src/core/status')>('core/status.js')
const { metrics } = dist<typeof import('../../src/core/metrics')>('core/metrics.js')
const plain = (text: string) => text.replaceAll('\u202f', ' ')
const every = (stepMs: number, count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => from + i * stepMs)

describe('a value', () => {
  it.each([
    [0, 'bytes', '0 B'],
    [1023, 'bytes', '1,023 B'],
    [12_345_678, 'bytes', '11.8 MiB'],
    [3 * 2 ** 30, 'bytes/s', '3 GiB/s'],
    [0.00000042, 'seconds', '0.42 µs'],
    [0.0123, 'seconds', '12.3 ms'],
    [1e-5, 'seconds', '10 µs'],
    [5.2, 'seconds', '5.20 s'],
    [125, 'seconds', '2 min 5 s'],
    [0.0042, 'ratio', '0.42 %'],
    [0, 'ratio', '0 %'],
    [1.5, 'cores', '150 %'],
    [42, 'number', '42'],
    [99_999, 'number', '99,999'],
    [1_234_567, 'number', '1.23 M'],
    [0.5, 'number/s', '0.50 /s'],
    [-2048, 'bytes', '-2 KiB'],
    [null, 'bytes', '–'],
    [Number.NaN, 'number', '–'],
  ] as const)('%s %s is %s', (value, unit, text) => {
    expect(plain(format(value, unit))).toBe(text)
  })

  it.each([
    [850, '850 ms'],
    [5_240, '5.2 s'],
    [42_000, '42 s'],
    [185_000, '3 min 5 s'],
    [3_600_000, '1 h'],
    [15_120_000, '4 h 12 min'],
    [90_000_000, '1 d 1 h'],
  ])('%s ms last %s', (ms, text) => {
    expect(plain(duration(ms))).toBe(text)
  })

  it('on an axis has one unit, and the decimals that its neighbour needs', () => {
    expect(formatAxis([0, 0.0005, 0.001], 'seconds').map(plain)).toEqual(['0', '0.5 ms', '1 ms'])
    expect(formatAxis([0, 0.25, 0.5, 1], 'ratio').map(plain)).toEqual(['0', '25 %', '50 %', '100 %'])
    expect(formatAxis([0, 16 * 2 ** 20, 32 * 2 ** 20], 'bytes').map(plain)).toEqual(['0', '16 MiB', '32 MiB'])
    expect(formatAxis([0, 0], 'number')).toEqual(['0', '0'])
  })
})

describe('a rate', () => {
  it('is the growth a second', () => {
    expect(rate({ t: every(2_000, 4), v: [10, 14, 14, 20] }).v).toEqual([null, 2, 0, 3])
  })

  it('is never negative: a counter that fell began anew', () => {
    expect(rate({ t: every(1_000, 4), v: [100, 110, 3, 5] }).v).toEqual([null, 10, null, 2])
  })

  it('is not known across a gap', () => {
    const t = [...every(1_000, 6), ...every(1_000, 6, 60_000)]
    expect(rate({ t, v: t.map((at) => at / 100) }).v).toEqual([
      ...[null, 10, 10, 10, 10, 10],
      ...[null, 10, 10, 10, 10, 10],
    ])
    expect(rate({ t: every(1_000, 3), v: [1, null, 3] }).v).toEqual([null, null, null])
  })

  it('tells when it was seen to grow, and by how much', () => {
    expect(growths({ t: every(1_000, 6), v: [3, 3, 4, 9, 2, 5] })).toEqual([
      { t: 2_000, by: 1 },
      { t: 3_000, by: 5 },
      { t: 5_000, by: 3 },
    ])
  })

  it('is a share of what others grew by, and no more than all of it', () => {
    const t = every(1_000, 5)
    const [active, idle] = [
      { t, v: [0, 1.2, 1.2, 1.7, 0] },
      { t, v: [0, 0, 0, 0.5, 0.1] },
    ]
    expect(ratio([active], [active, idle])?.v).toEqual([null, 1, 0, 0.5, null])
    expect(ratio([active], [])).toBeUndefined()
  })
})

describe('a mean', () => {
  const t = every(1_000, 6)

  it('is of what came between two samples, and none where nothing came', () => {
    const [sum, count] = [
      { t, v: [10, 12, 12, 15, 15, 16] },
      { t, v: [4, 8, 8, 9, 9, 11] },
    ]
    expect(mean(sum, count).v).toEqual([null, 0.5, null, 3, null, 0.5])
  })

  it('may be negative, and is none where all began anew', () => {
    const [sum, count] = [
      { t, v: [0, -4, -3, 0, 2, 1] },
      { t, v: [0, 2, 4, 0, 1, 2] },
    ]
    expect(mean(sum, count).v).toEqual([null, -2, 0.5, null, 2, -1])
  })

  it('is of the samples that have both', () => {
    const sum = { t, v: [0, 1, 2, 3, 4, 5] }
    expect(mean(sum, { t: t.slice(3), v: [0, 2, 4] }).v).toEqual([null, null, null, null, 0.5, 0.5])
  })

  it('that stands alone is a point, since no line is drawn to it', () => {
    expect(alone([null, 1, null, 2, 3, null, 4])).toEqual([1, 6])
    expect(alone([null, 1, undefined, null, undefined, 2, undefined, 3])).toEqual([1])
    expect(alone([])).toEqual([])
  })
})

describe('a gap', () => {
  it.each([
    ['none, where points are regular', every(10_000, 20), []],
    ['none, where they jitter', every(10_000, 20).map((t, i) => t + (i % 3) * 3_000), []],
    ['none, where old points are thinned', [...every(120_000, 10), ...every(10_000, 20, 1_200_000)], []],
    ['where samples are missing', [...every(1_000, 5), ...every(1_000, 5, 30_000)], [5]],
    ['around one that stands alone', [...every(1_000, 6), 30_000, ...every(1_000, 6, 60_000)], [6, 7]],
    ['not told by two points', [0, 60_000], []],
  ] as const)('is %s', (_, t, gaps) => {
    expect([...gapsOf(t)]).toEqual(gaps)
  })

  it('stays one on a chart, and is none to other lines', () => {
    const regular = { t: every(1_000, 12), v: every(1, 12) }
    const broken = { t: regular.t.filter((t) => t < 4_000 || t > 8_000), v: [0, 1, 2, 3, 9, 10, 11] }
    const [times, first, second] = align([regular, broken])
    expect(times).toContain(6_000)
    expect(second?.[times.indexOf(6_000)]).toBeNull()
    expect(second?.[times.indexOf(5_000)]).toBeUndefined()
    expect(first?.filter((value) => value === null)).toEqual([])
    expect(times).toEqual([...times].sort((a, b) => a - b))
  })
})

describe('the value that a legend shows', () => {
  const points = { t: [...every(1_000, 6), ...every(1_000, 6, 30_000)], v: every(1, 12) }

  it('is the newest of the range, and none where the range has no point', () => {
    expect(newestIn(points, { start: 0, end: 100_000 })).toBe(11)
    expect(newestIn(points, { start: 1_000, end: 3_400 })).toBe(3)
    expect(newestIn(points, { start: 10_000, end: 20_000 })).toBeUndefined()
    expect(newestIn({ t: [], v: [] }, { start: 0, end: 1 })).toBeUndefined()
  })

  it('is that of the nearest point at the cursor, and none where nothing was measured', () => {
    expect(valueAt(points, 2_400)).toBe(2)
    expect(valueAt(points, 2_600)).toBe(3)
    expect(valueAt(points, 30_000)).toBe(6)
    expect(valueAt(points, 6_000)).toBeUndefined()
    expect(valueAt(points, 29_000)).toBeUndefined()
    expect(valueAt(points, 35_900)).toBe(11)
    expect(valueAt(points, 37_000)).toBeUndefined()
    expect(valueAt(points, -2_000)).toBeUndefined()
  })
})

describe('the store', () => {
  const all = { start: 0, end: 1_000 }
  const answer = (...series: Series[]): SeriesAnswer => ({ start: 0, end: 0, metrics: {}, series })
  const line = (t: number[], labels = {}): Series => ({ name: 'x', labels, t, v: t.map((at) => at * 2) })

  it('puts new points behind old ones, and in place of those of the same time', () => {
    const store = new SeriesStore()
    store.merge(answer(line([1, 2, 3])), all)
    store.merge(answer(line([3, 4])), { start: 3, end: 4 })
    expect(store.select('x', {})[0]?.t).toEqual([1, 2, 3, 4])
    expect(store.newest).toBe(4)
  })

  it('keeps what an ended process left, and cuts what left the window', () => {
    const store = new SeriesStore()
    store.merge(answer(line([1, 2, 3])), all)
    store.merge(answer(line([10, 11])), { start: 10, end: 11 })
    expect(store.select('x', {})[0]?.t).toEqual([1, 2, 3, 10, 11])
    store.trim(11)
    // One before it, for the line and the rate at the edge.
    expect(store.select('x', {})[0]?.t).toEqual([10, 11])
    store.trim(100)
    expect(store.select('x', {})).toEqual([])
  })

  it('keeps what is before and behind a range that was asked for again', () => {
    const store = new SeriesStore()
    store.merge(answer(line([1, 2, 3, 4, 5])), all)
    store.merge(answer(line([2.5])), { start: 2, end: 3 })
    expect(store.select('x', {})[0]?.t).toEqual([1, 2.5, 4, 5])
    store.merge(answer(), { start: 1, end: 4 })
    expect(store.select('x', {})[0]?.t).toEqual([5])
  })

  it('goes on with least and most where older points were thinned', () => {
    const store = new SeriesStore()
    store.merge(answer({ ...line([10, 20]), min: [1, 2], max: [30, 60] }), all)
    store.merge(answer(line([30])), { start: 21, end: 30 })
    expect(store.select('x', {})[0]).toMatchObject({ v: [20, 40, 60], min: [1, 2, 60], max: [30, 60, 60] })
  })

  it('has no point where a sample had no value, so that one that was late is no hole', () => {
    const store = new SeriesStore()
    const late = { ...line(every(10, 8)), v: [0, 1, 2, null, 4, 5, 6, 7], min: every(1, 8), max: every(1, 8) }
    store.merge(answer(late), all)
    const [found] = store.select('x', {})
    expect(found?.t).toEqual([0, 10, 20, 40, 50, 60, 70])
    expect(found?.max).toEqual([0, 1, 2, 4, 5, 6, 7])
    expect([...gapsOf(found?.t ?? [])]).toEqual([])
    // A growth goes on from the value before it.
    expect(rate(found ?? late).v[3]).toBeCloseTo(100)
  })

  it('finds by labels, and what lacks them too', () => {
    const store = new SeriesStore()
    store.merge(
      answer(line([1], { thread: 'main' }), line([1], { thread: 'a#10' }), line([1], { thread: 'a#9' })),
      all,
    )
    expect(store.select('x', { thread: 'main', pid: '7' })).toHaveLength(1)
  })

  it('finds the series of exactly these labels among those that agree', () => {
    const store = new SeriesStore()
    store.merge(answer(line([1]), line([2], { a: '1', b: '2' })), all)
    expect(store.get('x', {})?.t).toEqual([1])
    expect(store.get('x', { b: '2', a: '1' })?.t).toEqual([2])
    expect(store.get('x', { a: '1' })).toBeUndefined()
  })

  it('is told apart from what there is: threads that are not shown, and ended ones for as long as they are seen', () => {
    const catalogue = new Catalogue()
    const of = (pid: string, thread: string, t: number, worker = '1') =>
      line([t], { service: 'api', pid, thread, worker })
    catalogue.add(answer(of('7', 'main', 1), of('7', 'a#10', 5), of('7', 'a#9', 5), of('8', 'main', 5, '2')))
    expect(catalogue.values('thread', { pid: '7' })).toEqual(['main', 'a#9', 'a#10'])
    expect(catalogue.values('pid')).toEqual(['7', '8'])
    expect(catalogue.other('pid', '8', 'worker')).toBe('2')
    catalogue.add(answer(of('7', 'a#10', 9)))
    catalogue.trim(6)
    expect(catalogue.values('thread')).toEqual(['a#10'])
  })
})

describe('time', () => {
  it('seen nearer, farther, earlier and later never goes beyond now', () => {
    expect(scaled({ start: 0, end: 100_000 }, 0.5, 200_000)).toEqual({ start: 25_000, end: 75_000 })
    expect(scaled({ start: 0, end: 100_000 }, 2, 100_000)).toEqual({ start: -100_000, end: 100_000 })
    expect(shifted({ start: 0, end: 100 }, -0.5, 1_000)).toEqual({ start: -50, end: 50 })
    expect(shifted({ start: 0, end: 100 }, 0.5, 120)).toEqual({ start: 20, end: 120 })
  })

  it('on an axis has seconds where they matter, and the day at midnight', () => {
    const noon = new Date(2026, 10, 2, 12, 0, 5).getTime()
    expect(clockAxis([noon], 1_000)).toEqual(['12:00:05'])
    expect(clockAxis([noon], 60_000)).toEqual(['12:00'])
    expect(clockAxis([new Date(2026, 10, 2).getTime()], 3_600_000)).toEqual(['Nov 2'])
  })
})

describe('the charts', () => {
  it('are made of metrics that there are, and each is in a section', () => {
    const names = metrics.map(({ name }) => name as string)
    expect(metricsOf(PANELS).filter((name) => !names.includes(name))).toEqual([])
    expect(PANELS.filter(({ section }) => !(SECTIONS as readonly string[]).includes(section))).toEqual([])
    expect(new Set(PANELS.map(({ id }) => id)).size).toBe(PANELS.length)
  })

  it('have what to do for every word of a verdict, with words of the document', () => {
    for (const [subject, words] of Object.entries(WORDS)) {
      const guides = GUIDES[subject as keyof typeof GUIDES] as Readonly<Record<string, Guide>>
      expect(Object.keys(guides).sort()).toEqual([...words].sort())
      for (const [word, { means, look, todo, commands = [] }] of Object.entries(guides)) {
        for (const text of [means, look, ...todo]) expect(text, `${subject} ${word}`).toMatch(/^[A-Z].*\.$/)
        for (const { why, run } of commands) expect(why.length * run.length, word).toBeGreaterThan(0)
      }
    }
    const charts = readFileSync(new URL('../../docs/reading-the-charts.md', import.meta.url), 'utf8')
    for (const run of ['node --heapsnapshot-signal=SIGUSR2 app.js', 'node --heap-prof app.js']) {
      expect(charts).toContain(run)
      expect(JSON.stringify(GUIDES)).toContain(run)
    }
  })

  it('have a shape of its own for each level', () => {
    expect(new Set(Object.values(SHAPES)).size).toBe(4)
  })

  it('tell their lines apart without colour', () => {
    for (const { title, lines } of PANELS) {
      const dashes = lines.filter(({ aside }) => !aside).map(({ dash }) => dash)
      expect(new Set(dashes).size, title).toBe(dashes.length)
    }
  })

  it('of your metrics have a line for each series, named by what differs, and colours that stay', () => {
    expect(isExtra('orders_open')).toBe(true)
    expect(isExtra('nodejs_heap_size_used_bytes')).toBe(false)
    const of = (queue: string, value: number): Series => ({
      name: 'orders_open',
      labels: { service: 'api', queue },
      t: [1],
      v: [value],
    })
    const panel = extraPanel('orders_open', { type: 'gauge', unit: '', description: 'Orders.' })
    const queues = Array.from({ length: 9 }, (_, i) => of(`q${i}`, i))
    const lines = linesFor(panel, queues)
    // The largest.
    expect(lines.map(({ label }) => label)).toEqual(['q3', 'q4', 'q5', 'q6', 'q7', 'q8'])
    expect(new Set(lines.map(({ colour, dash }) => `${colour} ${dash}`)).size).toBe(lines.length)
    expect(linesFor(panel, [of('a', 0)]).map(({ label }) => label)).toEqual(['value'])
  })

  it('of a histogram of yours are two: how many, and what they were on average', () => {
    const description = { type: 'histogram', unit: '', description: 'Orders.' } as const
    const [rate, mean] = ['order_seconds_count', 'order_seconds_sum'].map((name) =>
      extraPanel(name, description),
    )
    expect(rate).toMatchObject({ title: 'order_seconds, rate', unit: 'number/s' })
    expect(mean).toMatchObject({ title: 'order_seconds, mean', unit: 'seconds' })
    for (const panel of [rate, mean])
      expect(panel).toMatchObject({ note: expect.stringMatching(/\. Orders\.$/) })
    const of = (by: string): Series => ({ name: 'order_seconds_sum', labels: { by }, t: [1], v: [1] })
    expect(linesFor(mean as Panel, [of('card'), of('cash')])).toMatchObject([
      { label: 'card', meanOf: 'order_seconds_count', labels: { by: 'card' } },
      { label: 'cash', meanOf: 'order_seconds_count', labels: { by: 'cash' } },
    ])
    expect(linesFor(mean as Panel, [of('card')]).map(({ label }) => label)).toEqual(['mean'])
  })

  it.each([
    ['orders_open', 'gauge', '', 'number'],
    ['orders_total', 'counter', '', 'number/s'],
    ['cache_bytes', 'gauge', '', 'bytes'],
    ['sent_bytes_total', 'counter', '', 'bytes/s'],
    ['wait_seconds', 'gauge', '', 'seconds'],
    ['busy_seconds_total', 'counter', '', 'ratio'],
    ['hit_ratio', 'gauge', '', 'ratio'],
    ['x', 'gauge', 'bytes', 'bytes'],
  ] as const)('show %s, a %s of unit "%s", as %s', (name, type, unit, shown) => {
    expect(extraPanel(name, { type, unit, description: '' }).unit).toBe(shown)
  })
})
