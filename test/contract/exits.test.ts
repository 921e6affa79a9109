import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Child } from '../support/child'
import { TinyObsServer } from '../support/tinyobs-server'

const REGISTER = fileURLToPath(new URL('../../dist/register.js', import.meta.url))

let server: TinyObsServer
beforeEach(async () => {
  server = await TinyObsServer.start()
})
afterEach(() => server.close())

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10))
}

describe('what exporters still hold goes out', () => {
  test.each([
    ['natural', 0],
    ['process.exit', 4],
    ['uncaught', 1],
    ['stop', 0],
  ])('at the end by %s', async (way, code) => {
    server.fault = { kind: 'status', status: 500 }
    const child = new Child('exits.cjs', { args: [way, server.url] })
    await child.next()
    await until(() => server.requests.length > 0)
    expect(server.stored).toHaveLength(0)
    server.fault = undefined
    child.send('end')
    expect((await child.exited).code).toBe(code)
    expect(server.stored.length).toBeGreaterThan(5)
  })

  test('and an exit waits no longer than it may for a server that hangs', async () => {
    server.fault = { kind: 'hang' }
    const child = new Child('exits.cjs', { args: ['process.exit', server.url] })
    await child.next()
    await until(() => server.requests.length > 0)
    const endedAt = performance.now()
    child.send('end')
    expect((await child.exited).code).toBe(4)
    // exitFlushMs is 1,500 there; a timer of a busy machine may be late.
    expect(performance.now() - endedAt).toBeLessThan(4_000)
  })
})

describe('SIGTERM under offloop/register', () => {
  const run = (way: string, env: Record<string, string> = {}) =>
    new Child('terminated.cjs', {
      args: [way],
      execArgv: ['--require', REGISTER],
      env: { OFFLOOP_EXPORT: `tinyobs=${server.url}`, OFFLOOP_INTERVAL_MS: '60000', ...env },
    })

  test.each(['idle', 'blocked'])('is flushed and raised again, %s', async (way) => {
    server.fault = { kind: 'status', status: 500 }
    const child = run(way)
    await child.next()
    await until(() => server.requests.length > 0)
    await new Promise((resolve) => setTimeout(resolve, 200))
    server.fault = undefined
    child.kill('SIGTERM')
    const { code, signal } = await child.exited
    expect([code, signal]).toEqual([null, 'SIGTERM'])
    expect(server.stored.length).toBeGreaterThan(5)
  })

  test('is the application’s where it listens', async () => {
    const child = run('listening')
    await child.next()
    child.kill('SIGTERM')
    expect((await child.exited).code).toBe(7)
  })

  test('ends a process whose server hangs after exitFlushMs', async () => {
    server.fault = { kind: 'hang' }
    const child = run('idle')
    await child.next()
    await until(() => server.requests.length > 0)
    const sentAt = performance.now()
    child.kill('SIGTERM')
    expect((await child.exited).signal).toBe('SIGTERM')
    expect(performance.now() - sentAt).toBeLessThan(3_000)
  })
})
