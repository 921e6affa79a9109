import { describe, expect, test } from 'vitest'
import type { Metric } from '../../src/core/batch'
import { dist } from '../dist'
import { batch, FIRST_TIMESTAMP, gauge } from '../support/batches'

const { Store } = dist<typeof import('../../src/sampler/store')>('sampler/store.js')
type Store = InstanceType<typeof Store>

const MiB = 2 ** 20
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const EVER = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] as const
/** Of a store of 2 MiB. */
const MAX_SERIES = 2048

/** The least that a store may have, where nothing else is said. */
const storeOf = ({ maxBytes = 2 * MiB, intervalMs = 10_000 } = {}) => new Store({ maxBytes, intervalMs })

/** A sample's metrics, added at its time; how many values found no room. */
function fill(
  store: Store,
  first: number,
  count: number,
  metrics: (sequence: number) => readonly Metric[] = (sequence) => [gauge('m', sequence)],
  intervalMs = 10_000,
): number {
  let dropped = 0
  for (let sequence = first; sequence < first + count; sequence++) {
    dropped += store.add({ ...batch(sequence, metrics(sequence)), timestamp: at(sequence, intervalMs) })
  }
  return dropped
}
const at = (sequence: number, intervalMs = 10_000) => FIRST_TIMESTAMP + (sequence - 1) * intervalMs

const counter = (name: string, value: number, labels: Metric['labels'] = {}): Metric => ({
  ...gauge(name, value, labels),
  type: 'counter',
})
const points = (store: Store, metric = 'm') => store.query(metric, ...EVER)?.map((series) => series.points)
const values = (store: Store, metric = 'm') => points(store, metric)?.map((of) => of.map(({ v }) => v))
const columns = (store: Store, metric = 'm') => [...store.series(new Set([metric]), ...EVER)]
const many = (count: number, prefix: string, labels: Metric['labels'] = {}) =>
  Array.from({ length: count }, (_, index) => gauge(`${prefix}_${index}`, index, labels))
const thread = (name: string, count: number) => many(count, 't', { thread: name })

// The first of all: what other tests leave would be collected meanwhile.
test('a store takes the bytes that it was given, at once, and no more later', () => {
  globalThis.gc?.()
  const before = process.memoryUsage().arrayBuffers
  const grown = () => process.memoryUsage().arrayBuffers - before
  const store = storeOf()
  const taken = grown()
  const all = (sequence: number) => many(120, 'm').map((one) => ({ ...one, value: sequence }))
  fill(store, 1, 1, all)
  const first = grown()
  fill(store, 2, 12_000, all)
  const last = grown()
  expect(taken).toBeGreaterThan(1.9 * MiB)
  for (const bytes of [taken, first, last]) expect(bytes).toBeLessThanOrEqual(2 * MiB)
  expect(columns(store, 'm_0')).toHaveLength(1)
})

describe('a query', () => {
  test('finds every series of a name, with type, labels and points', () => {
    const store = storeOf()
    fill(store, 1, 2, (sequence) => [
      counter('cycles', sequence * 10, { kind: 'minor' }),
      counter('cycles', sequence, { kind: 'major' }),
      gauge('m', 0),
    ])
    const series = (kind: string, first: number, second: number) => ({
      name: 'cycles',
      type: 'counter',
      labels: { service: 'api', kind },
      points: [
        { t: at(1), v: first },
        { t: at(2), v: second },
      ],
      thinned: false,
    })
    expect(store.query('cycles', at(1), at(2))).toEqual([series('minor', 10, 20), series('major', 1, 2)])
  })

  test('takes start and end as part of the window', () => {
    const store = storeOf()
    fill(store, 1, 10)
    const between = (start: number, end: number) =>
      store.query('m', start, end)?.[0]?.points.map(({ v }) => v)
    expect(between(at(3), at(5))).toEqual([3, 4, 5])
    expect(between(at(3) + 1, at(5) - 1)).toEqual([4])
    expect(between(at(5), at(3))).toEqual([])
    expect(between(at(11), at(12))).toEqual([])
  })

  test('knows a name that it has seen, and no other', () => {
    const store = storeOf()
    expect(store.query('m', ...EVER)).toBeUndefined()
    fill(store, 1, 1)
    expect(store.query('m', 0, 1)).toMatchObject([{ points: [] }])
    expect(store.query('M', ...EVER)).toBeUndefined()
    expect(store.query('__proto__', ...EVER)).toBeUndefined()
  })

  test('takes the order of labels for nothing', () => {
    const store = storeOf()
    fill(store, 1, 1, () => [gauge('m', 1, { a: '1', b: '2' })])
    fill(store, 2, 1, () => [gauge('m', 2, { b: '2', a: '1' })])
    expect(values(store)).toEqual([[1, 2]])
  })

  test('has each value in its own series, whatever was in its place in the batch before', () => {
    const store = storeOf()
    const labels = ['a', 'b', 'c', 'd'].map((letter) => ({ letter }))
    const plus = { letter: 'a', more: '1' }
    const batches = [[0, 1, 2], [2, 1, 0], [1], [], [3, 0, 1, 2], [0, 1, 2, 3]].map((order) =>
      order.map((index) => labels[index] as Metric['labels']),
    )
    batches.push([plus, ...labels], [...labels, plus])
    fill(store, 1, batches.length, (sequence) =>
      (batches[sequence - 1] ?? []).flatMap((of) => [gauge('m', sequence, of), gauge('n', -sequence, of)]),
    )
    for (const [metric, sign] of [['m', 1] as const, ['n', -1] as const]) {
      const series = store.query(metric, ...EVER) ?? []
      expect(series).toHaveLength(5)
      for (const { labels: of, points } of series) {
        const { service: _, ...own } = of
        const sequences = batches.flatMap((them, index) =>
          them.some((one) => JSON.stringify(one) === JSON.stringify(own)) ? [index + 1] : [],
        )
        expect(points).toEqual(sequences.map((sequence) => ({ t: at(sequence), v: sign * sequence })))
      }
    }
  })

  test('has zeros, negative and huge values', () => {
    const store = storeOf()
    const given = [0, -1.5, Number.MAX_VALUE, Number.MIN_VALUE, 2 ** 53 - 1]
    fill(store, 1, given.length, (sequence) => [gauge('m', given[sequence - 1] as number)])
    expect(values(store)).toEqual([given])
  })
})

describe('a histogram', () => {
  const histogram = (name: string, count: number, labels: Metric['labels'] = {}): Metric => ({
    name,
    type: 'histogram',
    value: { count, sum: count / 4, buckets: [{ le: 1, count }] },
    labels: { service: 'api', ...labels },
  })

  test('of yours is its count and its sum, for each of its labels', () => {
    const store = storeOf()
    fill(store, 1, 3, (sequence) => [
      histogram('h', sequence, { route: 'a' }),
      histogram('h', 10 * sequence, { route: 'b' }),
    ])
    expect(values(store, 'h_count')).toEqual([
      [1, 2, 3],
      [10, 20, 30],
    ])
    expect(values(store, 'h_sum')).toEqual([
      [0.25, 0.5, 0.75],
      [2.5, 5, 7.5],
    ])
    expect(columns(store, 'h_sum').map(({ type, labels }) => [type, labels.route])).toEqual([
      ['histogram', 'a'],
      ['histogram', 'b'],
    ])
    expect(store.query('h', ...EVER)).toBeUndefined()
  })

  test('of ours is not kept: there are its quantiles', () => {
    const store = storeOf()
    fill(store, 1, 1, () => [histogram('nodejs_gc_duration_seconds', 1), gauge('m', 1)])
    expect([...store.series(undefined, ...EVER)].map(({ name }) => name)).toEqual(['m'])
  })

  test('is cumulative: a part of it is its last value', () => {
    const store = storeOf()
    fill(store, 1, 4 * 360, (sequence) => [histogram('h', sequence)])
    const { v, min } = columns(store, 'h_count')[0] ?? { v: [] }
    expect(min).toBeUndefined()
    expect(v).toEqual([...v].sort((a, b) => a - b))
    expect(v.at(-1)).toBe(4 * 360)
  })

  test('leaves a metric that has such a name what it is, and that is counted', () => {
    const store = storeOf()
    const both = (sequence: number) => [gauge('h_count', -sequence), histogram('h', sequence)]
    expect(fill(store, 1, 2, both)).toBe(2)
    expect(values(store, 'h_count')).toEqual([[-1, -2]])
    expect(values(store, 'h_sum')).toEqual([[0.25, 0.5]])
  })

  test('takes two places of those that there are', () => {
    const store = storeOf()
    const all = Array.from({ length: MAX_SERIES }, (_, i) => histogram('h', 1, { i: String(i) }))
    expect(fill(store, 1, 1, () => all)).toBe(MAX_SERIES)
    expect([...store.series(undefined, ...EVER)]).toHaveLength(MAX_SERIES)
  })
})

describe('columns', () => {
  test('are of all metrics, or of those that are asked for', () => {
    const store = storeOf()
    fill(store, 1, 3, (sequence) => [gauge('a', sequence), gauge('b', -sequence), gauge('c', 0)])
    const names = (wanted: ReadonlySet<string> | undefined) =>
      [...store.series(wanted, ...EVER)].map(({ name }) => name)
    expect(names(undefined)).toEqual(['a', 'b', 'c'])
    expect(names(new Set(['c', 'a', 'none']))).toEqual(['a', 'c'])
    expect(columns(store, 'b')).toEqual([
      {
        name: 'b',
        type: 'gauge',
        labels: { service: 'api' },
        t: [at(1), at(2), at(3)],
        v: [-1, -2, -3],
      },
    ])
    expect([...store.series(undefined, at(4), at(5))]).toEqual([])
  })

  test('are of one thread, and of none, where one is asked for', () => {
    const store = storeOf()
    const of = (thread: string) => ({ ...gauge('a', 1), labels: { thread } })
    fill(store, 1, 2, () => [of('main'), of('worker#2'), gauge('b', 1)])
    const found = [...store.series(undefined, ...EVER, 'worker#2')]
    expect(found.map(({ name, labels }) => [name, labels.thread])).toEqual([
      ['a', 'worker#2'],
      ['b', undefined],
    ])
  })

  test('have a gap where a series had no value, and where no sample was taken', () => {
    const store = storeOf()
    fill(store, 1, 6, (sequence) => [
      gauge('always', 1),
      ...(sequence % 3 === 0 ? [] : [gauge('m', sequence)]),
    ])
    // The process stood still, or the machine slept.
    fill(store, 100, 2)
    expect(columns(store)[0]).toMatchObject({
      t: [at(1), at(2), at(3), at(4), at(5), at(6), at(100), at(101)],
      v: [1, 2, Number.NaN, 4, 5, Number.NaN, 100, 101],
    })
    fill(store, 102, 1)
    fill(store, 110, 1)
    expect(columns(store)[0]?.v.slice(-3)).toEqual([102, Number.NaN, 110])
  })

  test('begin with the first value and end with the last', () => {
    const store = storeOf()
    fill(store, 1, 100, (sequence) => (sequence > 40 && sequence < 50 ? [gauge('m', sequence)] : []))
    expect(columns(store)[0]).toMatchObject({ t: [41, 42, 43, 44, 45, 46, 47, 48, 49].map((one) => at(one)) })
  })
})

describe('a day of samples', () => {
  /** Of a main thread and its process, as an ordinary batch has them. */
  const SERIES = 120
  const names = Array.from({ length: SERIES }, (_, index) => `s_${index}`)
  const isCounter = (index: number) => index % 3 === 0
  const day = (sequence: number, labels: Metric['labels'] = {}): Metric[] =>
    names.map((name, index) =>
      isCounter(index)
        ? counter(name, 2 ** 53 - 1e6 + sequence, labels)
        : // A quiet line with one peak and one trough every 1,000 samples.
          gauge(name, sequence % 1000 === index ? 1e9 : sequence % 1000 === index + 300 ? -1e9 : 50, labels),
    )

  test.each([
    ['10 s', 10_000, 10_000, SERIES],
    ['one minute', 60_000, 1_700, SERIES],
    ['an hour', HOUR_MS, 60, SERIES],
    ['1 s', 1_000, 90_000, 20],
  ])(
    'at %s is there whole, with all peaks and in 2 MiB',
    { timeout: 120_000 },
    (_, intervalMs, count, many) => {
      const store = storeOf({ intervalMs })
      expect(fill(store, 1, count, (sequence) => day(sequence).slice(0, many), intervalMs)).toBe(0)
      const from = Math.max(1, count - DAY_MS / intervalMs + 1)
      for (const [index, name] of names.slice(0, many).entries()) {
        const [series] = columns(store, name)
        const { t = [], v = [], min = v, max = v } = series ?? {}
        // A part that began before the day is in it by its end.
        expect((t[0] as number) - at(from, intervalMs), name).toBeLessThanOrEqual(180_000)
        expect(t.at(-1)).toBe(at(count, intervalMs))
        expect(v.some(Number.isNaN)).toBe(false)
        expect(t.every((one, i) => i === 0 || one > (t[i - 1] as number))).toBe(true)
        if (isCounter(index)) {
          expect(v.every((one, i) => i === 0 || one > (v[i - 1] as number))).toBe(true)
          expect(v.at(-1)).toBe(2 ** 53 - 1e6 + count)
          continue
        }
        // Each is in the point whose part it is in, or of which it is.
        for (let sequence = from; sequence <= count; sequence++) {
          const high = sequence % 1000 === index
          if (!high && sequence % 1000 !== index + 300) continue
          const i = t.findIndex((one) => one >= at(sequence, intervalMs))
          const found = [i - 1, i].map((one) => (high ? max[one] : min[one]))
          expect(found, `${name} at ${sequence}`).toContain(high ? 1e9 : -1e9)
        }
      }
    },
  )

  test('is as it was for the last hour, and in /v1/query has its extremes as points', () => {
    const store = storeOf()
    fill(store, 1, 10_000, day)
    const [series] = columns(store, 's_1')
    const hour = series?.t.filter((t) => t > at(10_000) - HOUR_MS) ?? []
    expect(hour.length).toBeGreaterThanOrEqual(360)
    const [queried] = store.query('s_1', at(2_000), at(10_000)) ?? []
    expect(queried?.thinned).toBe(true)
    const peaks = queried?.points.filter(({ v }) => v === 1e9) ?? []
    // Sequences 2001, 3001, … 9001; one may be in a part and be known as it was, too.
    expect(new Set(peaks.map(({ t }) => Math.round((t - at(1)) / 1e7))).size).toBe(8)
    for (const { t } of peaks) {
      const off = (t - at(1)) % 1e7
      // A part is 18 samples.
      expect(Math.min(off, 1e7 - off)).toBeLessThan(180_000)
    }
    expect(queried?.points.every(({ t }, i, all) => i === 0 || t >= (all[i - 1]?.t ?? 0))).toBe(true)
  })

  test('is kept sample by sample where there are few series', () => {
    const store = storeOf()
    fill(store, 1, 10_000)
    const [series] = [...store.series(undefined, at(10_000) - DAY_MS + 1, at(10_000))]
    expect(series?.min).toBeUndefined()
    expect(series?.t.length).toBe(8_640)
    expect(series?.v).toEqual(series?.t.map((t) => (t - at(1)) / 10_000 + 1))
  })

  test('of the main thread stays whole while 64 threads come and go', { timeout: 120_000 }, () => {
    const MINUTE_MS = 60_000
    const store = storeOf({ intervalMs: MINUTE_MS })
    const COUNT = 1_500
    let sequence = 0
    const main = () => day(++sequence, { thread: 'main' })
    const crowd = (generation: number) =>
      Array.from({ length: 64 }, (_, index) =>
        thread(`worker#${index % 2 ? index + generation * 64 : index}`, 20),
      )
    for (let done = 0; done < COUNT; done += 50) {
      const others = crowd(done / 50).flat()
      for (let i = 0; i < 50; i++) {
        const metrics = [...(i % 2 ? main() : []), ...others, ...(i % 2 ? [] : main())]
        store.add({ ...batch(sequence, metrics), timestamp: at(sequence, MINUTE_MS) })
      }
    }
    const end = at(COUNT, MINUTE_MS)
    for (const [index, name] of names.entries()) {
      const [series] = columns(store, name)
      const { t = [], v = [] } = series ?? {}
      expect((t[0] as number) - (end - DAY_MS), name).toBeLessThanOrEqual(180_000)
      expect(v.some(Number.isNaN)).toBe(false)
      if (!isCounter(index)) expect(Math.max(...(series?.max ?? []))).toBe(1e9)
      // The hour that is wanted as it was.
      expect(t.filter((one) => one > end - HOUR_MS)).toHaveLength(60)
    }
    // Others are there as well, with less of the past.
    const seen = store.query('t_0', ...EVER) ?? []
    expect(seen.length).toBeGreaterThan(10)
    expect(Math.max(...seen.map(({ points: of }) => of.length))).toBeGreaterThan(10)
  })
})

describe('a clock that is set back', () => {
  test('leaves points in order of time, and loses none', () => {
    const store = storeOf()
    const times = [1_000, 2_000, 3_000, 1_500, 2_500, 3_500].map((ms) => FIRST_TIMESTAMP + ms)
    times.forEach((timestamp, index) => {
      store.add({ ...batch(index + 1, [gauge('m', index + 1)]), timestamp })
    })
    expect(values(store)).toEqual([[1, 4, 2, 5, 3, 6]])
    expect(columns(store)[0]).toMatchObject({ t: [...times].sort(), v: [1, 4, 2, 5, 3, 6] })
  })

  test('by a day: the days are side by side, and the older one goes first', () => {
    const store = storeOf()
    fill(store, 1, 8_640, (sequence) => many(100, 'm').map((one) => ({ ...one, value: sequence })))
    for (let sequence = 1; sequence <= 4_320; sequence++) {
      const metrics = many(100, 'm').map((one) => ({ ...one, value: -sequence }))
      store.add({ ...batch(1, metrics), timestamp: at(sequence) })
    }
    const [series] = columns(store, 'm_7')
    const { t = [], v = [] } = series ?? {}
    expect(t.every((one, i) => i === 0 || one >= (t[i - 1] as number))).toBe(true)
    expect(v).toContain(-4_320)
    expect(Math.max(...v)).toBe(8_640)
    // Half of the first day has made room.
    expect(Math.min(...v.filter((one) => one > 0))).toBeGreaterThan(3_900)
  })
})

describe('where there is not room for all', () => {
  test('values beyond the limit of series are dropped and counted, and the others go on', () => {
    const store = storeOf()
    expect(fill(store, 1, 1, () => many(MAX_SERIES, 'a'))).toBe(0)
    expect(fill(store, 2, 1, () => [...many(3, 'b'), ...many(MAX_SERIES, 'a')])).toBe(3)
    expect(store.query('b_0', ...EVER)).toBeUndefined()
    expect(values(store, 'a_727')).toEqual([[727, 727]])
  })

  test('all that were taken keep their newest values, at any interval, in the least memory', () => {
    for (const intervalMs of [100, 10_000, HOUR_MS]) {
      const store = storeOf({ maxBytes: 65_536, intervalMs })
      const all = many(60, 'm')
      const dropped = fill(store, 1, 1_000, () => all, intervalMs) / 1_000
      expect(Number.isInteger(dropped)).toBe(true)
      expect(dropped).toBeLessThan(20)
      for (const { name } of all.slice(0, 60 - dropped)) {
        expect(points(store, name)?.[0]?.at(-1)?.t, name).toBe(at(1_000, intervalMs))
      }
    }
  })

  test('a thread that ended gives its place as soon as it is needed, the oldest first, and no sooner', () => {
    const store = storeOf()
    const threadsOf = (metric: string) => store.query(metric, ...EVER)?.map(({ labels }) => labels.thread)
    fill(store, 1, 1, () => thread('worker#1', 900))
    fill(store, 2, 1, () => thread('worker#2', 900))
    fill(store, 3, 1, () => [])
    expect(threadsOf('t_0')).toEqual(['worker#1', 'worker#2'])
    expect(fill(store, 4, 1, () => thread('worker#3', 900))).toBe(0)
    expect(threadsOf('t_899')).toEqual(['worker#1', 'worker#2', 'worker#3'])
    expect(threadsOf('t_0')).toEqual(['worker#2', 'worker#3'])
  })

  test('the process and its main thread find room, then what users add, whatever others have taken', () => {
    const store = storeOf()
    const own = [
      gauge('nodejs_heap_size_used_bytes', 1, { thread: 'main' }),
      gauge('offloop_missed_ticks_total', 2),
    ]
    const crowd = Array.from({ length: 64 }, (_, index) => thread(`worker#${index}`, 100)).flat()
    const custom = many(400, 'custom')
    const all = [...crowd, ...own, ...custom]
    fill(store, 1, 1, () => crowd)
    for (let sequence = 2; sequence < 200; sequence++) {
      expect(fill(store, sequence, 1, () => all)).toBeGreaterThanOrEqual(6_802 - MAX_SERIES)
    }
    for (const { name } of [...own, ...custom]) expect(points(store, name)?.[0], name).toHaveLength(198)
  })

  test('series of users never take the place of the process, and lose theirs to it', () => {
    const store = storeOf()
    const own = [gauge('nodejs_heap_size_used_bytes', 1, { thread: 'main' })]
    fill(store, 1, 1, () => many(MAX_SERIES, 'custom'))
    expect(fill(store, 2, 1, () => [...many(MAX_SERIES, 'custom'), ...own])).toBe(1)
    expect(fill(store, 3, 1, () => [...many(MAX_SERIES, 'custom'), ...own])).toBe(1)
    expect(points(store, 'nodejs_heap_size_used_bytes')?.[0]).toHaveLength(2)
  })

  test('a series of long ago is forgotten, and may begin anew', () => {
    const store = storeOf()
    fill(store, 1, 1, () => [gauge('old', 1)])
    // A page of three-minute parts is an hour.
    fill(store, 2, 9_200)
    expect(store.query('old', ...EVER)).toBeUndefined()
    fill(store, 9_202, 1, () => [gauge('old', 2)])
    expect(values(store, 'old')).toEqual([[2]])
  })
})
