import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { Child } from '../support/child'

const REGISTER = fileURLToPath(new URL('../../dist/register.js', import.meta.url))

describe.each(['fork', 'cluster'])('a preload that is inherited by %s', (way) => {
  test('measures each process by itself, and the first keeps its port', async () => {
    const port = 20_000 + Math.floor(Math.random() * 20_000)
    const child = new Child('forks.cjs', {
      args: [way],
      execArgv: ['--expose-gc', '--require', REGISTER],
      env: { OFFLOOP_SERVE: `127.0.0.1:${port}`, OFFLOOP_SERVICE: 'forks', OFFLOOP_INTERVAL_MS: '100' },
    })
    const told = await child.next<{ pid: number; parent: number }>()
    expect(told).toMatchObject({ code: 0, cycles: 1, service: 'forks' })
    expect(told.pid).not.toBe(told.parent)
    const { code, stderr } = await child.exited
    expect(code).toBe(0)
    // The child may have ended before it knew that the port is taken; otherwise it says so, once.
    expect(stderr).toMatch(/^(offloop: .*ERR_OFFLOOP_ADDRESS_IN_USE\)\n)?$/)
  })
})

test('a process that was stopped and continued counts the missed ticks and floods nobody', async () => {
  const child = new Child('suspended.cjs')
  interface Told {
    sequence: number
    timestamp: number
    missed: number
  }
  const told: Told[] = []
  for (let i = 0; i < 5; i++) told.push(await child.next<Told>())
  child.kill('SIGSTOP')
  await new Promise((resolve) => setTimeout(resolve, 2_000))
  child.kill('SIGCONT')
  const continuedAt = Date.now()
  while ((told.at(-1)?.timestamp ?? 0) < continuedAt + 1_000) told.push(await child.next<Told>())
  child.kill()

  const after = told.filter(({ timestamp }) => timestamp >= continuedAt - 50)
  // 11 ticks, and not the 20 that were missed beside them.
  expect(after.length).toBeLessThanOrEqual(18)
  const last = told.at(-1) as Told
  expect(last.missed).toBeGreaterThanOrEqual(15)
  // Taken and missed ticks together are what arithmetic wants.
  const first = told[0] as Told
  const ticks = (last.timestamp - first.timestamp) / 100
  expect(Math.abs(last.sequence - first.sequence + last.missed - first.missed - ticks)).toBeLessThanOrEqual(
    1.5,
  )
})

test('under --permission without threads and addons the host runs on, and one line says what is lost', async () => {
  const major = Number.parseInt(process.versions.node, 10)
  const child = new Child('permission.cjs', {
    execArgv: [major >= 24 ? '--permission' : '--experimental-permission', '--allow-fs-read=*'],
  })
  const told = await child.next<{ ready: string; running: boolean; counts: boolean }>()
  expect(told).toEqual({ ready: 'ERR_OFFLOOP_SAMPLING_THREAD', running: false, counts: true })
  const { code, stderr } = await child.exited
  expect(code).toBe(0)
  const lines = stderr.split('\n').filter((line) => line.startsWith('offloop:'))
  expect(lines).toEqual([expect.stringContaining('ERR_OFFLOOP_SAMPLING_THREAD')])
})
