import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { Child } from './support/child'
import { TinyObsServer } from './support/tinyobs-server'

// A start without code, in processes of their own. What each variable may hold is tested in core/environment.test.ts.

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean()
})

function run(execArgv: string[], env: Record<string, string> = {}): Child {
  const child = new Child('preloaded.cjs', { execArgv, env })
  cleanUp.push(() => child.kill())
  return child
}

/** What the application's own start() says: a code where a sampler runs, `started` where none did. */
async function ownStart(child: Child): Promise<unknown> {
  child.send('start')
  return child.next()
}

async function tinyObs(limits?: { key: string }): Promise<TinyObsServer> {
  const server = await TinyObsServer.start(limits)
  cleanUp.push(() => server.close())
  return server
}

/** Until the sampling thread has delivered something, so that all of it is up. */
function delivered(server: TinyObsServer, batches = 1): Promise<unknown> {
  return vi.waitFor(
    () =>
      expect(new Set(server.stored.map(({ timestamp }) => timestamp)).size).toBeGreaterThanOrEqual(batches),
    // Less than the default interval, which would bring a second batch by itself.
    { timeout: 8_000, interval: 20 },
  )
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

const REGISTER = 'offloop/register'
const IMPORT = ['--import', REGISTER]
const REQUIRE = ['--require', REGISTER]

describe.each<[string, string[], Record<string, string>]>([
  ['--import', IMPORT, {}],
  ['--require', REQUIRE, {}],
  ['--import in NODE_OPTIONS', [], { NODE_OPTIONS: IMPORT.join(' ') }],
  ['--require in NODE_OPTIONS', [], { NODE_OPTIONS: REQUIRE.join(' ') }],
  ['all at once', [...IMPORT, ...REQUIRE], { NODE_OPTIONS: [...IMPORT, ...REQUIRE].join(' ') }],
])('%s', (_, execArgv, env) => {
  test('starts a sampler, with which the application ends as without', async () => {
    const child = run(execArgv, env)
    expect(await ownStart(child)).toBe('ERR_OFFLOOP_ALREADY_STARTED')
    child.send('end')
    expect(await child.exited).toEqual({ code: 0, signal: null, stdout: '', stderr: '' })
  })

  test('fails at start where a variable cannot be used, and names it', async () => {
    const { code, stdout, stderr } = await run(execArgv, { ...env, OFFLOOP_INTERVAL_MS: '5' }).exited
    expect(code).toBe(1)
    expect(stdout).toBe('')
    expect(stderr).toContain('environment variable OFFLOOP_INTERVAL_MS is refused')
    expect(stderr).toContain('ERR_OFFLOOP_INVALID_OPTION')
  })

  test('starts nothing with OFFLOOP_DISABLED=1, and looks at no other variable', async () => {
    const child = run(execArgv, { ...env, OFFLOOP_DISABLED: '1', OFFLOOP_INTERVAL_MS: '5' })
    expect(await ownStart(child)).toBe('started')
  })
})

test('OFFLOOP_DISABLED that is neither yes nor no is a failure rather than a guess', async () => {
  const { code, stderr } = await run(REQUIRE, { OFFLOOP_DISABLED: 'maybe' }).exited
  expect(code).toBe(1)
  expect(stderr).toContain('OFFLOOP_DISABLED must be 1 or 0')
})

describe('the variables', () => {
  test('reach the sampling thread', async () => {
    const server = await tinyObs({ key: 'sw0rdfish' })
    const port = await freePort()
    run(IMPORT, {
      OFFLOOP_SERVICE: 'shop',
      OFFLOOP_INTERVAL_MS: '100',
      OFFLOOP_SERVE: `127.0.0.1:${port}`,
      OFFLOOP_EXPORT: `tinyobs=${server.url}`,
      OFFLOOP_TINYOBS_KEY: 'sw0rdfish',
      OFFLOOP_LABELS: 'region=eu,zone=b',
      OFFLOOP_HEAP_OBJECTS: '0',
    })
    await delivered(server, 3)
    for (const { labels } of server.stored) {
      expect(labels).toMatchObject({ service: 'shop', region: 'eu', zone: 'b' })
    }
    expect(server.stored.map(({ name }) => name)).toContain('nodejs_heap_size_used_bytes')
    expect(server.stored.map(({ name }) => name)).not.toContain('nodejs_heap_objects')
    expect(server.refusals).toEqual([])
    expect(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()).toContain('service="shop"')
  })

  test.each([
    ['the name for OpenTelemetry', { OTEL_SERVICE_NAME: 'otel' }, 'otel'],
    ['the name of the package', {}, 'offloop'],
  ])('need not be there: the service has %s, and heap objects are counted', async (_, env, service) => {
    const server = await tinyObs()
    run(REQUIRE, { ...env, OFFLOOP_EXPORT: `tinyobs=${server.url}` })
    await delivered(server)
    expect(new Set(server.stored.map(({ labels }) => labels.service))).toEqual(new Set([service]))
    expect(server.stored.map(({ name }) => name)).toContain('nodejs_heap_objects')
  })
})

const ways: [string, string[], Record<string, string>][] = [
  ['--import', IMPORT, {}],
  ['--require', REQUIRE, {}],
  ['NODE_OPTIONS', [], { NODE_OPTIONS: REQUIRE.join(' ') }],
]

describe.each(ways)('a worker thread that inherits the preload by %s', (_, execArgv, env) => {
  test('is measured, and starts no second sampler', async () => {
    const child = run(execArgv, env)
    child.send('worker')
    // Native probes have a registry of the whole process, so not even the worker's own code can start one.
    expect(await child.next()).toEqual({
      threadId: expect.any(Number),
      measured: true,
      counts: true,
      own: 'ERR_OFFLOOP_ALREADY_STARTED',
    })
    expect(await ownStart(child)).toBe('ERR_OFFLOOP_ALREADY_STARTED')
  })

  test('starts none where there is no addon and no registry either, nor can its own code', async () => {
    const child = run(execArgv, { ...env, OFFLOOP_NATIVE: '0' })
    child.send('worker')
    expect(await child.next()).toEqual({
      threadId: expect.any(Number),
      measured: false,
      counts: false,
      own: 'runs not',
    })
    expect(await ownStart(child)).toBe('ERR_OFFLOOP_ALREADY_STARTED')
    child.send('end')
    const { code, stderr } = await child.exited
    expect(code).toBe(0)
    expect(stderr).toContain(
      'nothing is sampled: only the main thread can start one without the addon (OFFLOOP_NATIVE=0 is set)',
    )
  })

  test('is not measured where all is off', async () => {
    const child = run(execArgv, { ...env, OFFLOOP_DISABLED: '1' })
    child.send('worker')
    expect(await child.next()).toMatchObject({ measured: false, counts: false })
  })
})

describe('the sampling thread', () => {
  const marker = (name: string) => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url))
  const CJS = marker('marker.cjs')
  const ESM = new URL('./fixtures/marker.mjs', import.meta.url).href

  test.each<[string, string[], string]>([
    ['--require', ['--require', CJS, ...REQUIRE], ''],
    ['--require after ours', [...REQUIRE, '--require', CJS], ''],
    ['--import', ['--import', ESM, ...IMPORT], ''],
    ['--import after ours', [...IMPORT, '--import', ESM], ''],
    ['NODE_OPTIONS=--require', IMPORT, `--require ${CJS}`],
    ['NODE_OPTIONS=--import', REQUIRE, `--import ${ESM}`],
  ])("does not run the application's preloads: %s", async (_, execArgv, options) => {
    const folder = mkdtempSync(join(tmpdir(), 'offloop-'))
    cleanUp.push(() => rmSync(folder, { recursive: true }))
    const file = join(folder, 'marks')
    const marks = () => readFileSync(file, 'utf8').trim().split('\n').map(Number)

    const server = await tinyObs()
    const child = run(execArgv, {
      MARKS: file,
      NODE_OPTIONS: options,
      OFFLOOP_EXPORT: `tinyobs=${server.url}`,
    })
    await delivered(server)
    expect(marks()).toEqual([0])

    // They do run in the application's own threads.
    child.send('worker')
    const { threadId } = await child.next<{ threadId: number }>()
    expect(marks()).toEqual([0, threadId])
  })
})
