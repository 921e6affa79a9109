import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { dist } from '../dist'

const { resolveOptions } = dist<typeof import('../../src/core/options')>('core/options.js')

const cleanUp: (() => unknown)[] = []
afterEach(() => {
  for (const clean of cleanUp.splice(0).reverse()) clean()
  vi.unstubAllEnvs()
})

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'offloop-options-'))
  cleanUp.push(() => rmSync(path, { recursive: true, force: true }))
  return path
}

const resolve = (exporter: object) =>
  resolveOptions({ exporters: [exporter] }, () => 'service').settings.exporters[0]

/** The option that is named, and what is said of it. */
function refusal(exporter: object): readonly [option: unknown, message: string] {
  try {
    resolve(exporter)
  } catch (error) {
    const { code, option, message } = error as Error & { code: unknown; option: unknown }
    expect(code).toBe('ERR_OFFLOOP_INVALID_OPTION')
    return [option, message]
  }
  throw new Error('it was accepted')
}

describe('dogstatsd', () => {
  const type = 'dogstatsd'
  const defaults = { type, host: undefined, port: undefined, path: undefined, prefix: '', tags: {} }

  test.each([
    [{}, {}],
    [
      { host: 'agent', port: 1 },
      { host: 'agent', port: 1 },
    ],
    [{ path: '/run/dsd.socket' }, { path: '/run/dsd.socket' }],
    [{ path: 'unix:/run/dsd.socket' }, { path: '/run/dsd.socket' }],
    [{ path: 'unix:///run/dsd.socket' }, { path: '/run/dsd.socket' }],
    [{ path: 'unixgram:///run/dsd.socket' }, { path: '/run/dsd.socket' }],
    [
      { prefix: 'my.app', tags: { 'kube/pod-name': 'a:b' } },
      { prefix: 'my.app', tags: { 'kube/pod-name': 'a:b' } },
    ],
  ])('%j', (given, expected) => {
    expect(resolve({ type, ...given })).toEqual({ ...defaults, ...expected })
  })

  test.each<[object, string, string]>([
    [{ host: 1 }, 'host', 'must be a string'],
    [{ port: 0 }, 'port', 'must be a whole number from 1 to 65535'],
    [{ path: '/a', host: 'b' }, 'path', 'stands instead of host and port'],
    [{ path: '/a', port: 1 }, 'path', 'stands instead of host and port'],
    [{ path: 'dsd.socket' }, 'path', 'must be absolute'],
    [{ path: `/${'a'.repeat(107)}` }, 'path', 'must have at most 107 bytes'],
    [{ prefix: 'a b' }, 'prefix', 'must start with a letter'],
    [{ tags: ['a:b'] }, 'tags', 'must be an object'],
    [{ tags: { 'a:b': 'c' } }, 'tags.a:b', 'has a name that is not'],
    [{ tags: { a: '' } }, 'tags.a', 'must not be empty'],
    [{ prot: 1 }, 'prot', 'is unknown: did you mean port?'],
  ])('%j is refused', (given, option, message) => {
    const [named, said] = refusal({ type, ...given })
    expect(named).toBe(`exporters[0].${option}`)
    expect(said).toContain(message)
  })

  const stub = (variables: Record<string, string>) => {
    for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value)
  }

  test.each<[Record<string, string>, object]>([
    [{ DD_DOGSTATSD_URL: 'udp://agent' }, { host: 'agent', port: 8125 }],
    [{ DD_DOGSTATSD_URL: 'udp://agent:1/' }, { host: 'agent', port: 1 }],
    [{ DD_DOGSTATSD_URL: 'udp://[::1]:2' }, { host: '::1', port: 2 }],
    [{ DD_DOGSTATSD_URL: 'unix:///run/dsd.socket' }, { path: '/run/dsd.socket' }],
    [{ DD_DOGSTATSD_URL: 'unixgram:///run/dsd.socket' }, { path: '/run/dsd.socket' }],
    [{ DD_DOGSTATSD_SOCKET: '/run/dsd.socket' }, { path: '/run/dsd.socket' }],
    [
      { DD_DOGSTATSD_SOCKET: '/run/dsd.socket', DD_DOGSTATSD_URL: 'udp://a:3' },
      { host: 'a', port: 3 },
    ],
    [
      { DD_AGENT_HOST: 'a', DD_DOGSTATSD_PORT: '4' },
      { host: 'a', port: 4 },
    ],
    [{ DD_AGENT_HOST: 'a', DD_DOGSTATSD_HOST: 'b' }, { host: 'b' }],
    [{ DD_DOGSTATSD_URL: '', DD_DOGSTATSD_SOCKET: '', DD_AGENT_HOST: '' }, {}],
  ])('where Datadog says that it is: %j', (variables, expected) => {
    stub(variables)
    expect(resolve({ type })).toEqual({ ...defaults, ...expected })
    // What is given replaces all of it.
    expect(resolve({ type, host: 'given' })).toEqual({ ...defaults, host: 'given' })
    expect(resolve({ type, path: '/given' })).toEqual({ ...defaults, path: '/given' })
  })

  test.each<[Record<string, string>, string, string]>([
    [
      { DD_DOGSTATSD_URL: 'udp://ann:hush@agent' },
      'path (from DD_DOGSTATSD_URL)',
      'must be udp://host:port, ',
    ],
    [{ DD_DOGSTATSD_URL: 'unixstream:///hush' }, 'path (from DD_DOGSTATSD_URL)', 'unixgram:///path'],
    [{ DD_DOGSTATSD_URL: 'udp://a:99999' }, 'port (from DD_DOGSTATSD_URL)', 'from 1 to 65535'],
    [{ DD_DOGSTATSD_SOCKET: 'dsd.socket' }, 'path (from DD_DOGSTATSD_SOCKET)', 'must be absolute'],
    [{ DD_DOGSTATSD_PORT: 'hush' }, 'port (from DD_DOGSTATSD_PORT)', 'must be a whole number'],
  ])('where it says so in vain: %j', (variables, option, message) => {
    stub(variables)
    const [named, said] = refusal({ type })
    expect(named).toBe(`exporters[0].${option}`)
    expect(said).toContain(message)
    expect(said).not.toContain('hush')
  })

  test('says what to install where hot-shots is missing, and loads nothing where it is there', () => {
    const alone = folder()
    cpSync(fileURLToPath(new URL('../../dist/core', import.meta.url)), join(alone, 'core'), {
      recursive: true,
    })
    const script = (path: string) => `
      try {
        require(${JSON.stringify(path)}).resolveOptions({ exporters: [{ type: 'dogstatsd' }] }, () => 'service')
        console.log(Object.keys(require.cache).some((file) => file.includes('hot-shots')))
      } catch (error) { console.log(error.code, error.option, error.message) }`
    const run = (path: string) =>
      execFileSync(process.execPath, ['-e', script(path)], { cwd: alone, encoding: 'utf8' }).trim()
    expect(run(join(alone, 'core/options.js'))).toBe(
      'ERR_OFFLOOP_INVALID_OPTION exporters[0].type offloop: option exporters[0].type needs the package hot-shots, ' +
        'which is not installed: npm install hot-shots',
    )
    expect(run(fileURLToPath(new URL('../../dist/core/options.js', import.meta.url)))).toBe('false')
  })
})

describe('module', () => {
  const type = 'module'

  test('a path from the working directory, an absolute one, and a URL', () => {
    const path = join(folder(), 'to-kafka.mjs')
    writeFileSync(path, '')
    const expected = { type, name: 'to-kafka', path, options: { key: 'k' }, timeoutMs: 10_000 }
    expect(resolve({ type, path, options: { key: 'k' } })).toEqual(expected)
    expect(resolve({ type, path: pathToFileURL(path).href, options: { key: 'k' } })).toEqual(expected)
    expect(resolve({ type, path: './vitest.config.mts', timeoutMs: 100 })).toMatchObject({
      name: 'vitest.config',
      timeoutMs: 100,
    })
    expect(resolve({ type, path: 'hot-shots' })).toMatchObject({ name: 'index' })
  })

  test.each<[object, string, string]>([
    [{}, 'path', 'must be a string'],
    [
      { path: './no-such-file.js' },
      'path',
      'names no module: "./no-such-file.js", from the working directory',
    ],
    [{ path: 'file:///no/such/file.js' }, 'path', 'names no module'],
    [{ path: 'node:fs' }, 'path', 'names no module'],
    [{ path: 'http://a/exporter.js' }, 'path', 'names no module: a URL'],
    [{ path: './package.json', options: { log: () => {} } }, 'options', 'must be plain data'],
    [{ path: './package.json', timeoutMs: 1 }, 'timeoutMs', 'must be a whole number from 100 to 120000'],
    [{ path: './package.json', option: {} }, 'option', 'is unknown: did you mean options?'],
  ])('%j is refused', (given, option, message) => {
    const [named, said] = refusal({ type, ...given })
    expect(named).toBe(`exporters[0].${option}`)
    expect(said).toContain(message)
  })
})
