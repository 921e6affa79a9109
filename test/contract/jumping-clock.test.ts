import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Child } from '../support/child'
import { listStalls, pause } from '../support/stalls'

// A machine that is suspended: its monotonic clock jumps by an hour, and nothing ran meanwhile.

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'offloop-clock-'))
  const source = fileURLToPath(new URL('../fixtures/jumping-clock.c', import.meta.url))
  execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', join(folder, 'clock.so'), source, '-ldl'])
})
afterAll(() => rmSync(folder, { recursive: true }))

function seconds(count: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64LE(BigInt(count))
  return bytes
}

test.each([[undefined], ['busy']])('is no stall, and samples go on (load: %s)', async (load) => {
  const jump = join(folder, `jump-${load}`)
  writeFileSync(jump, seconds(0))
  const given = {
    load,
    workers: { parked: 'parked', idle: 'idle' },
    options: { stall: { workers: true } },
  }
  const child = new Child('stall-threads.cjs', {
    args: [JSON.stringify(given)],
    env: { LD_PRELOAD: join(folder, 'clock.so'), JUMP: jump },
  })
  const { url } = await child.next<{ url: string }>()
  const health = async () =>
    (await (await fetch(`${url}/healthz`)).json()) as { samples: number; missedTicks: number }
  await pause(2_000)
  expect((await health()).missedTicks).toBeLessThan(100)
  // In place: it is mapped.
  writeFileSync(jump, seconds(3_600), { flag: 'r+' })
  await pause(2_000)
  const after = await health()
  // 7,200 were due in that hour.
  expect(after.missedTicks).toBeGreaterThan(7_000)
  await pause(2_000)
  expect((await health()).samples).toBeGreaterThan(after.samples)
  expect((await listStalls(url)).stalls).toEqual([])
})
