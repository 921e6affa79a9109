import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { Child } from '../support/child'

interface Told {
  gcCycles: number
  gcMajorCycles: number
  finalized?: number
}

const FLAGS = [
  '--single-threaded',
  '--jitless',
  '--max-semi-space-size=1',
  '--stress-compaction',
  '--gc-interval=2000',
]
// A flag that this version does not know, it says itself.
const known = FLAGS.filter((flag) => spawnSync(process.execPath, [flag, '--eval', '0']).status === 0)

async function ends(how: string, execArgv: string[] = []): Promise<Told> {
  const child = new Child('harsh.cjs', { args: [how], execArgv: ['--expose-gc', ...execArgv] })
  const told = await child.next<Told>()
  const { code, signal, stderr } = await child.exited
  // V8's own word about --jitless.
  const said = stderr.replace(/^Warning: disabling flag .*\n/gm, '')
  expect([code, signal, said]).toEqual([0, null, ''])
  return told
}

describe('measures and harms nothing', () => {
  test.each(known)('under %s', async (flag) => {
    const { gcMajorCycles, gcCycles } = await ends('normal', [flag])
    expect(gcMajorCycles).toBeGreaterThanOrEqual(10)
    expect(gcCycles).toBeGreaterThanOrEqual(gcMajorCycles)
  })

  test('where a finalizer collects', async () => {
    const { finalized, gcMajorCycles } = await ends('finalizer')
    expect(finalized).toBeGreaterThan(0)
    expect(gcMajorCycles).toBeGreaterThanOrEqual(50 + (finalized as number))
  })

  test('where the process does: V8 says so, and ends it as ever', async () => {
    const child = new Child('harsh.cjs', {
      args: ['memory'],
      execArgv: ['--expose-gc', '--max-old-space-size=40'],
    })
    const { signal, code, stderr } = await child.exited
    expect(stderr).toMatch(/FATAL ERROR: .*(heap|memory)/i)
    expect(signal ?? code).toBe('SIGABRT')
  })
})
