import { describe, expect, test } from 'vitest'
import type { Metric } from '../../src/core/batch'
import { dist } from '../dist'
import { batch, FIRST_TIMESTAMP, gauge } from '../support/batches'

const { Store } = dist<typeof import('../../src/sampler/store')>('sampler/store.js')

const WINDOW = 360
const MAX_SERIES = 728

const at = (sequence: number) => FIRST_TIMESTAMP + (sequence - 1) * 10_000

/** `count` batches of `metrics` from `first` on, into `store`; how many values found no room. */
function fill(
  store: InstanceType<typeof Store>,
  first: number,
  count: number,
  metrics: (sequence: number) => readonly Metric[] = (sequence) => [gauge('m', sequence)],
): number {
  let dropped = 0
  for (let sequence = first; sequence < first + count; sequence++) {
    dropped += store.add(batch(sequence, metrics(sequence)))
  }
  return dropped
}

const points = (store: InstanceType<typeof Store>, metric = 'm', start = -Infinity, end = Infinity) =>
  store.query(metric, start, end)?.map((series) => series.points)
const values = (store: InstanceType<typeof Store>, metric = 'm') =>
  points(store, metric)?.map((of) => of.map(({ v }) => v))
const many = (count: number, prefix: string) =>
  Array.from({ length: count }, (_, index) => gauge(`${prefix}_${index}`, index))

describe('a query', () => {
  test('finds every series of a name, with type, labels and points', () => {
    const store = new Store()
    const counter = (kind: string, value: number): Metric => ({
      name: 'cycles',
      type: 'counter',
      value,
      labels: { service: 'api', kind },
    })
    fill(store, 1, 2, (sequence) => [
      counter('minor', sequence * 10),
      counter('major', sequence),
      gauge('m', 0),
    ])
    expect(store.query('cycles', at(1), at(2))).toEqual([
      {
        name: 'cycles',
        type: 'counter',
        labels: { service: 'api', kind: 'minor' },
        points: [
          { t: at(1), v: 10 },
          { t: at(2), v: 20 },
        ],
      },
      {
        name: 'cycles',
        type: 'counter',
        labels: { service: 'api', kind: 'major' },
        points: [
          { t: at(1), v: 1 },
          { t: at(2), v: 2 },
        ],
      },
    ])
  })

  test('takes start and end as part of the window', () => {
    const store = new Store()
    fill(store, 1, 10)
    const between = (start: number, end: number) => points(store, 'm', start, end)?.[0]?.map(({ v }) => v)
    expect(between(at(3), at(5))).toEqual([3, 4, 5])
    expect(between(at(3) + 1, at(5) - 1)).toEqual([4])
    expect(between(at(5), at(3))).toEqual([])
    expect(between(at(11), at(12))).toEqual([])
  })

  test('knows a name that it has seen, and no other', () => {
    const store = new Store()
    expect(store.query('m', 0, Infinity)).toBeUndefined()
    fill(store, 1, 1)
    expect(store.query('m', 0, 1)).toMatchObject([{ points: [] }])
    expect(store.query('M', 0, Infinity)).toBeUndefined()
    expect(store.query('__proto__', 0, Infinity)).toBeUndefined()
  })

  test('takes the order of labels for nothing', () => {
    const store = new Store()
    fill(store, 1, 1, () => [gauge('m', 1, { a: '1', b: '2' })])
    fill(store, 2, 1, () => [gauge('m', 2, { b: '2', a: '1' })])
    expect(values(store)).toEqual([[1, 2]])
  })
})

describe('the ring', () => {
  test('holds the newest 360 batches, after one turn and after many', () => {
    const store = new Store()
    fill(store, 1, WINDOW)
    expect(values(store)?.[0]).toHaveLength(WINDOW)
    expect(values(store)?.[0]?.[0]).toBe(1)
    fill(store, WINDOW + 1, 1)
    expect(values(store)?.[0]).toHaveLength(WINDOW)
    expect(values(store)?.[0]?.[0]).toBe(2)
    fill(store, WINDOW + 2, 1_000)
    const last = WINDOW + 1_001
    expect(points(store)?.[0]).toEqual(
      Array.from({ length: WINDOW }, (_, index) => {
        const sequence = last - WINDOW + 1 + index
        return { t: at(sequence), v: sequence }
      }),
    )
  })

  test('has no point where a series had no value, also where an older one was', () => {
    const store = new Store()
    fill(store, 1, WINDOW)
    fill(store, WINDOW + 1, 10, (sequence) => (sequence % 2 === 0 ? [gauge('m', sequence)] : []))
    expect(
      points(store)?.[0]
        ?.filter(({ t }) => t > at(WINDOW))
        .map(({ v }) => v),
    ).toEqual([362, 364, 366, 368, 370])
  })

  test('begins a series where it appears', () => {
    const store = new Store()
    fill(store, 1, 400, () => [])
    fill(store, 401, 2)
    expect(points(store)).toEqual([
      [
        { t: at(401), v: 401 },
        { t: at(402), v: 402 },
      ],
    ])
  })

  test('keeps zeros, negative and huge values, and no histograms', () => {
    const store = new Store()
    const histogram: Metric = {
      name: 'h',
      type: 'histogram',
      value: { count: 1, sum: 1, buckets: [] },
      labels: {},
    }
    const given = [0, -1.5, Number.MAX_VALUE, Number.MIN_VALUE]
    fill(store, 1, given.length, (sequence) => [gauge('m', given[sequence - 1] as number), histogram])
    expect(values(store)).toEqual([given])
    expect(store.query('h', 0, Infinity)).toBeUndefined()
  })
})

describe('a clock that is set back', () => {
  test('leaves points in order of time, and loses none', () => {
    const store = new Store()
    const times = [1_000, 2_000, 3_000, 1_500, 2_500, 3_500]
    times.forEach((timestamp, index) => {
      store.add({ ...batch(index + 1, [gauge('m', index + 1)]), timestamp })
    })
    expect(points(store)?.[0]).toEqual([
      { t: 1_000, v: 1 },
      { t: 1_500, v: 4 },
      { t: 2_000, v: 2 },
      { t: 2_500, v: 5 },
      { t: 3_000, v: 3 },
      { t: 3_500, v: 6 },
    ])
  })

  test('still pushes out what was added first', () => {
    const store = new Store()
    fill(store, 1, WINDOW)
    store.add({ ...batch(0, [gauge('m', -1)]), timestamp: 5 })
    expect(points(store)?.[0]?.[0]).toEqual({ t: 5, v: -1 })
    expect(values(store)?.[0]).toHaveLength(WINDOW)
    expect(values(store)?.[0]).not.toContain(1)
  })
})

describe('the limit of series', () => {
  test('drops and counts what is beyond it, and goes on with the others', () => {
    const store = new Store()
    expect(fill(store, 1, 1, () => many(MAX_SERIES, 'a'))).toBe(0)
    expect(fill(store, 2, 1, () => [...many(3, 'b'), ...many(MAX_SERIES, 'a')])).toBe(3)
    expect(store.query('b_0', 0, Infinity)).toBeUndefined()
    expect(values(store, 'a_727')).toEqual([[727, 727]])
  })

  test('is 2 MiB of values', () => {
    expect(MAX_SERIES * WINDOW * 8).toBeLessThanOrEqual(2 * 1024 * 1024)
    // What other tests have left would hide what this one takes.
    globalThis.gc?.()
    const before = process.memoryUsage().arrayBuffers
    const store = new Store()
    fill(store, 1, 1, () => many(2 * MAX_SERIES, 'a'))
    expect(store.query('a_0', 0, Infinity)).toHaveLength(1)
    const grown = process.memoryUsage().arrayBuffers - before
    expect(grown).toBeLessThan(2.2 * 1024 * 1024)
  })

  test('gives the place of a series that has left the window, and no sooner', () => {
    const store = new Store()
    fill(store, 1, 1, () => many(MAX_SERIES, 'old'))
    expect(fill(store, 2, WINDOW - 1, () => [gauge('new', 1)])).toBe(WINDOW - 1)
    expect(store.query('old_0', 0, Infinity)?.[0]?.points).toHaveLength(1)

    expect(fill(store, WINDOW + 1, 1, () => [gauge('new', 1)])).toBe(0)
    expect(values(store, 'new')).toEqual([[1]])
    expect(store.query('old_0', 0, Infinity)).toBeUndefined()
    expect(store.query('old_1', 0, Infinity)).toBeDefined()
  })

  test('never takes the place of one that still reports', () => {
    const store = new Store()
    fill(store, 1, 1, () => many(MAX_SERIES, 'a'))
    // All but the first ten fall silent, which is long ago at the end.
    fill(store, 2, 2 * WINDOW, () => many(10, 'a'))
    expect(fill(store, 2 * WINDOW + 2, 1, () => [...many(MAX_SERIES - 10, 'b'), ...many(10, 'a')])).toBe(0)
    for (let index = 0; index < 10; index++) {
      expect(store.query(`a_${index}`, 0, Infinity)?.[0]?.points).toHaveLength(WINDOW)
    }
    expect(values(store, 'b_700')).toEqual([[700]])
  })

  test('lets a series that was forgotten begin anew', () => {
    const store = new Store()
    fill(store, 1, 1, () => many(MAX_SERIES, 'a'))
    fill(store, 2, WINDOW, () => many(MAX_SERIES, 'b'))
    expect(store.query('a_5', 0, Infinity)).toBeUndefined()
    expect(fill(store, WINDOW + 2, 1, () => [gauge('a_5', 9)])).toBe(1)
    fill(store, WINDOW + 3, WINDOW, () => [])
    expect(fill(store, 2 * WINDOW + 3, 1, () => [gauge('a_5', 9)])).toBe(0)
    expect(values(store, 'a_5')).toEqual([[9]])
  })
})

describe('where threads come and go', () => {
  const thread = (name: string, count: number) =>
    Array.from({ length: count }, (_, index) => gauge(`t_${index}`, index, { thread: name }))
  const own = [
    gauge('nodejs_heap_size_used_bytes', 1, { thread: 'main' }),
    gauge('offloop_missed_ticks_total', 2),
  ]
  const threadsOf = (store: InstanceType<typeof Store>, metric: string) =>
    store.query(metric, 0, Infinity)?.map(({ labels }) => labels.thread)

  test('one that ended gives its place as soon as it is needed, the oldest first, and no sooner', () => {
    const store = new Store()
    fill(store, 1, 1, () => thread('worker#1', 300))
    fill(store, 2, 1, () => thread('worker#2', 300))
    fill(store, 3, 1, () => [])
    expect(threadsOf(store, 't_0')).toEqual(['worker#1', 'worker#2'])
    expect(fill(store, 4, 1, () => thread('worker#3', 300))).toBe(0)
    expect(threadsOf(store, 't_299')).toEqual(['worker#1', 'worker#2', 'worker#3'])
    expect(threadsOf(store, 't_0')).toEqual(['worker#2', 'worker#3'])
  })

  test('live ones keep their places, and those beyond are counted', () => {
    const store = new Store()
    const both = [...thread('worker#1', 600), ...thread('worker#2', 600)]
    expect(fill(store, 1, 3, () => both)).toBe(3 * (1_200 - MAX_SERIES))
    expect(points(store, 't_599')?.[0]).toHaveLength(3)
    expect(threadsOf(store, 't_599')).toEqual(['worker#1'])
  })

  test('the process and its main thread find room, whatever others have taken', () => {
    const store = new Store()
    const crowd = Array.from({ length: 64 }, (_, index) => thread(`worker#${index}`, 100)).flat()
    fill(store, 1, 1, () => crowd)
    const custom = many(400, 'custom')
    expect(fill(store, 2, 1, () => [...crowd, ...own, ...custom])).toBe(6_400 + 402 - MAX_SERIES)
    for (const { name } of [...own, ...custom]) expect(store.query(name, 0, Infinity), name).toHaveLength(1)
    // A second sample changes nothing any more.
    expect(fill(store, 3, 1, () => [...crowd, ...own, ...custom])).toBe(6_400 + 402 - MAX_SERIES)
    expect(points(store, 'custom_399')?.[0]).toHaveLength(2)
  })

  test('series of users never take the place of the process, and lose theirs to it', () => {
    const store = new Store()
    fill(store, 1, 1, () => many(MAX_SERIES, 'custom'))
    expect(fill(store, 2, 1, () => [...many(MAX_SERIES, 'custom'), ...own])).toBe(2)
    expect(fill(store, 3, 1, () => [...many(MAX_SERIES, 'custom'), ...own])).toBe(2)
    for (const { name } of own) expect(points(store, name)?.[0]).toHaveLength(2)
  })
})
