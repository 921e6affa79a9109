import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { dist } from '../dist'

const { optionsFromEnvironment } = dist<typeof import('../../src/core/environment')>('core/environment.js')
const { defaultService } = dist<typeof import('../../src/core/service')>('core/service.js')
const { isDisabled } = dist<typeof import('../../src/core/variables')>('core/variables.js')
const { resolveOptions } = dist<typeof import('../../src/core/options')>('core/options.js')

function refusal(env: Record<string, string>) {
  try {
    optionsFromEnvironment(env)
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError)
    return error as TypeError & { code: string; option: string }
  }
  throw new Error(`accepted: ${JSON.stringify(env)}`)
}

describe('options from the environment', () => {
  test.each([
    [{ OFFLOOP_SERVE: '9000', OFFLOOP_SERVE_SHARE: '1' }, { serve: { port: 9000, share: true } }],
    [{ OFFLOOP_SERVE: '1', OFFLOOP_SERVE_SHARE: '0' }, { serve: { share: false } }],
    [{ OFFLOOP_SERVE: '0', OFFLOOP_SERVE_SHARE: '1' }, { serve: false }],
    [{ OFFLOOP_SERVE_SHARE: '1' }, {}],
  ])('%j', (env, options) => {
    expect(optionsFromEnvironment(env)).toEqual(options)
  })

  test.each<[string, string, unknown]>([
    ['OFFLOOP_SERVICE', 'api', { service: 'api' }],
    ['OFFLOOP_INTERVAL_MS', '500', { intervalMs: 500 }],
    ['OFFLOOP_INTERVAL_MS', '00500', { intervalMs: 500 }],
    ['OFFLOOP_SERVE', '0.0.0.0:9000', { serve: { host: '0.0.0.0', port: 9000 } }],
    ['OFFLOOP_SERVE', 'localhost:0', { serve: { host: 'localhost', port: 0 } }],
    ['OFFLOOP_SERVE', '[::1]:9000', { serve: { host: '::1', port: 9000 } }],
    ['OFFLOOP_SERVE', ':9000', { serve: { port: 9000 } }],
    ['OFFLOOP_SERVE', '9000', { serve: { port: 9000 } }],
    ['OFFLOOP_SERVE', '1', { serve: true }],
    ['OFFLOOP_SERVE', 'true', { serve: true }],
    ['OFFLOOP_SERVE', '0', { serve: false }],
    ['OFFLOOP_SERVE', 'false', { serve: false }],
    [
      'OFFLOOP_EXPORT',
      'tinyobs=http://a/v1/ingest',
      { exporters: [{ type: 'tinyobs', url: 'http://a/v1/ingest' }] },
    ],
    [
      'OFFLOOP_EXPORT',
      ' tinyobs=http://a/?x=1&y=2 ,, tinyobs=https://b/ ,',
      {
        exporters: [
          { type: 'tinyobs', url: 'http://a/?x=1&y=2' },
          { type: 'tinyobs', url: 'https://b/' },
        ],
      },
    ],
    [
      'OFFLOOP_EXPORT',
      'otlp=http://a:4318,otlp=',
      { exporters: [{ type: 'otlp', url: 'http://a:4318' }, { type: 'otlp' }] },
    ],
    ['OFFLOOP_EXPORT', 'dogstatsd', { exporters: [{ type: 'dogstatsd' }] }],
    ['OFFLOOP_EXPORT', 'dogstatsd=a', { exporters: [{ type: 'dogstatsd', host: 'a' }] }],
    ['OFFLOOP_EXPORT', 'dogstatsd=a:1', { exporters: [{ type: 'dogstatsd', host: 'a', port: 1 }] }],
    ['OFFLOOP_EXPORT', 'dogstatsd=[::1]:9', { exporters: [{ type: 'dogstatsd', host: '::1', port: 9 }] }],
    ['OFFLOOP_EXPORT', 'dogstatsd=unix:/a', { exporters: [{ type: 'dogstatsd', path: 'unix:/a' }] }],
    ['OFFLOOP_EXPORT', 'module=./package.json', { exporters: [{ type: 'module', path: './package.json' }] }],
    ['OFFLOOP_LABELS', 'region=eu', { labels: { region: 'eu' } }],
    ['OFFLOOP_LABELS', 'region=eu, query=a=b ,', { labels: { region: 'eu', query: 'a=b' } }],
    ['OFFLOOP_HEAP_OBJECTS', '0', { heapObjects: false }],
    ['OFFLOOP_HEAP_OBJECTS', 'true', { heapObjects: true }],
    ['OFFLOOP_HEAP_ACCOUNTING', '0', { heapAccounting: false }],
    ['OFFLOOP_RESOURCES_BY_TYPE', '1', { resourcesByType: true }],
    ['OFFLOOP_STORE_MAX_BYTES', '65536', { store: { maxBytes: 65_536 } }],
  ])('%s=%s', (name, value, options) => {
    expect(optionsFromEnvironment({ [name]: value })).toEqual(options)
  })

  test('none from variables that are empty, unset, or none of ours', () => {
    const names = [
      'SERVICE',
      'INTERVAL_MS',
      'SERVE',
      'EXPORT',
      'LABELS',
      'HEAP_OBJECTS',
      'HEAP_ACCOUNTING',
      'RESOURCES_BY_TYPE',
      'TINYOBS_KEY',
    ]
    for (const value of ['', undefined]) {
      expect(
        optionsFromEnvironment(Object.fromEntries(names.map((name) => [`OFFLOOP_${name}`, value]))),
      ).toEqual({})
    }
    expect(optionsFromEnvironment({ SERVICE: 'a', OTEL_SERVICE_NAME: 'b', OFFLOOP_NATIVE: '0' })).toEqual({})
  })

  test('the key goes to every TinyObs server', () => {
    const env = { OFFLOOP_EXPORT: 'tinyobs=http://a/,tinyobs=http://b/', OFFLOOP_TINYOBS_KEY: 'k' }
    expect(optionsFromEnvironment(env).exporters).toEqual([
      { type: 'tinyobs', url: 'http://a/', key: 'k' },
      { type: 'tinyobs', url: 'http://b/', key: 'k' },
    ])
  })

  test('all together, as start() takes them', () => {
    const options = optionsFromEnvironment({
      OFFLOOP_SERVICE: 'api',
      OFFLOOP_INTERVAL_MS: '1000',
      OFFLOOP_SERVE: '127.0.0.1:0',
      OFFLOOP_EXPORT: 'tinyobs=http://a/',
      OFFLOOP_TINYOBS_KEY: 'k',
      OFFLOOP_LABELS: 'region=eu',
      OFFLOOP_HEAP_OBJECTS: '0',
      OFFLOOP_HEAP_ACCOUNTING: '0',
      OFFLOOP_RESOURCES_BY_TYPE: '1',
      OFFLOOP_STALL_MS: '250',
    })
    expect(resolveOptions(options, () => 'none').settings).toEqual({
      service: 'api',
      intervalMs: 1_000,
      serve: { host: '127.0.0.1', port: 0, hosts: [], token: undefined, names: 'canonical' },
      exporters: [{ type: 'tinyobs', url: 'http://a/', key: 'k', timeoutMs: 10_000, names: 'canonical' }],
      labels: { region: 'eu' },
      store: { maxBytes: 2_097_152 },
      heapObjects: false,
      heapAccounting: false,
      resourcesByType: true,
      collectorTimeoutMs: 500,
      exitFlushMs: 500,
      stall: { thresholdMs: 250, workers: false },
    })
    const stalls = (OFFLOOP_STALL_MS: string, OFFLOOP_STALL_WORKERS: string) =>
      optionsFromEnvironment({ OFFLOOP_STALL_MS, OFFLOOP_STALL_WORKERS }).stall
    expect(stalls('0', '')).toBe(false)
    expect(stalls('0', '1')).toBe(false)
    expect(stalls('', '1')).toEqual({ workers: true })
    expect(stalls('250', '1')).toEqual({ thresholdMs: 250, workers: true })
  })
})

describe('a variable that cannot be used is named', () => {
  test.each<[string, string, string]>([
    ['OFFLOOP_SERVICE', 'x'.repeat(1025), 'at most 1024 bytes'],
    ['OFFLOOP_INTERVAL_MS', '10s', 'must be a whole number, and is "10s"'],
    ['OFFLOOP_STALL_WORKERS', 'yes', 'must be 1 or 0'],
    ['OFFLOOP_STALL_MS', '1s', 'must be a whole number, and is "1s"'],
    ['OFFLOOP_STALL_MS', '99', 'is refused: option stall.thresholdMs must be a whole number from 100'],
    ['OFFLOOP_INTERVAL_MS', '-1', 'must be a whole number'],
    ['OFFLOOP_INTERVAL_MS', '1e3', 'must be a whole number'],
    [
      'OFFLOOP_INTERVAL_MS',
      '99',
      'is refused: option intervalMs must be a whole number from 100 to 3600000, and is 99',
    ],
    ['OFFLOOP_INTERVAL_MS', '9'.repeat(400), 'and is Infinity'],
    ['OFFLOOP_SERVE', 'localhost', 'must be host:port'],
    ['OFFLOOP_SERVE', 'http://localhost:9000', 'must be host:port'],
    ['OFFLOOP_SERVE', '::1:9000', 'must be host:port'],
    ['OFFLOOP_SERVE', 'a:99999', 'serve.port must be a whole number from 0 to 65535'],
    ['OFFLOOP_EXPORT', 'tinyobs', 'or module=path as part 1'],
    ['OFFLOOP_EXPORT', 'tinyobsX', 'or module=path as part 1'],
    ['OFFLOOP_EXPORT', 'tinyobs=http://a/,statsd=b', 'or module=path as part 2'],
    ['OFFLOOP_EXPORT', 'tinyobs=localhost', 'exporters[0].url must be an absolute URL'],
    ['OFFLOOP_EXPORT', 'tinyobs=http://a/,tinyobs=ftp://b', 'exporters[1].url must start with http'],
    ['OFFLOOP_EXPORT', 'tinyobs=', 'exporters[0].url must not be empty'],
    ['OFFLOOP_EXPORT', 'dogstatsd=', 'must have host:port or unix:path after dogstatsd=, in part 1'],
    ['OFFLOOP_EXPORT', 'dogstatsd=http://a', 'must have host:port or unix:path after dogstatsd=, in part 1'],
    ['OFFLOOP_EXPORT', 'dogstatsd=a:99999', 'exporters[0].port must be a whole number from 1 to 65535'],
    ['OFFLOOP_EXPORT', 'dogstatsd=unix:a', 'exporters[0].path must be absolute'],
    ['OFFLOOP_EXPORT', 'module=./no-such-file.js', 'exporters[0].path names no module: "./no-such-file.js"'],
    ['OFFLOOP_LABELS', 'region', 'has "region" where name=value is wanted'],
    ['OFFLOOP_LABELS', '=eu', 'has "=eu" where name=value is wanted'],
    ['OFFLOOP_LABELS', 'region=', 'labels.region must not be empty'],
    ['OFFLOOP_LABELS', 'thread=1', 'labels.thread has a name that offloop uses itself'],
    ['OFFLOOP_LABELS', 'a-b=1', 'labels.a-b has a name that must match'],
    ['OFFLOOP_LABELS', 'a.key=1', 'labels.a.key has a name that must match'],
    ['OFFLOOP_LABELS', '__proto__=1', 'labels.__proto__ has a name that must not start with __'],
    ['OFFLOOP_HEAP_OBJECTS', 'yes', 'must be 1 or 0, and is "yes"'],
  ])('%s=%s', (name, value, message) => {
    const thrown = refusal({ [name]: value })
    expect(thrown).toMatchObject({ code: 'ERR_OFFLOOP_INVALID_OPTION', option: name })
    expect(thrown.message).toMatch(new RegExp(`^offloop: environment variable ${name} `))
    expect(thrown.message).toContain(message)
  })

  test('the key is named as the variable that it comes from, and not shown', () => {
    const thrown = refusal({ OFFLOOP_EXPORT: 'tinyobs=http://a/', OFFLOOP_TINYOBS_KEY: 'sword fish' })
    expect(thrown.option).toBe('OFFLOOP_TINYOBS_KEY')
    expect(thrown.message).not.toContain('sword')
  })

  test.each([
    'tinyobs=http://user:sw0rdfish@a/',
    'http://user:sw0rdfish@a/',
    'http://a/?key=sw0rdfish',
    'sw0rdfish',
    'tinyobs:http://user:sw0rdfish@a/',
    'dogstatsd=user:sw0rdfish@a',
    'module=http://user:sw0rdfish@a/',
  ])('what may be a secret in OFFLOOP_EXPORT=%s is not shown', (value) => {
    expect(refusal({ OFFLOOP_EXPORT: value }).message).not.toContain('sw0rdfish')
  })
})

describe('OFFLOOP_DISABLED', () => {
  test.each([
    ['1', true],
    ['true', true],
    ['0', false],
    ['false', false],
    ['', false],
    [undefined, false],
  ])('%s', (value, disabled) => {
    expect(isDisabled({ OFFLOOP_DISABLED: value })).toBe(disabled)
  })

  test('anything else is an error rather than a guess', () => {
    expect(() => isDisabled({ OFFLOOP_DISABLED: 'yes' })).toThrow(
      /OFFLOOP_DISABLED must be 1 or 0, and is "yes"/,
    )
  })
})

describe('the name of the service where none is given', () => {
  const folders: string[] = []
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
  })

  function tree(files: Record<string, string>): string {
    const root = mkdtempSync(join(tmpdir(), 'offloop-'))
    folders.push(root)
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, file)), { recursive: true })
      writeFileSync(join(root, file), text)
    }
    return root
  }

  const nowhere = () => {
    throw new Error('uv_cwd')
  }

  test('is what OpenTelemetry calls it', () => {
    expect(defaultService({ OTEL_SERVICE_NAME: 'otel' }, undefined, nowhere)).toBe('otel')
  })

  test('else its package, the nearest that has a name', () => {
    const root = tree({
      'package.json': '{ "name": "@shop/api" }',
      'dist/package.json': '{ "type": "module" }',
      'dist/empty/package.json': '{ "name": "" }',
      'dist/empty/number/package.json': '{ "name": 1 }',
      'dist/empty/number/broken/package.json': '{',
      'dist/empty/number/broken/null/package.json': 'null',
    })
    const script = join(root, 'dist/empty/number/broken/null/app.js')
    expect(defaultService({}, script, nowhere)).toBe('@shop/api')
    expect(defaultService({ OTEL_SERVICE_NAME: '' }, script, nowhere)).toBe('@shop/api')
  })

  test('of the working directory where there is no script', () => {
    const root = tree({ 'package.json': '{ "name": "here" }' })
    expect(defaultService({}, undefined, () => join(root, 'deep/er'))).toBe('here')
  })

  test('else node', () => {
    const root = tree({})
    expect(defaultService({}, join(root, 'app.js'), nowhere)).toBe('node')
    expect(defaultService({}, undefined, nowhere)).toBe('node')
  })
})
