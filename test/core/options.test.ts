import { inspect } from 'node:util'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { dist } from '../dist'

const { resolveOptions } = dist<typeof import('../../src/core/options')>('core/options.js')

const URL_ = 'http://localhost:8080/v1/ingest'
const resolve = (options: unknown) => resolveOptions(options, () => 'from-package')

interface Refusal {
  readonly type: string
  readonly code: unknown
  readonly option: unknown
  readonly message: string
}

/** What is thrown for `options`, which must be a refusal as documented and nothing else. */
function refusal(options: unknown): Refusal {
  let thrown: unknown
  try {
    resolve(options)
  } catch (error) {
    thrown = error
  }
  const error = thrown as Error & { code?: unknown; option?: unknown }
  const type = error instanceof TypeError ? 'TypeError' : error instanceof RangeError ? 'RangeError' : 'other'
  const { code, option, message } = error
  expect({ type, code }).toEqual({
    type: expect.stringMatching(/^(Type|Range)Error$/),
    code: 'ERR_OFFLOOP_INVALID_OPTION',
  })
  expect(message).toContain(`option ${option} `)
  expect(message.length).toBeLessThan(400)
  return { type, code, option, message }
}

/** One tinyobs exporter, with `changes`. */
const tinyobs = (changes: object = {}) => ({ exporters: [{ type: 'tinyobs', url: URL_, ...changes }] })

describe('what is accepted', () => {
  test('defaults, from nothing, null and an empty object alike', () => {
    const defaults = {
      service: 'from-package',
      intervalMs: 10_000,
      serve: undefined,
      exporters: [],
      labels: {},
      store: { maxBytes: 2_097_152 },
      heapObjects: true,
      heapAccounting: true,
      resourcesByType: false,
      collectorTimeoutMs: 1_000,
      exitFlushMs: 500,
      stall: { thresholdMs: 1_000, workers: false },
    }
    for (const options of [undefined, null, {}, Object.create(null)]) {
      expect(resolve(options)).toEqual({ settings: defaults, functions: [] })
    }
  })

  test('every option as it was given', () => {
    const first = () => {}
    const second = async () => {}
    const given = {
      service: 'api',
      intervalMs: 500,
      serve: { host: '::', port: 0, hosts: ['metrics.example'], token: 'secret', names: 'go' },
      exporters: [first, { type: 'tinyobs', url: URL_, key: 'key', timeoutMs: 5_000, names: 'go' }, second],
      labels: { region: 'eu', zone: 'b' },
      store: { maxBytes: 65_536 },
      heapObjects: false,
      heapAccounting: false,
      resourcesByType: true,
      collectorTimeoutMs: 250,
      exitFlushMs: 0,
      stall: { thresholdMs: 250, workers: true },
    }
    const { settings, functions } = resolve(given)
    const { exporters, ...others } = given
    expect(settings).toEqual({ ...others, exporters: [exporters[1]] })
    expect(functions).toEqual([first, second])
  })

  test('serve: true and an empty object are the default address', () => {
    const address = { host: '127.0.0.1', port: 9464, hosts: [], token: undefined, names: 'canonical' }
    expect(resolve({ serve: true }).settings.serve).toEqual(address)
    expect(resolve({ serve: {} }).settings.serve).toEqual(address)
    expect(resolve({ serve: false }).settings.serve).toBeUndefined()
  })

  test('stall: false watches nothing', () => {
    expect(resolve({ stall: false }).settings.stall).toBeUndefined()
    expect(resolve({ stall: { workers: true } }).settings.stall).toEqual({
      thresholdMs: 1_000,
      workers: true,
    })
  })

  test('defaults of an exporter, and its URL normalized', () => {
    expect(resolve(tinyobs({ url: 'HTTPS://Example.com' })).settings.exporters).toEqual([
      { type: 'tinyobs', url: 'https://example.com/', key: undefined, timeoutMs: 10_000, names: 'canonical' },
    ])
  })

  test('the limits of each range', () => {
    for (const intervalMs of [100, 3_600_000])
      expect(resolve({ intervalMs }).settings).toMatchObject({ intervalMs })
    for (const exitFlushMs of [0, 10_000]) {
      expect(resolve({ exitFlushMs }).settings).toMatchObject({ exitFlushMs })
    }
    for (const thresholdMs of [100, 600_000]) {
      expect(resolve({ stall: { thresholdMs } }).settings.stall).toMatchObject({ thresholdMs })
    }
    for (const port of [0, 65_535])
      expect(resolve({ serve: { port } }).settings.serve).toMatchObject({ port })
    for (const timeoutMs of [100, 120_000]) {
      expect(resolve(tinyobs({ timeoutMs })).settings.exporters).toMatchObject([{ timeoutMs }])
    }
    for (const collectorTimeoutMs of [10, 60_000]) {
      expect(resolve({ intervalMs: 3_600_000, collectorTimeoutMs }).settings).toMatchObject({
        collectorTimeoutMs,
      })
    }
  })

  test('a collector never has more than half of the interval', () => {
    expect(resolve({ intervalMs: 150 }).settings.collectorTimeoutMs).toBe(75)
    expect(resolve({ intervalMs: 150, collectorTimeoutMs: 74 }).settings.collectorTimeoutMs).toBe(74)
    expect(resolve({ intervalMs: 4_000, collectorTimeoutMs: 60_000 }).settings.collectorTimeoutMs).toBe(2_000)
  })

  test('as many labels, and as long ones, as TinyObs takes', () => {
    const labels = Object.fromEntries(Array.from({ length: 16 }, (_, index) => [`label_${index}`, 'x']))
    expect(Object.keys(resolve({ labels }).settings.labels)).toHaveLength(16)
    const longest = { ['n'.repeat(256)]: 'é'.repeat(512) }
    expect(resolve({ labels: longest }).settings.labels).toEqual(longest)
    expect(resolve({ labels: { region: '🌍 "\\\n\u0000' } }).settings.labels.region).toBe('🌍 "\\\n\u0000')
  })

  test('the default service is not asked for where one is given', () => {
    const { settings } = resolveOptions({ service: 'api' }, () => {
      throw new Error('asked')
    })
    expect(settings.service).toBe('api')
  })

  test('settings are plain data that can be posted to another thread', () => {
    const { settings } = resolve({
      ...tinyobs({ key: 'key' }),
      serve: { hosts: ['a'], token: 't' },
      labels: { region: 'eu' },
    })
    expect(structuredClone(settings)).toEqual(settings)
  })

  test('settings share nothing with what was given', () => {
    const hosts = ['a']
    const labels = { region: 'eu' }
    const { settings } = resolve({ serve: { hosts }, labels })
    hosts.push('b')
    labels.region = 'us'
    expect(settings.serve?.hosts).toEqual(['a'])
    expect(settings.labels).toEqual({ region: 'eu' })
  })

  test('an object of a class, of another realm, and a module namespace', async () => {
    class Config {
      service = 'class'
    }
    expect(resolve(new Config()).settings.service).toBe('class')
    expect(resolve(runInNewContext('({ service: "realm", exporters: [] })')).settings.service).toBe('realm')
    // A variable, since TypeScript looks for what a literal names.
    const url = 'data:text/javascript,export const service = "module"'
    const namespace: unknown = await import(url)
    expect(resolve(namespace).settings.service).toBe('module')
  })
})

describe('wrong types', () => {
  const all: [unknown, string][] = [
    [undefined, 'undefined'],
    [null, 'null'],
    ['', '""'],
    ['text', '"text"'],
    [1, '1'],
    [true, 'true'],
    [1n, '1n'],
    [Symbol('s'), 'Symbol(s)'],
    [() => {}, 'a function'],
    [{}, 'an object'],
    [[], 'an array'],
    [new Date(0), '[object Date]'],
    [new Map(), '[object Map]'],
    [new Set(), '[object Set]'],
    [Promise.resolve({}), '[object Promise]'],
    [/x/, '[object RegExp]'],
    [Object('boxed'), '[object String]'],
    [new Uint8Array(2), '[object Uint8Array]'],
  ]

  // Where each type can be wrong, and which of `all` are none there, undefined and null stand for the default.
  const places: [
    option: string,
    given: (value: unknown) => unknown,
    right: readonly string[],
    expected: string,
  ][] = [
    ['options', (value) => value, ['undefined', 'null', 'an object'], 'an object'],
    ['service', (service) => ({ service }), ['undefined', 'null', '""', '"text"'], 'a string'],
    ['intervalMs', (intervalMs) => ({ intervalMs }), ['undefined', 'null', '1'], 'a number'],
    [
      'collectorTimeoutMs',
      (collectorTimeoutMs) => ({ collectorTimeoutMs }),
      ['undefined', 'null', '1'],
      'a number',
    ],
    ['exitFlushMs', (exitFlushMs) => ({ exitFlushMs }), ['undefined', 'null', '1'], 'a number'],
    ['store', (store) => ({ store }), ['undefined', 'null', 'an object'], 'an object'],
    ['store.maxBytes', (maxBytes) => ({ store: { maxBytes } }), ['undefined', 'null', '1'], 'a number'],
    ['heapObjects', (heapObjects) => ({ heapObjects }), ['undefined', 'null', 'true'], 'a boolean'],
    ['heapAccounting', (heapAccounting) => ({ heapAccounting }), ['undefined', 'null', 'true'], 'a boolean'],
    [
      'resourcesByType',
      (resourcesByType) => ({ resourcesByType }),
      ['undefined', 'null', 'true'],
      'a boolean',
    ],
    ['labels', (labels) => ({ labels }), ['undefined', 'null', 'an object'], 'an object'],
    ['labels.region', (region) => ({ labels: { region } }), ['""', '"text"'], 'a string'],
    ['serve', (serve) => ({ serve }), ['undefined', 'null', 'true', 'an object'], 'a boolean or an object'],
    ['serve.host', (host) => ({ serve: { host } }), ['undefined', 'null', '""', '"text"'], 'a string'],
    ['serve.port', (port) => ({ serve: { port } }), ['undefined', 'null', '1'], 'a number'],
    ['serve.hosts', (hosts) => ({ serve: { hosts } }), ['undefined', 'null', 'an array'], 'an array'],
    ['serve.hosts[1]', (host) => ({ serve: { hosts: ['a', host] } }), ['""', '"text"'], 'a string'],
    ['serve.share', (share) => ({ serve: { share } }), ['undefined', 'true'], 'a boolean'],
    ['exporters', (exporters) => ({ exporters }), ['undefined', 'null', 'an array'], 'an array'],
    ['exporters[0]', (one) => ({ exporters: [one] }), ['a function', 'an object'], 'a function or an object'],
    ['exporters[0].type', (type) => tinyobs({ type }), ['""', '"text"'], 'a string'],
    ['exporters[0].url', (url) => tinyobs({ url }), ['""', '"text"'], 'a string'],
    ['exporters[0].timeoutMs', (timeoutMs) => tinyobs({ timeoutMs }), ['undefined', 'null', '1'], 'a number'],
    ['exporters[0].names', (names) => tinyobs({ names }), ['undefined', 'null', '""', '"text"'], 'a string'],
    ['stall', (stall) => ({ stall }), ['undefined', 'null', 'false', 'an object'], 'false or an object'],
    [
      'stall.thresholdMs',
      (thresholdMs) => ({ stall: { thresholdMs } }),
      ['undefined', 'null', '1'],
      'a number',
    ],
    [
      'stall.workers',
      (workers) => ({ stall: { workers } }),
      ['undefined', 'null', 'true', 'false'],
      'a boolean',
    ],
    ['serve.names', (names) => ({ serve: { names } }), ['undefined', 'null', '""', '"text"'], 'a string'],
  ]

  test.each(places)('%s', (option, given, right, expected) => {
    for (const [value, shown] of all) {
      if (right.includes(shown)) continue
      expect(refusal(given(value)), shown).toMatchObject({
        type: 'TypeError',
        option,
        message: `offloop: option ${option} must be ${expected}, and is ${shown}`,
      })
    }
  })

  test.each([
    ['serve.token', (token: unknown) => ({ serve: { token } })],
    ['exporters[0].key', (key: unknown) => tinyobs({ key })],
  ])('%s, whose value is not shown', (option, given) => {
    for (const [value, shown] of all) {
      if (value === undefined || typeof value === 'string') continue
      expect(refusal(given(value)), shown).toMatchObject({
        type: 'TypeError',
        option,
        message: `offloop: option ${option} must be a string, and is of type ${typeof value}`,
      })
    }
  })
})

describe('ranges', () => {
  const numbers = [Number.NaN, Infinity, -Infinity, -1, 0.5, Number.MAX_VALUE, Number.MIN_VALUE]

  test.each<[string, (value: number) => unknown, readonly number[], string]>([
    ['intervalMs', (intervalMs) => ({ intervalMs }), [99, 3_600_001, 100.5, -0], '100 to 3600000'],
    ['collectorTimeoutMs', (collectorTimeoutMs) => ({ collectorTimeoutMs }), [9, 60_001, -0], '10 to 60000'],
    ['exitFlushMs', (exitFlushMs) => ({ exitFlushMs }), [10_001], '0 to 10000'],
    [
      'store.maxBytes',
      (maxBytes) => ({ store: { maxBytes } }),
      [65_535, 1_073_741_825],
      '65536 to 1073741824',
    ],
    ['stall.thresholdMs', (thresholdMs) => ({ stall: { thresholdMs } }), [99, 600_001, -0], '100 to 600000'],
    ['serve.port', (port) => ({ serve: { port } }), [65_536], '0 to 65535'],
    ['exporters[0].timeoutMs', (timeoutMs) => tinyobs({ timeoutMs }), [99, 120_001, -0], '100 to 120000'],
  ])('%s', (option, given, more, range) => {
    for (const value of [...numbers, ...more]) {
      expect(refusal(given(value)), inspect(value)).toMatchObject({
        type: 'RangeError',
        option,
        message: `offloop: option ${option} must be a whole number from ${range}, and is ${value}`,
      })
    }
  })

  test.each<[string, unknown]>([
    ['service', { service: '' }],
    ['labels.region', { labels: { region: '' } }],
    ['serve.host', { serve: { host: '' } }],
    ['serve.hosts[0]', { serve: { hosts: [''] } }],
    ['serve.token', { serve: { token: '' } }],
    ['exporters[0].url', tinyobs({ url: '' })],
    ['exporters[0].key', tinyobs({ key: '' })],
  ])('%s must not be empty', (option, options) => {
    expect(refusal(options)).toMatchObject({ type: 'RangeError', option })
  })

  test.each([
    ['1025 bytes', 'x'.repeat(1025)],
    // 513 characters: TinyObs counts the bytes.
    ['1026 bytes of UTF-8', 'é'.repeat(513)],
    ['a lone surrogate', 'a\ud800b'],
    ['a lone second surrogate', 'a\udc00'],
  ])('a label value of %s', (_, value) => {
    expect(refusal({ service: value })).toMatchObject({ type: 'RangeError', option: 'service' })
    expect(refusal({ labels: { a: value } })).toMatchObject({ type: 'RangeError', option: 'labels.a' })
  })

  test('a port of its own for each process cannot be shared', () => {
    expect(refusal({ serve: { port: 0, share: true } })).toMatchObject({
      type: 'RangeError',
      option: 'serve.port',
      message:
        'offloop: option serve.port must not be 0 with serve.share: each process would take another one',
    })
    expect(resolve({ serve: { port: 0, share: false } }).settings.serve).toMatchObject({ share: false })
  })

  test('17 labels: TinyObs takes 20, and service, thread, one of a metric and le of a bucket are needed', () => {
    const labels = Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`label_${index}`, 'x']))
    expect(refusal({ labels })).toMatchObject({
      type: 'RangeError',
      message: 'offloop: option labels has 17 labels, and may have 16',
    })
  })

  test.each<[string, unknown, string]>([
    [
      'serve.names',
      { serve: { names: 'promclient' } },
      'is "promclient", and must be one of canonical, go, prom-client: did you mean prom-client?',
    ],
    // A push has no scrape target, whose labels would say which process it is.
    [
      'exporters[0].names',
      tinyobs({ names: 'prom-client' }),
      'is "prom-client", and must be one of canonical, go',
    ],
  ])('%s is one of few', (option, options, message) => {
    expect(refusal(options)).toMatchObject({
      type: 'RangeError',
      option,
      message: `offloop: option ${option} ${message}`,
    })
  })

  test('lists without end', () => {
    const endless = new Array(2 ** 32 - 1)
    expect(refusal({ exporters: endless })).toMatchObject({ type: 'RangeError', option: 'exporters' })
    expect(refusal({ serve: { hosts: endless } })).toMatchObject({
      type: 'RangeError',
      option: 'serve.hosts',
    })
  })
})

describe('names', () => {
  test.each<[string, unknown, string]>([
    ['intervalMs', { intervallMs: 1 }, 'intervallMs'],
    ['intervalMs', { interval: 1 }, 'interval'],
    ['service', { Service: 'a' }, 'Service'],
    ['exporters', { exporter: [] }, 'exporter'],
    ['labels', { lables: {} }, 'lables'],
    ['heapObjects', { heapobjects: true }, 'heapobjects'],
    ['collectorTimeoutMs', { collectorTimeout: 1 }, 'collectorTimeout'],
    ['serve', { server: true }, 'server'],
    ['port', { serve: { prot: 1 } }, 'serve.prot'],
    ['hosts', { serve: { hostss: [] } }, 'serve.hostss'],
    ['host', { serve: { hst: 'a' } }, 'serve.hst'],
    ['token', { serve: { tokens: 'a' } }, 'serve.tokens'],
    ['url', { exporters: [() => {}, { type: 'tinyobs', uri: URL_ }] }, 'exporters[1].uri'],
    ['key', tinyobs({ kye: 'a' }), 'exporters[0].kye'],
    ['timeoutMs', tinyobs({ timeout: 1 }), 'exporters[0].timeout'],
    ['type', { exporters: [{ tpye: 'tinyobs', url: URL_ }] }, 'exporters[0].tpye'],
  ])('%s is the nearest to what was written in %j', (nearest, options, option) => {
    expect(refusal(options)).toMatchObject({
      type: 'TypeError',
      option,
      message: `offloop: option ${option} is unknown: did you mean ${nearest}?`,
    })
  })

  test.each<[string, unknown]>([
    ['color', { color: 1 }],
    ['', { '': 1 }],
    ['x', { x: undefined }],
    ['serve.verbose', { serve: { verbose: true } }],
    ['constructor', { constructor: 1 }],
    ['toString', { toString: 1 }],
  ])('%j resembles none', (option, options) => {
    expect(refusal(options)).toMatchObject({
      type: 'TypeError',
      option,
      message: `offloop: option ${option} is unknown`,
    })
  })

  test('an unknown type of exporter', () => {
    expect(refusal(tinyobs({ type: 'tinybos' }))).toMatchObject({
      type: 'RangeError',
      option: 'exporters[0].type',
      message:
        'offloop: option exporters[0].type is "tinybos", and must be one of tinyobs, otlp, dogstatsd, module: did you mean tinyobs?',
    })
    // Names that every object has are no types.
    for (const type of ['constructor', '__proto__', 'graphite']) {
      expect(refusal(tinyobs({ type })).message).toBe(
        `offloop: option exporters[0].type is "${type}", and must be one of tinyobs, otlp, dogstatsd, module`,
      )
    }
  })

  test.each(['service', 'thread', 'le', 'quantile'])('the label %s is reserved', (name) => {
    expect(refusal({ labels: { [name]: 'x' } })).toMatchObject({
      type: 'RangeError',
      option: `labels.${name}`,
      message: `offloop: option labels.${name} has a name that offloop uses itself`,
    })
  })

  test.each(['', '1st', 'a-b', 'a.b', 'a b', 'é', 'a:b', 'a\n', '__name__', 'n'.repeat(257)])(
    'no label can be called %j',
    (name) => {
      const { type, message } = refusal({ labels: { [name]: 'x' } })
      expect(type).toBe('RangeError')
      expect(message).toMatch(/ has a name that must (match|not start with __|have at most 256)/)
    },
  )
})

describe('URLs', () => {
  test.each([
    ['localhost', 'must be an absolute URL'],
    ['/v1/ingest', 'must be an absolute URL'],
    ['http://', 'must be an absolute URL'],
    ['http://a:99999', 'must be an absolute URL'],
    ['http://a b/', 'must be an absolute URL'],
    ['localhost:8080/v1/ingest', 'must start with http:// or https://, and starts with localhost:'],
    ['ftp://localhost', 'must start with http:// or https://, and starts with ftp:'],
    ['http://user@localhost', 'must not hold a user name or password'],
    ['http://:pass@localhost', 'must not hold a user name or password'],
  ])('%s', (url, message) => {
    const thrown = refusal(tinyobs({ url }))
    expect(thrown).toMatchObject({ type: 'RangeError', option: 'exporters[0].url' })
    expect(thrown.message).toContain(message)
  })
})

describe('secrets', () => {
  const SECRET = 'sw0rdfish'

  test.each<[string, unknown]>([
    ['a token that is no header', { serve: { token: `${SECRET}\n` } }],
    ['a token with spaces', { serve: { token: `${SECRET} ${SECRET}` } }],
    ['a token that is not ASCII', { serve: { token: `${SECRET}é` } }],
    ['a key that is no header', tinyobs({ key: `${SECRET}\r\nHost: x` })],
    ['a key that is an array', tinyobs({ key: [SECRET] })],
    ['a key that is an object', tinyobs({ key: { toString: () => SECRET } })],
    ['a password in a URL', tinyobs({ url: `http://user:${SECRET}@localhost` })],
    ['a user name in a URL', tinyobs({ url: `http://${SECRET}@localhost` })],
    ['a password in a URL that is none', tinyobs({ url: `http://user:${SECRET}@:x` })],
    ['a misspelt token', { serve: { tokken: SECRET } }],
    ['a misspelt key', tinyobs({ kye: SECRET })],
  ])('%s is not in the message', (_, options) => {
    const { message } = refusal(options)
    expect(message).not.toContain(SECRET)
  })
})

describe('hostile input', () => {
  const boom = (): never => {
    throw Object.create(null)
  }
  const throwing = new Proxy(
    {},
    Object.fromEntries(
      ['get', 'has', 'ownKeys', 'getOwnPropertyDescriptor', 'getPrototypeOf'].map((trap) => [trap, boom]),
    ),
  )
  const revoked = (target: object) => {
    const { proxy, revoke } = Proxy.revocable(target, {})
    revoke()
    return proxy
  }
  const getter = (name: string, get: () => unknown = boom) =>
    Object.defineProperty({}, name, { enumerable: true, get })
  const untold = Object.defineProperty({}, Symbol.toStringTag, { get: boom })

  test.each<[string, string, unknown]>([
    ['a getter that throws', 'options', getter('service')],
    ['a getter that throws, of labels', 'labels', { labels: getter('region') }],
    ['a getter that throws, of serve', 'serve', { serve: getter('token') }],
    ['a getter that throws, of an exporter', 'exporters[0]', { exporters: [getter('url')] }],
    [
      'a getter that throws, of an array',
      'serve.hosts',
      { serve: { hosts: Object.defineProperty([], 0, { get: boom }) } },
    ],
    ['a proxy that throws', 'options', throwing],
    ['a proxy that throws, as labels', 'labels', { labels: throwing }],
    ['a proxy that throws, as a value', 'service', { service: throwing }],
    ['a revoked proxy', 'options', revoked({})],
    ['a revoked proxy of an array', 'exporters', { exporters: revoked([]) }],
    ['a revoked proxy as an exporter', 'exporters[0]', { exporters: [revoked({})] }],
    ['a revoked proxy as a number', 'intervalMs', { intervalMs: revoked({}) }],
    ['a tag that throws', 'options', untold],
    ['a tag that throws, as a value', 'heapObjects', { heapObjects: untold }],
    ['a hole', 'exporters[0]', { exporters: new Array(1) }],
    ['a hole among hosts', 'serve.hosts[1]', { serve: { hosts: Object.assign(new Array(2), ['a']) } }],
    ['an own __proto__', '__proto__', JSON.parse('{ "__proto__": { "service": "x" } }')],
    ['a label __proto__', 'labels.__proto__', { labels: JSON.parse('{ "__proto__": "x" }') }],
    ['a value with a toString', 'intervalMs', { intervalMs: { valueOf: () => 1000, toString: boom } }],
  ])('%s', (_, option, options) => {
    expect(refusal(options).option).toBe(option)
  })

  test('huge texts neither take long nor fill the message', () => {
    const huge = 'x'.repeat(20_000_000)
    for (const options of [
      huge,
      { [huge]: 1 },
      { service: huge },
      { serve: { [huge]: 1 } },
      { labels: { [huge]: 'x' } },
      { exporters: [{ type: huge }] },
      tinyobs({ [huge]: 1 }),
      tinyobs({ url: huge }),
      { intervalMs: huge },
      { intervalMs: 10n ** 100_000n },
      { intervalMs: Symbol(huge) },
      { intervalMs: Object.defineProperty({}, Symbol.toStringTag, { value: huge }) },
    ]) {
      refusal(options)
    }
  })

  test('what is used is what was checked: everything is read once', () => {
    const reads: string[] = []
    const once = <T extends object>(target: T, path: string): T =>
      new Proxy(target, {
        get(object, name) {
          if (typeof name === 'symbol') return Reflect.get(object, name)
          if (!reads.includes(`${path}${name}`)) {
            reads.push(`${path}${name}`)
            return Reflect.get(object, name)
          }
          return Symbol('another value at the second look')
        },
      })
    const { settings, functions } = resolve(
      once(
        {
          service: 'api',
          intervalMs: 1_000,
          labels: once({ region: 'eu' }, 'labels.'),
          serve: once({ port: 1, hosts: ['a'], token: 't' }, 'serve.'),
          exporters: [() => {}, once({ type: 'tinyobs', url: URL_, key: 'k' }, 'exporter.')],
        },
        '',
      ),
    )
    expect(settings).toMatchObject({
      service: 'api',
      intervalMs: 1_000,
      labels: { region: 'eu' },
      serve: { port: 1, hosts: ['a'], token: 't' },
      exporters: [{ type: 'tinyobs', url: URL_, key: 'k' }],
    })
    expect(functions).toHaveLength(1)
    expect(reads).toHaveLength(12)
  })

  test('what somebody added to Object.prototype is no option', () => {
    Object.defineProperty(Object.prototype, 'serve', { value: true, configurable: true })
    try {
      expect(resolve({ service: 'api' }).settings.serve).toBeUndefined()
    } finally {
      Reflect.deleteProperty(Object.prototype, 'serve')
    }
  })
})
