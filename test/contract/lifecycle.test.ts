import { describe, expect, test } from 'vitest'
import { Child } from '../support/child'

const run = (way: string, env: Record<string, string> = {}) =>
  new Child('lifecycle.cjs', { args: [way], env })

describe.each([
  ['native', {}],
  ['perf_hooks', { OFFLOOP_NATIVE: '0' }],
])('the host, %s probe', (_, env) => {
  test('ends when it has nothing more to do', async () => {
    const startedAt = performance.now()
    expect((await run('natural', env).exited).code).toBe(0)
    expect(performance.now() - startedAt).toBeLessThan(5_000)
  })

  test('ends with its own exit code', async () => {
    expect((await run('exit-code', env).exited).code).toBe(3)
  })

  test('ends by its own uncaught error', async () => {
    const { code, stderr } = await run('throws', env).exited
    expect(code).toBe(1)
    expect(stderr).toContain('of the application')
  })

  test('stays for a ready that it awaits, though nothing else keeps it', async () => {
    const child = run('awaits-ready', env)
    expect(await child.next()).toEqual({ url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) })
    expect((await child.exited).code).toBe(0)
  })
})

test('one sampler a process, and another after it stopped', async () => {
  const child = run('twice')
  expect(await child.next()).toEqual({
    second: expect.objectContaining({ code: 'ERR_OFFLOOP_ALREADY_STARTED', name: 'OffloopError' }),
    flushed: true,
    afterStop: false,
  })
  const { code, stderr } = await child.exited
  expect([code, stderr]).toEqual([0, ''])
})

test('a bad option is refused before anything starts', async () => {
  expect(await run('bad-option').next()).toEqual({
    refused: {
      code: 'ERR_OFFLOOP_INVALID_OPTION',
      name: 'TypeError',
      message: expect.stringContaining('did you mean intervalMs?'),
      option: 'intervalMS',
    },
  })
})

describe('a taken port', () => {
  test("is told by ready and by 'error', and sampling goes on", async () => {
    const told = await run('taken-port').next<{ message: string; port: number }>()
    expect(told).toMatchObject({
      code: 'ERR_OFFLOOP_ADDRESS_IN_USE',
      emitted: ['ERR_OFFLOOP_ADDRESS_IN_USE'],
      sequence: expect.any(Number),
    })
    expect(told.message).toContain(`127.0.0.1:${told.port}`)
  })

  test('that nobody asks about is one line on stderr', async () => {
    const { code, stderr } = await run('taken-port-unheard').exited
    expect(code).toBe(0)
    expect(stderr).toMatch(/^offloop: .*127\.0\.0\.1:\d+.*\(ERR_OFFLOOP_ADDRESS_IN_USE\)\n$/)
  })
})

test('listeners and exporter functions that throw are reported, counted, and harm nobody', async () => {
  const child = run('bad-listeners')
  const told = await child.next<{ errors: string[]; seen: number; failures: unknown[] }>()
  expect(told.errors.sort()).toEqual([
    'ERR_OFFLOOP_EXPORT: exporter sink() failed: full',
    "ERR_OFFLOOP_LISTENER: a 'batch' listener threw: a listener",
  ])
  expect(told.seen).toBeGreaterThanOrEqual(4)
  expect(told.failures).toEqual([
    expect.objectContaining({ labels: { service: 'x', exporter: 'sink()' }, value: expect.any(Number) }),
  ])
  const { code, stderr } = await child.exited
  expect(code).toBe(0)
  expect(stderr).toBe("offloop: an 'error' listener threw: the error listener itself\n")
})

test('nothing is posted to a main thread that listens to nothing', async () => {
  expect(await run('nobody-listens').next()).toEqual({
    silent: ['ready'],
    heard: expect.arrayContaining(['batch', 'collect']),
    after: 0,
  })
})
