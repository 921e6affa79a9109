import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Histogram, Labels, Metric } from '../../src/core/batch'
import type { OffloopError } from '../../src/core/errors'
import type { CollectedMetric, Collector } from '../../src/sampler/collectors'
import type { ToMain, ToWorker } from '../../src/sampler/messages'
import { dist } from '../dist'

const { Collectors } = dist<typeof import('../../src/sampler/collectors')>('sampler/collectors.js')
const { CollectRound } = dist<typeof import('../../src/sampler/collect-round')>('sampler/collect-round.js')
const { metrics: builtin } = dist<typeof import('../../src/core/metrics')>('core/metrics.js')

const TIMEOUT_MS = 1_000
const LATENCY_MS = 1
/** Question and answer, where nothing is slow. */
const PROMPT_MS = 2 * LATENCY_MS
/** How long the sampling thread takes a silent main thread for a busy one. */
const SILENCE_MS = 100

/** Both ends and a channel between them, over simulated time. The main thread can be stuck. */
class Rig {
  readonly failures: { name: string; message: string; error: OffloopError }[] = []
  /** Ticks that the main thread was asked to collect for, when it got to it. */
  readonly asked: number[] = []
  readonly round = new CollectRound((message) => this.#toMain(message))
  readonly collectors: InstanceType<typeof Collectors>
  stuck = false
  readonly #inbox: ToMain[] = []
  readonly #outbox: ToWorker[] = []

  constructor(common: Labels = {}) {
    this.collectors = new Collectors(
      {
        reply: (tick, metrics, pending) => this.#toWorker({ type: 'collected', tick, metrics, pending }),
        failed: (name, error) => this.failures.push({ name, message: error.message, error }),
      },
      TIMEOUT_MS,
      common,
    )
  }

  /** How many questions wait for a stuck main thread. */
  get unread(): number {
    return this.#inbox.length
  }

  /** Adds a collector; returns what removes it. */
  add(name: string, collect: () => unknown): () => void {
    return this.collectors.add({ name, collect } as Collector)
  }

  /** One round, as the sampling thread runs it for a batch. */
  async collect(timeoutMs = TIMEOUT_MS): Promise<{ metrics: readonly Metric[]; tookMs: number }> {
    const startedAt = performance.now()
    let result: { metrics: readonly Metric[]; tookMs: number } | undefined
    void this.round.run(timeoutMs).then((metrics) => {
      result = { metrics, tookMs: performance.now() - startedAt }
    })
    await vi.advanceTimersByTimeAsync(0)
    while (result === undefined) await vi.advanceTimersByTimeAsync(1)
    return result
  }

  unstick(): Promise<unknown> {
    this.stuck = false
    this.#read()
    this.#write()
    return vi.advanceTimersByTimeAsync(2 * LATENCY_MS)
  }

  #toMain(message: ToMain): void {
    this.#inbox.push(structuredClone(message))
    setTimeout(() => this.#read(), LATENCY_MS)
  }

  #toWorker(message: ToWorker): void {
    this.#outbox.push(structuredClone(message))
    setTimeout(() => this.#write(), LATENCY_MS)
  }

  // A stuck thread neither reads nor gets to write. Cloned, as by a real port: what cannot be posted throws.
  #read(): void {
    for (const message of this.stuck ? [] : this.#inbox.splice(0)) {
      if (message.type !== 'collect') throw new Error(message.type)
      this.asked.push(message.tick)
      this.collectors.run(message.tick)
    }
  }

  #write(): void {
    for (const message of this.stuck ? [] : this.#outbox.splice(0)) {
      if (message.type === 'collected') this.round.receive(message)
    }
  }
}

let rig: Rig
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  rig = new Rig()
})
afterEach(() => {
  vi.useRealTimers()
})

const one = (name: string, value = 1): CollectedMetric[] => [{ name, value }]
const later = <T>(ms: number, value: T) => new Promise<T>((resolve) => setTimeout(resolve, ms, value))
const never = () => new Promise<never>(() => {})
const names = (metrics: readonly Metric[]) => metrics.map(({ name }) => name)
const messages = () => rig.failures.map(({ message }) => message)

describe('what collectors return', () => {
  test('is in the batch, from sync and async ones and thenables alike', async () => {
    rig.add('sync', () => one('a'))
    rig.add('async', async () => one('b'))
    // biome-ignore lint/suspicious/noThenProperty: it is the point
    rig.add('thenable', () => ({ then: (resolve: (value: unknown) => void) => resolve(one('c')) }))
    rig.add('none', () => [])
    const { metrics, tookMs } = await rig.collect()
    expect(names(metrics).sort()).toEqual(['a', 'b', 'c'])
    expect(tookMs).toBe(PROMPT_MS)
    await vi.advanceTimersByTimeAsync(2 * TIMEOUT_MS)
    expect(rig.failures).toEqual([])
  })

  test('is completed: a gauge without labels unless said otherwise, and labels as texts', async () => {
    const histogram: Histogram = {
      count: 4,
      sum: -1.5,
      buckets: [
        { le: -1, count: 0 },
        { le: 0.5, count: 3 },
      ],
    }
    rig.add('all', () => [
      { name: 'plain', value: -0.5 },
      { name: 'jobs_total', type: 'counter', value: 0, labels: { ok: true, shard: 3, queue: 'mail' } },
      { name: 'latency', type: 'histogram', value: { ...histogram, extra: () => {} }, labels: undefined },
    ])
    const { metrics } = await rig.collect()
    expect(metrics).toEqual([
      { name: 'plain', type: 'gauge', value: -0.5, labels: {} },
      { name: 'jobs_total', type: 'counter', value: 0, labels: { ok: 'true', shard: '3', queue: 'mail' } },
      { name: 'latency', type: 'histogram', value: histogram, labels: {} },
    ])
    expect(rig.failures).toEqual([])
  })

  test('is collected anew for each batch, and that of the newest is kept for scrapes', async () => {
    let calls = 0
    rig.add('counting', () => one('calls', ++calls))
    expect(rig.round.latest).toEqual([])
    for (const call of [1, 2, 3]) {
      const { metrics } = await rig.collect()
      expect(metrics).toMatchObject([{ name: 'calls', value: call }])
      expect(rig.round.latest).toEqual(metrics)
    }
    expect(rig.asked).toHaveLength(3)
  })

  test('may be 1000 metrics, and no more', async () => {
    const many = (count: number) =>
      Array.from({ length: count }, (_, index) => ({ name: `m_${index}`, value: 0 }))
    const remove = rig.add('full', () => many(1_000))
    expect((await rig.collect()).metrics).toHaveLength(1_000)
    expect(rig.failures).toEqual([])
    remove()
    rig.add('more', () => many(1_001))
    expect((await rig.collect()).metrics).toHaveLength(1_000)
    expect(messages()).toEqual(['collector more returned something invalid: 1001 metrics, of 1000 allowed'])
  })
})

describe('a collector that fails is named, and harms no other', () => {
  const boom = () => {
    throw new Error('boom')
  }
  const thrown: [string, unknown, string][] = [
    ['an error', new RangeError('out of range'), 'out of range'],
    ['a text', 'why', 'why'],
    ['nothing', undefined, 'undefined'],
    ['null', null, 'null'],
    ['a symbol', Symbol('s'), 'Symbol(s)'],
    ['an object without a prototype', Object.create(null), 'a value that cannot be shown'],
    [
      'an error whose message throws',
      Object.defineProperty(new Error(), 'message', { get: boom }),
      'a value that cannot be shown',
    ],
    [
      'a proxy that throws',
      new Proxy({}, { get: boom, getPrototypeOf: boom }),
      'a value that cannot be shown',
    ],
  ]

  test.each(thrown)('throwing %s', async (_, value, shown) => {
    rig.add('before', () => one('a'))
    rig.add('bad', () => {
      throw value
    })
    rig.add('after', () => one('b'))
    const { metrics, tookMs } = await rig.collect()
    expect(names(metrics)).toEqual(['a', 'b'])
    expect(tookMs).toBe(PROMPT_MS)
    expect(rig.failures).toHaveLength(1)
    expect(rig.failures[0]).toMatchObject({ name: 'bad', message: `collector bad threw: ${shown}` })
    expect(rig.failures[0]?.error).toMatchObject({ name: 'OffloopError', code: 'ERR_OFFLOOP_COLLECTOR' })
    expect(rig.failures[0]?.error.cause).toBe(value)
  })

  test.each(thrown)('rejecting with %s', async (_, value, shown) => {
    rig.add('before', () => one('a'))
    rig.add('bad', () => later(20, undefined).then(() => Promise.reject(value)))
    rig.add('after', () => later(30, one('b')))
    const { metrics } = await rig.collect()
    expect(names(metrics)).toEqual(['a', 'b'])
    expect(messages()).toEqual([`collector bad rejected: ${shown}`])
    expect(rig.failures[0]?.error.cause).toBe(value)
  })

  type Then = (resolve: (value: unknown) => void, reject: (error: unknown) => void) => void
  const promiseWith = (then: Then) => Object.assign(Promise.resolve(), { then })
  test.each<[string, () => unknown, string[], string[]]>([
    // biome-ignore lint/suspicious/noThenProperty: it is the point
    ['a thenable that throws', () => ({ then: boom }), [], ['rejected: boom']],
    [
      'a then that throws when looked at',
      () => Object.defineProperty({}, 'then', { get: boom }),
      [],
      ['threw: boom'],
    ],
    [
      'a promise that calls back twice',
      () =>
        promiseWith((resolve) => {
          resolve(one('b'))
          resolve(one('c'))
        }),
      ['b'],
      [],
    ],
    [
      'a promise that both resolves and rejects',
      () =>
        promiseWith((resolve, reject) => {
          resolve(one('b'))
          reject(new Error('too'))
        }),
      ['b'],
      [],
    ],
    ['a promise whose then throws', () => promiseWith(boom), [], ['rejected: boom']],
    [
      'a promise whose constructor throws',
      () => Object.defineProperty(Promise.resolve(one('b')), 'constructor', { get: boom }),
      [],
      ['rejected: boom'],
    ],
  ])('returning %s', async (_, collect, brought, failures) => {
    rig.add('odd', collect)
    rig.add('slow', () => later(50, one('z')))
    for (let again = 0; again < 2; again++) {
      const { metrics, tookMs } = await rig.collect()
      expect(names(metrics)).toEqual([...brought, 'z'])
      expect(tookMs).toBeLessThan(60)
    }
    const expected = failures.map((failure) => `collector odd ${failure}`)
    expect(messages()).toEqual([...expected, ...expected])
  })

  test('with as many failures as it has calls', async () => {
    rig.add('bad', boom)
    for (let again = 0; again < 3; again++) await rig.collect()
    expect(rig.failures).toHaveLength(3)
  })
})

describe('nonsense is reported, and what is valid beside it is kept', () => {
  const revoked = () => {
    const { proxy, revoke } = Proxy.revocable([], {})
    revoke()
    return proxy
  }
  const throwing = (name: string) =>
    Object.defineProperty({ value: 1 }, name, {
      enumerable: true,
      get: () => {
        throw new Error('boom')
      },
    })

  const NO_ARRAY = 'returned no array of metrics'
  const guarded = new Proxy([], {
    get(_, name) {
      if (name === 'then') return undefined
      throw new Error('boom')
    },
  })
  test.each<[string, unknown, string, string?]>([
    ['undefined', undefined, NO_ARRAY],
    ['null', null, NO_ARRAY],
    ['a text', 'metrics', NO_ARRAY],
    ['a number', 42, NO_ARRAY],
    ['a metric', { name: 'a', value: 1 }, NO_ARRAY],
    ['a set of metrics', new Set(one('a')), NO_ARRAY],
    ['a function', () => one('a'), NO_ARRAY],
    ['a proxy that throws', guarded, 'returned something that throws: boom'],
    [
      'a revoked proxy',
      revoked(),
      "threw: Cannot perform 'get' on a proxy that has been revoked",
      "rejected: Cannot perform 'get' on a proxy that has been revoked",
    ],
  ])('instead of an array: %s', async (_, result, failure, failureLater = failure) => {
    rig.add('odd', () => result)
    rig.add('odd, but later', async () => result)
    rig.add('good', () => one('good'))
    expect(names((await rig.collect()).metrics)).toEqual(['good'])
    expect(messages()).toEqual([`collector odd ${failure}`, `collector odd, but later ${failureLater}`])
  })

  const labelled = (labels: unknown) => ({ name: 'm', value: 1, labels })
  const bucketed = (value: unknown) => ({ name: 'm', type: 'histogram', value })
  const text = 'x'.repeat(1_000_000)
  test.each<[string, unknown, string]>([
    ['undefined', undefined, 'undefined where a metric is wanted'],
    ['null', null, 'object where a metric is wanted'],
    ['a text', 'm', 'string where a metric is wanted'],
    ['a function', () => {}, 'function where a metric is wanted'],
    ['no name', { value: 1 }, 'a metric without a name'],
    ['a name that is none', { name: 1, value: 1 }, 'a metric without a name'],
    ['an empty name', { name: '', value: 1 }, 'the name "" must match'],
    ['a forbidden name', { name: 'a.b', value: 1 }, 'the name "a.b" must match'],
    ['a huge name', { name: text, value: 1 }, 'must have at most 256 characters'],
    [
      'an unknown type',
      { name: 'm', type: 'summary', value: 1 },
      'm has a type that is not gauge, counter or hist',
    ],
    ['null as type', { name: 'm', type: null, value: 1 }, 'm has a type that is not'],
    ['no value', { name: 'm' }, 'm has a value that is no finite number'],
    ['NaN', { name: 'm', value: Number.NaN }, 'm has a value that is no finite number'],
    ['Infinity', { name: 'm', value: Infinity }, 'm has a value that is no finite number'],
    ['a text as value', { name: 'm', value: '1' }, 'm has a value that is no finite number'],
    ['a bigint as value', { name: 'm', value: 1n }, 'm has a value that is no finite number'],
    [
      'a histogram as gauge',
      { name: 'm', value: { count: 0, sum: 0, buckets: [] } },
      'm has a value that is no fin',
    ],
    ['a negative counter', { name: 'm', type: 'counter', value: -1 }, 'm is a counter and negative'],
    ['a number as histogram', bucketed(1), 'm has a value that is no histogram'],
    ['null as histogram', bucketed(null), 'm has a value that is no histogram'],
    ['no buckets', bucketed({ count: 1, sum: 1 }), 'm has a value that is no histogram'],
    ['no sum', bucketed({ count: 1, buckets: [] }), 'm has a value that is no histogram'],
    ['half a count', bucketed({ count: 1.5, sum: 1, buckets: [] }), 'm has a value that is no histogram'],
    ['a negative count', bucketed({ count: -1, sum: 1, buckets: [] }), 'm has a value that is no histogram'],
    ['a null bucket', bucketed({ count: 1, sum: 1, buckets: [null] }), 'm has a value that is no histogram'],
    [
      'a bucket for the rest',
      bucketed({ count: 1, sum: 1, buckets: [{ le: Infinity, count: 1 }] }),
      'no histogram',
    ],
    ['a negative bucket', bucketed({ count: 1, sum: 1, buckets: [{ le: 1, count: -1 }] }), 'no histogram'],
    [
      'more in a bucket than at all',
      bucketed({ count: 1, sum: 1, buckets: [{ le: 1, count: 2 }] }),
      'no histogram',
    ],
    [
      'buckets that fall',
      bucketed({
        count: 3,
        sum: 1,
        buckets: [
          { le: 1, count: 2 },
          { le: 2, count: 1 },
        ],
      }),
      'no histogram',
    ],
    [
      'bounds out of order',
      bucketed({
        count: 3,
        sum: 1,
        buckets: [
          { le: 2, count: 1 },
          { le: 1, count: 2 },
        ],
      }),
      'no histogram',
    ],
    [
      'a bound twice',
      bucketed({
        count: 3,
        sum: 1,
        buckets: [
          { le: 1, count: 1 },
          { le: 1, count: 1 },
        ],
      }),
      'no histogram',
    ],
    ['null as labels', labelled(null), 'm has labels that are no object'],
    ['a text as labels', labelled('a=b'), 'm has labels that are no object'],
    ['an array as labels', labelled(['a']), 'm has the label "0", which must match'],
    ['a label of ours', labelled({ service: 'x' }), 'm has the label service, which offloop uses itself'],
    ['a label of the format', labelled({ le: '1' }), 'm has the label le, which offloop uses itself'],
    ['a forbidden label', labelled({ 'a-b': 'x' }), 'm has the label "a-b", which must match'],
    ['a label __proto__', labelled(JSON.parse('{ "__proto__": "x" }')), 'which must not start with __'],
    ['an object as label', labelled({ a: {} }), 'm has no plain value in the label "a"'],
    ['a symbol as label', labelled({ a: Symbol('s') }), 'm has no plain value in the label "a"'],
    ['an absent label', labelled({ a: undefined }), 'm has no plain value in the label "a"'],
    ['a huge label', labelled({ [text]: {} }), 'm has no plain value in the label "xxx'],
    ['a huge label value', labelled({ a: text }), 'm has the label "a", which must have at most 1024 bytes'],
    ['a label value of half a character', labelled({ a: '\ud800' }), 'which must be well-formed Unicode'],
    [
      '21 labels',
      labelled(Object.fromEntries(Array.from({ length: 21 }, (_, index) => [`l${index}`, index]))),
      'm has 21 labels, of 20 allowed',
    ],
  ])('among the metrics: %s', async (_, item, fault) => {
    rig.add('odd', () => [{ name: 'first', value: 1 }, item, { name: 'last', value: 1 }])
    const { metrics } = await rig.collect()
    expect(names(metrics)).toEqual(['first', 'last'])
    expect(rig.failures).toHaveLength(1)
    const { message } = rig.failures[0] as { message: string }
    expect(message).toMatch(/^collector odd returned something invalid: /)
    expect(message).toContain(fault)
    expect(message.length).toBeLessThan(400)
  })

  test('what throws when it is looked at ends the list', async () => {
    rig.add('odd', () => [{ name: 'first', value: 1 }, throwing('name'), { name: 'last', value: 1 }])
    rig.add('label', () => [{ name: 'm', value: 1, labels: throwing('region') }])
    rig.add('good', () => one('good'))
    expect(names((await rig.collect()).metrics)).toEqual(['first', 'good'])
    expect(messages()).toEqual([
      'collector odd returned something that throws: boom',
      'collector label returned something that throws: boom',
    ])
  })

  test('many faults are one report', async () => {
    rig.add('odd', () => [1, { name: 'ok', value: 1 }, 2, 3])
    expect(names((await rig.collect()).metrics)).toEqual(['ok'])
    expect(messages()).toEqual([
      'collector odd returned something invalid: number where a metric is wanted (and 2 more faults)',
    ])
  })

  test('an array with methods of its own is read by its indexes', async () => {
    const odd = Object.assign(one('real'), {
      slice: () => one('sliced'),
      [Symbol.iterator]: function* () {
        yield { name: 'iterated', value: 1 }
      },
    })
    rig.add('odd', () => odd)
    expect(names((await rig.collect()).metrics)).toEqual(['real'])
  })

  test('what is read is read once', async () => {
    let looks = 0
    rig.add('odd', () => [
      Object.defineProperty({ name: 'm' }, 'value', { get: () => (looks++ === 0 ? 1 : () => {}) }),
    ])
    expect((await rig.collect()).metrics).toMatchObject([{ value: 1 }])
  })
})

describe('clashes', () => {
  test('of a series within a collector, and between two, whatever the order of labels', async () => {
    rig.add('first', () => [
      { name: 'm', value: 1, labels: { a: 1, b: 2 } },
      { name: 'm', value: 2, labels: { b: '2', a: '1' } },
      { name: 'm', value: 3, labels: { a: 1 } },
    ])
    rig.add('second', async () => [
      { name: 'm', value: 4, labels: { a: 1 } },
      { name: 'm', value: 5 },
    ])
    const { metrics } = await rig.collect()
    expect(metrics.map(({ value }) => value)).toEqual([1, 3, 5])
    expect(messages()).toEqual([
      'collector first returned something invalid: m twice with the same labels',
      'collector second returned something invalid: m twice with the same labels',
    ])
  })

  test('of types', async () => {
    rig.add('first', () => [{ name: 'm', type: 'counter', value: 1 }])
    rig.add('second', () => [{ name: 'm', type: 'gauge', value: 2, labels: { a: 'b' } }])
    const { metrics } = await rig.collect()
    expect(metrics.map(({ value }) => value)).toEqual([1])
    expect(messages()).toEqual([
      'collector second returned something invalid: m is a gauge here and a counter elsewhere',
    ])
  })

  test('through the labels that every metric has', async () => {
    rig = new Rig({ region: 'eu' })
    rig.add('one', () => [
      { name: 'm', value: 1 },
      { name: 'm', value: 2, labels: { region: 'us' } },
      { name: 'm', value: 3, labels: { region: 'eu' } },
    ])
    const { metrics } = await rig.collect()
    expect(metrics.map(({ value }) => value)).toEqual([1, 2])
    expect(messages()).toEqual(['collector one returned something invalid: m twice with the same labels'])
  })

  test.each(builtin.map(({ name }) => name))('with our own %s', async (name) => {
    rig.add('thief', () => [...one(name), ...one('own')])
    expect(names((await rig.collect()).metrics)).toEqual(['own'])
    expect(messages()).toEqual([
      `collector thief returned something invalid: ${name} is a metric of offloop itself`,
    ])
  })

  test('end with the batch', async () => {
    let type = 'gauge'
    rig.add('changing', () => [{ name: 'm', type, value: 1 }])
    await rig.collect()
    type = 'counter'
    expect((await rig.collect()).metrics).toMatchObject([{ name: 'm', type: 'counter' }])
    expect(rig.failures).toEqual([])
  })
})

describe('a slow collector', () => {
  test('is waited for, and called once however often the sampling thread asks', async () => {
    let calls = 0
    rig.add('fast', () => one('a'))
    rig.add('slow', () => {
      calls++
      return later(650, one('b'))
    })
    rig.add('slower', () => later(900, one('c')))
    const { metrics, tookMs } = await rig.collect()
    expect(names(metrics)).toEqual(['a', 'b', 'c'])
    expect(tookMs).toBe(900 + PROMPT_MS)
    expect(calls).toBe(1)
    expect(rig.asked.length).toBeGreaterThan(5)
    expect(new Set(rig.asked).size).toBe(1)
  })

  test('that never ends costs its batch the deadline, and the next ones nothing', async () => {
    let calls = 0
    rig.add('stuck', () => {
      calls++
      return never()
    })
    rig.add('good', () => one('good'))
    const first = await rig.collect()
    expect(names(first.metrics)).toEqual(['good'])
    expect(first.tookMs).toBeLessThanOrEqual(TIMEOUT_MS + PROMPT_MS)
    await vi.advanceTimersByTimeAsync(PROMPT_MS)
    expect(messages()).toEqual(['collector stuck took longer than 1000 ms'])

    for (let again = 0; again < 3; again++) {
      const next = await rig.collect()
      expect(names(next.metrics)).toEqual(['good'])
      expect(next.tookMs).toBe(PROMPT_MS)
    }
    expect(calls).toBe(1)
    expect(messages().slice(1)).toEqual(
      new Array(3).fill('collector stuck has not finished its call of an earlier sample'),
    )
  })

  test('is called again once it has ended, and what it brought too late is in no batch', async () => {
    let calls = 0
    rig.add('slow', () => {
      calls++
      return calls === 1 ? later(1_500, one('late')) : one('prompt')
    })
    rig.add('good', () => one('good'))
    expect(names((await rig.collect()).metrics)).toEqual(['good'])
    expect(names((await rig.collect()).metrics)).toEqual(['good'])
    await vi.advanceTimersByTimeAsync(1_000)
    expect(names((await rig.collect()).metrics)).toEqual(['prompt', 'good'])
    expect(calls).toBe(2)
    expect(messages()).toEqual([
      'collector slow took longer than 1000 ms',
      'collector slow has not finished its call of an earlier sample',
    ])
  })

  test('that ends after a batch has left brings nothing to scrapes either', async () => {
    rig.add('slow', () => later(300, one('slow')))
    await rig.collect(50)
    await vi.advanceTimersByTimeAsync(500)
    expect(rig.round.latest).toEqual([])
  })

  test('that fails only after its deadline is reported once, and no rejection goes unhandled', async () => {
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    rig.add('slow', () => later(1_500, undefined).then(() => Promise.reject(new Error('at last'))))
    await rig.collect()
    await vi.advanceTimersByTimeAsync(1_000)
    vi.useRealTimers()
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', unhandled)
    expect(unhandled).not.toHaveBeenCalled()
    expect(messages()).toEqual(['collector slow took longer than 1000 ms'])
  })

  test('still at it when the next sample comes early is reported, and its result claims nothing there', async () => {
    rig.add('slow', () => later(300, one('shared')))
    // Comes to its turn in the next batch only after the slow one of this batch has ended.
    rig.add('other', () => (rig.asked.at(-1) === rig.asked[0] ? [] : later(400, one('shared', 2))))
    // A batch that waits 50 ms only: a flush, or a main thread that was busy for the rest.
    expect((await rig.collect(50)).metrics).toEqual([])
    const { metrics, tookMs } = await rig.collect()
    expect(metrics).toMatchObject([{ name: 'shared', value: 2 }])
    expect(tookMs).toBe(400 + PROMPT_MS)
    expect(messages()).toEqual(['collector slow has not finished its call of an earlier sample'])
  })
})

describe('a stuck main thread', () => {
  test('delays a batch by the silence at most, and further ones not at all', async () => {
    rig.add('good', () => one('good'))
    rig.stuck = true
    expect(await rig.collect()).toEqual({ metrics: [], tookMs: SILENCE_MS })
    for (let again = 0; again < 100; again++) expect(await rig.collect()).toEqual({ metrics: [], tookMs: 0 })
  })

  test('finds one question when it is back, whose answer nobody waits for any more', async () => {
    let calls = 0
    rig.add('good', () => one('good', ++calls))
    rig.stuck = true
    for (let again = 0; again < 100; again++) await rig.collect()
    expect(rig.unread).toBe(1)
    await rig.unstick()
    expect(calls).toBe(1)
    expect(rig.round.latest).toEqual([])

    const { metrics, tookMs } = await rig.collect()
    expect(metrics).toMatchObject([{ name: 'good', value: 2 }])
    expect(tookMs).toBe(PROMPT_MS)
  })

  test('back in the middle of a round does not answer for an earlier one', async () => {
    let calls = 0
    rig.add('good', () => one('good', ++calls))
    rig.stuck = true
    await rig.collect()
    const round = rig.collect()
    await rig.unstick()
    // This one had asked nothing, as a question was out already.
    expect((await round).metrics).toEqual([])
    expect((await rig.collect()).metrics).toMatchObject([{ value: 2 }])
  })

  test('stuck while a collector is slow: the batch leaves with what there is, after the silence', async () => {
    rig.add('fast', () => one('fast'))
    rig.add('slow', () => later(500, one('slow')))
    setTimeout(() => {
      rig.stuck = true
    }, 250)
    const { metrics, tookMs } = await rig.collect()
    expect(names(metrics)).toEqual(['fast'])
    // Asked at 200 ms and answered, asked at 300 ms and not.
    expect(tookMs).toBe(400)
    expect(rig.unread).toBe(1)

    await vi.advanceTimersByTimeAsync(5_000)
    await rig.unstick()
    const next = await rig.collect()
    expect(names(next.metrics)).toEqual(['fast', 'slow'])
    expect(next.tookMs).toBe(500 + PROMPT_MS)
  })

  test('never takes a batch beyond its own deadline, be it shorter than the silence', async () => {
    rig.add('slow', () => later(500, one('slow')))
    expect((await rig.collect(30)).tookMs).toBe(30)
    rig.stuck = true
    expect((await rig.collect(30)).tookMs).toBe(30)
  })
})

describe('collectors that come and go', () => {
  test('a removed one is called no more, and the rest go on', async () => {
    const calls: string[] = []
    const add = (name: string) =>
      rig.add(name, () => {
        calls.push(name)
        return one(name)
      })
    add('a')
    const remove = add('b')
    add('c')
    expect(rig.collectors.size).toBe(3)
    await rig.collect()
    remove()
    remove()
    expect(rig.collectors.size).toBe(2)
    expect(names((await rig.collect()).metrics)).toEqual(['a', 'c'])
    expect(calls).toEqual(['a', 'b', 'c', 'a', 'c'])
  })

  test('the same one twice is two, each removed by its own', async () => {
    const shared: Collector = { collect: () => [] }
    const removeFirst = rig.collectors.add(shared)
    rig.collectors.add(shared)
    expect(rig.collectors.size).toBe(2)
    removeFirst()
    removeFirst()
    expect(rig.collectors.size).toBe(1)
  })

  test.each<[string, () => unknown]>([
    ['brings metrics', () => one('removed')],
    ['rejects, perhaps because of that', () => Promise.reject(new Error('pool closed'))],
    ['brings nonsense', () => 'nonsense'],
  ])('one that is removed during its call and then %s is not heard of', async (_, end) => {
    const remove = rig.add('removed', () => later(300, undefined).then(end))
    rig.add('slow', () => later(500, one('slow')))
    setTimeout(remove, 100)
    const { metrics, tookMs } = await rig.collect()
    expect(names(metrics)).toEqual(['slow'])
    expect(tookMs).toBe(500 + PROMPT_MS)
    expect(rig.failures).toEqual([])
  })

  test('one that is removed during its call and hangs is not reported', async () => {
    setTimeout(rig.add('removed', never), 100)
    expect((await rig.collect()).metrics).toEqual([])
    await vi.advanceTimersByTimeAsync(TIMEOUT_MS)
    expect(rig.failures).toEqual([])
  })

  test('one that another removes in the same sample is not called, and one that removes itself is done', async () => {
    const second = vi.fn(() => one('second'))
    const removeFirst = rig.add('first', () => {
      removeFirst()
      removeSecond()
      return one('first')
    })
    const removeSecond = rig.add('second', second)
    rig.add('third', () => one('third'))
    expect(names((await rig.collect()).metrics)).toEqual(['first', 'third'])
    expect(names((await rig.collect()).metrics)).toEqual(['third'])
    expect(second).not.toHaveBeenCalled()
  })

  test('one that a collector adds has its turn in the next sample', async () => {
    let added = 0
    // Each adds another, which adds another: endless, were they called in the same sample.
    const breed = (): unknown => {
      if (added++ > 1_000) throw new Error('endless')
      rig.add('child', breed)
      return []
    }
    rig.add('parent', breed)
    await rig.collect()
    expect(rig.collectors.size).toBe(2)
    await rig.collect()
    expect(rig.collectors.size).toBe(4)
    expect(rig.failures).toEqual([])
  })

  test('none at all: a round ends at the first answer', async () => {
    expect(await rig.collect()).toEqual({ metrics: [], tookMs: PROMPT_MS })
  })
})

describe('addCollector refuses', () => {
  test.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['a function', () => []],
    ['an object without collect', {}],
    ['a collect that is no function', { collect: [] }],
    ['a name that is no text', { collect: () => [], name: 1 }],
    ['an empty name', { collect: () => [], name: '' }],
    ['a name that is too long for a label', { collect: () => [], name: 'x'.repeat(1_025) }],
  ])('%s', (_, collector) => {
    expect(() => rig.collectors.add(collector as Collector)).toThrow(TypeError)
    expect(rig.collectors.size).toBe(0)
  })

  test('no collector without a name: it is numbered', async () => {
    for (let count = 0; count < 2; count++) {
      rig.collectors.add({
        collect: () => {
          throw new Error('x')
        },
      })
    }
    await rig.collect()
    expect(rig.failures.map(({ name }) => name)).toEqual(['collector-1', 'collector-2'])
  })

  test('and collect is called as a method', async () => {
    class Pool implements Collector {
      readonly #size = 3
      collect() {
        return one('pool_size', this.#size)
      }
    }
    rig.collectors.add(new Pool())
    expect((await rig.collect()).metrics).toMatchObject([{ name: 'pool_size', value: 3 }])
  })
})
