import { existsSync } from 'node:fs'
import { validateHeaderName, validateHeaderValue } from 'node:http'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ExporterSettings } from '../../src/core/exporter-options'
import type { ServeSettings, Settings } from '../../src/core/options'
import { dist } from '../dist'

const { resolveOptions } = dist<typeof import('../../src/core/options')>('core/options.js')

/** Part of every key, token, password and query that is made here. */
const SECRET = 'hush'

const secret = fc
  .tuple(fc.string({ unit: 'binary', maxLength: 8 }), fc.string({ unit: 'grapheme', maxLength: 8 }))
  .map(([before, after]) => `${before}${SECRET}${after}`)
const goodSecret = fc
  .string({ unit: fc.constantFrom(...'abcXYZ019-_.~'), maxLength: 30 })
  .map((s) => SECRET + s)
const host = fc.constantFrom('localhost', 'localhost:8080', '[::1]:1', 'obs.example', 'a b', '', 'x:99999')
const url = fc.oneof(
  fc
    .tuple(fc.constantFrom('http', 'https'), host, goodSecret)
    .map(([s, h, q]) => `${s}://${h}/v1/ingest?k=${q}`),
  fc
    .tuple(fc.constantFrom('http', 'https', 'ftp'), secret, host)
    .map(([s, pw, h]) => `${s}://user:${pw}@${h}/`),
  fc.tuple(secret, host).map(([pw, h]) => `http://${pw}@${h}:x`),
  fc.webUrl(),
)

class Surprising {
  get [Symbol.toStringTag](): string {
    throw new Error('no tag')
  }
}
const hostile = fc.oneof(
  fc.constantFrom<unknown>(new Map(), new Set(), new Date(0), Promise.resolve(), Symbol('s'), 1n, () => {}),
  fc.constant(new Proxy({}, { ownKeys: () => [] })),
  fc.constant(new Proxy({}, { get: () => fail(), ownKeys: () => fail(), getPrototypeOf: () => fail() })),
  fc.constant(new Proxy([], { get: () => fail() })),
  fc.constant(Object.defineProperty({}, 'service', { enumerable: true, get: () => fail() })),
  fc.constant({ toString: () => fail(), [Symbol.toPrimitive]: () => fail() }),
  fc.constant(new Surprising()),
  fc.constant(Object.create({ intervalMs: 1 })),
  fc.constant(Array.from({ length: 1_001 }, () => 'x')),
  fc.constant(Object.assign([], { length: 2 ** 32 - 1 })),
)
function fail(): never {
  throw Object.create(null)
}

type Any<T = unknown> = fc.Arbitrary<T>

/** Anything, but most often what is right. */
const orWrong = <T>(right: Any<T>): Any =>
  fc.oneof(
    { weight: 20, arbitrary: right },
    { weight: 2, arbitrary: fc.anything({ withBigInt: true, withMap: true, withNullPrototype: true }) },
    { weight: 1, arbitrary: hostile },
    // A secret in the wrong place is what a copy and paste makes.
    { weight: 1, arbitrary: url },
  )
const goodText = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 })
const badText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.constantFrom('x'.repeat(1_024), 'x'.repeat(1_025), 'é'.repeat(513), '\ud800', ''),
)
const goodLabel = fc.string({ unit: fc.constantFrom(...'abc_XYZ'), maxLength: 10 }).map((name) => `x${name}`)
const badLabel = fc.constantFrom('service', 'le', '__name', '__proto__', 'constructor', '', '0', 'é', 'a.b')
const badHeader = fc.constantFrom('', 'a b', 'a:b', 'é', 'x\r\ny')
const attribute = fc.oneof(
  fc.string({ maxLength: 10 }),
  fc.boolean(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
)
const goodSocket = fc.constantFrom('/run/dsd.socket', 'unix:/run/dsd.socket', 'unix:///run/dsd.socket')
const badSocket = fc.constantFrom(
  '',
  'dsd.socket',
  'unix:dsd.socket',
  `/${'x'.repeat(107)}`,
  `/${'é'.repeat(54)}`,
)
const goodHost = fc.constantFrom('localhost', '127.0.0.1', '::1', 'obs.example')

/** With a misspelt or strange name now and then. */
const orMore = (right: Any<object>): Any<object> =>
  right.chain((all) =>
    fc.oneof(
      { weight: 12, arbitrary: fc.constant(all) },
      fc
        .tuple(fc.constantFrom('intervalMS', 'tokn', 'kye', 'Type', 'hasOwnProperty', ''), secret)
        .map(([name, value]) => ({ ...all, [name]: value })),
      fc.dictionary(fc.string(), fc.anything(), { maxKeys: 1 }).map((more) => ({ ...more, ...all })),
    ),
  )

/** Options in which every value went through `or`, and every choice between right and wrong through `either`. */
function optionsOf(
  or: (right: Any) => Any,
  either: <T>(right: Any<T>, wrong: Any<T>) => Any<T>,
  more: (right: Any<object>) => Any<object>,
): Any {
  const whole = (min: number, max: number) =>
    or(
      either(
        fc.integer({ min, max }),
        fc.oneof(fc.constantFrom(min - 1, max + 1, min + 0.5), fc.integer(), fc.double()),
      ),
    )
  const text = or(either(goodText, badText))
  const labels = (size: { minKeys?: number; maxKeys: number }) =>
    fc.dictionary(either(goodLabel, badLabel), text, size)
  const credential = or(either(goodSecret, secret))
  const type = (name: string, ...wrong: string[]) => or(either(fc.constant(name), fc.constantFrom(...wrong)))
  const oneOf = (...names: string[]) =>
    or(either(fc.constantFrom(...names), fc.constantFrom('Go', 'constructor', '')))
  const address = or(
    either(
      fc.tuple(goodHost, goodSecret).map(([h, q]) => `http://[::1]/${h}?k=${q}`),
      url,
    ),
  )
  const timeoutMs = whole(100, 120_000)
  const dogstatsd = (where: Record<string, Any>) =>
    more(
      fc.record(
        {
          type: type('dogstatsd', 'statsd', 'datadog'),
          ...where,
          prefix: or(either(goodLabel, badLabel)),
          tags: or(labels({ maxKeys: 3 })),
        },
        { requiredKeys: ['type'] },
      ),
    )
  const exporter = fc.oneof(
    more(
      fc.record(
        {
          type: type('tinyobs', 'tinyob', 'constructor', '__proto__'),
          url: address,
          key: credential,
          timeoutMs,
          names: oneOf('canonical', 'go'),
        },
        { requiredKeys: ['type', 'url'] },
      ),
    ),
    more(
      fc.record(
        {
          type: type('otlp', 'OTLP', 'opentelemetry'),
          url: address,
          protocol: oneOf('http/protobuf', 'http/json'),
          headers: or(fc.dictionary(either(goodLabel, badHeader), credential, { maxKeys: 3 })),
          temporality: oneOf('cumulative', 'delta'),
          compression: oneOf('gzip', 'none'),
          timeoutMs,
          resource: or(fc.dictionary(fc.string({ maxLength: 10 }), or(attribute), { maxKeys: 3 })),
        },
        { requiredKeys: ['type'] },
      ),
    ),
    dogstatsd({ host: or(either(goodHost, badText)), port: whole(1, 65_535) }),
    dogstatsd({ path: or(either(goodSocket, badSocket)) }),
    // One may not stand beside the others.
    either(dogstatsd({}), dogstatsd({ path: or(goodSocket), port: whole(1, 65_535) })),
    more(
      fc.record(
        {
          type: type('module', 'modul', 'function'),
          path: or(either(fc.constantFrom('./package.json', 'vitest'), fc.constantFrom('./none', 'fs', ''))),
          options: fc.oneof(fc.jsonValue(), or(fc.jsonValue())),
          timeoutMs,
        },
        { requiredKeys: ['type', 'path'] },
      ),
    ),
  )
  const serve = fc.record(
    {
      host: or(either(goodHost, host)),
      port: whole(0, 65_535),
      hosts: or(fc.array(text, { maxLength: 3 })),
      token: credential,
      names: oneOf('canonical', 'go', 'prom-client'),
      share: or(fc.boolean()),
    },
    { requiredKeys: [] },
  )
  const stall = fc.record(
    { thresholdMs: whole(100, 600_000), workers: or(fc.boolean()) },
    { requiredKeys: [] },
  )
  return or(
    more(
      fc.record(
        {
          service: text,
          intervalMs: whole(100, 3_600_000),
          serve: or(fc.oneof(fc.boolean(), more(serve))),
          exporters: or(
            fc.array(
              or(
                fc.oneof(
                  fc.constant(() => {}),
                  exporter,
                ),
              ),
              { maxLength: 3 },
            ),
          ),
          labels: or(fc.oneof(labels({ maxKeys: 5 }), labels({ minKeys: 15, maxKeys: 18 }))),
          store: or(more(fc.record({ maxBytes: whole(65_536, 2 ** 30) }, { requiredKeys: [] }))),
          heapObjects: or(fc.boolean()),
          heapAccounting: or(fc.boolean()),
          resourcesByType: or(fc.boolean()),
          collectorTimeoutMs: whole(10, 60_000),
          exitFlushMs: whole(0, 10_000),
          stall: or(fc.oneof(fc.constant(false), more(stall))),
        },
        { requiredKeys: [] },
      ),
    ),
  )
}

const same = <T>(right: T): T => right
const orRarely = <T>(right: Any<T>, wrong: Any<T>): Any<T> =>
  fc.oneof({ weight: 30, arbitrary: right }, { weight: 1, arbitrary: wrong })
const orOften = <T>(right: Any<T>, wrong: Any<T>): Any<T> =>
  fc.oneof({ weight: 8, arbitrary: right }, { weight: 1, arbitrary: wrong })

const given = fc.oneof(
  optionsOf(same, same, same),
  // One thing wrong at a time, else what is found first hides the others.
  optionsOf(same, orRarely, same),
  optionsOf(orWrong, orOften, orMore),
)

/** Types of exporters that were accepted. */
const seen = new Set<string>()

test('whatever the options are, they are completed within all bounds, or refused by name', () => {
  let accepted = 0
  const runs = 5_000
  const property = fc.property(given, (value) => {
    let resolved: ReturnType<typeof resolveOptions>
    try {
      resolved = resolveOptions(value, () => 'default-service')
    } catch (error) {
      checkRefusal(error)
      return
    }
    accepted++
    checkSettings(resolved.settings)
    for (const one of resolved.functions) expect(typeof one).toBe('function')
  })
  // A failure tells the seed and the path to the smallest options that fail.
  fc.assert(property, { numRuns: runs })
  // Neither half is vacuous.
  expect(accepted).toBeGreaterThan(runs / 10)
  expect(accepted).toBeLessThan(runs)
  expect([...seen].sort()).toEqual(Object.keys(CHECKS).sort())
})

function checkRefusal(error: unknown): void {
  const { name, code, option, message, stack } = error as Record<string, string>
  expect(error instanceof TypeError || error instanceof RangeError, `${name}`).toBe(true)
  expect(code).toBe('ERR_OFFLOOP_INVALID_OPTION')
  expect(typeof option).toBe('string')
  expect(message?.startsWith(`offloop: option ${option} `)).toBe(true)
  expect(message?.length).toBeLessThan(400)
  expect(`${message}${stack}`).not.toContain(SECRET)
}

const KEYS = [
  'service',
  'intervalMs',
  'serve',
  'exporters',
  'labels',
  'store',
  'heapObjects',
  'heapAccounting',
  'resourcesByType',
  'exitFlushMs',
  'collectorTimeoutMs',
  'stall',
]

function checkSettings(settings: Settings): void {
  expect(Object.keys(settings).sort()).toEqual([...KEYS].sort())
  // It crosses to the sampling thread.
  expect(structuredClone(settings)).toEqual(settings)
  const {
    service,
    intervalMs,
    serve,
    exporters,
    labels,
    store,
    heapObjects,
    heapAccounting,
    resourcesByType,
    exitFlushMs,
    collectorTimeoutMs,
    stall,
  } = settings
  checkLabel('region', service)
  checkWhole(intervalMs, 100, 3_600_000)
  checkWhole(exitFlushMs, 0, 10_000)
  checkWhole(store.maxBytes, 65_536, 2 ** 30)
  expect(typeof heapObjects).toBe('boolean')
  expect(typeof heapAccounting).toBe('boolean')
  expect(typeof resourcesByType).toBe('boolean')
  expect(collectorTimeoutMs >= 10 && collectorTimeoutMs <= Math.min(60_000, intervalMs / 2)).toBe(true)
  expect(Object.keys(labels).length).toBeLessThanOrEqual(16)
  for (const [name, value] of Object.entries(labels)) checkLabel(name, value)
  if (serve !== undefined) checkServe(serve)
  if (stall !== undefined) {
    expect(Object.keys(stall).sort()).toEqual(['thresholdMs', 'workers'])
    checkWhole(stall.thresholdMs, 100, 600_000)
    expect(typeof stall.workers).toBe('boolean')
  }
  expect(exporters.length).toBeLessThanOrEqual(1_000)
  for (const exporter of exporters) checkExporter(exporter)
}

function checkServe({ host, port, hosts, token, names, share, ...others }: ServeSettings): void {
  expect(others).toEqual({})
  expect(['canonical', 'go', 'prom-client']).toContain(names)
  expect(typeof host === 'string' && host !== '').toBe(true)
  checkWhole(port, share === true ? 1 : 0, 65_535)
  expect([undefined, true, false]).toContain(share)
  expect(hosts.length <= 1_000 && hosts.every((one) => typeof one === 'string' && one !== '')).toBe(true)
  if (token !== undefined) expect(token).toMatch(/^[\x21-\x7e]+$/)
}

type Checks = {
  readonly [T in ExporterSettings['type']]: (settings: Extract<ExporterSettings, { type: T }>) => void
}

/** Each takes every setting that there is. */
const CHECKS: Checks = {
  tinyobs({ type: _, url, key, timeoutMs, names, ...others }) {
    expect(others).toEqual({})
    checkUrl(url)
    if (key !== undefined) expect(key).toMatch(/^[\x21-\x7e]+$/)
    checkWhole(timeoutMs, 100, 120_000)
    expect(['canonical', 'go']).toContain(names)
  },
  otlp({ type: _, url, module, headers, timeoutMs, resource, ...others }) {
    const { protocol, temporality, compression, ...more } = others
    expect(more).toEqual({})
    checkUrl(url)
    expect(['http/protobuf', 'http/json']).toContain(protocol)
    expect(['cumulative', 'delta']).toContain(temporality)
    expect(['gzip', 'none']).toContain(compression)
    expect(existsSync(module)).toBe(true)
    checkWhole(timeoutMs, 100, 120_000)
    // What Node.js takes as a header.
    for (const [name, value] of Object.entries(headers)) {
      validateHeaderName(name)
      validateHeaderValue(name, value)
    }
    for (const value of Object.values(resource)) {
      expect(['string', 'boolean'].includes(typeof value) || Number.isFinite(value), `${value}`).toBe(true)
    }
  },
  dogstatsd({ type: _, host, port, path, prefix, tags, ...others }) {
    expect(others).toEqual({})
    if (host !== undefined) expect(typeof host === 'string' && host !== '').toBe(true)
    if (port !== undefined) checkWhole(port, 1, 65_535)
    if (path !== undefined) {
      expect([host, port]).toEqual([undefined, undefined])
      expect(path.startsWith('/') && Buffer.byteLength(path) < 108, path).toBe(true)
    }
    expect(prefix).toMatch(/^([a-zA-Z][a-zA-Z0-9_.]{0,99})?$/)
    expect(Object.keys(tags).length).toBeLessThanOrEqual(20)
    for (const [name, value] of Object.entries(tags)) {
      expect(name).toMatch(/^[a-zA-Z][a-zA-Z0-9_./-]*$/)
      checkLabelValue(value)
    }
  },
  // That options cross to another thread is seen with all settings.
  module({ type: _, name, path, options: __, timeoutMs, ...others }) {
    expect(others).toEqual({})
    expect(name.length > 0 && name.length <= 100).toBe(true)
    expect(existsSync(path)).toBe(true)
    checkWhole(timeoutMs, 100, 120_000)
  },
}

function checkExporter(settings: ExporterSettings): void {
  seen.add(settings.type)
  ;(CHECKS[settings.type] as (settings: ExporterSettings) => void)(settings)
}

function checkUrl(url: string): void {
  const { protocol, username, password } = new URL(url)
  expect(protocol).toMatch(/^https?:$/)
  expect(username + password).toBe('')
}

function checkLabel(name: string, value: unknown): void {
  expect(name).toMatch(/^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/)
  expect(['service', 'thread', 'le', 'quantile']).not.toContain(name)
  checkLabelValue(value)
}

function checkLabelValue(value: unknown): void {
  expect(typeof value === 'string' && value !== '').toBe(true)
  const bytes = Buffer.from(value as string)
  expect(bytes.length).toBeLessThanOrEqual(1_024)
  // What is not well-formed does not survive UTF-8.
  expect(bytes.toString()).toBe(value)
}

function checkWhole(value: number, least: number, most: number): void {
  expect(Number.isInteger(value) && value >= least && value <= most, `${value}`).toBe(true)
}
