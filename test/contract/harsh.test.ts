import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Child } from '../support/child'

interface Told {
  gcCycles: number
  gcMajorCycles: number
  finalized?: number
  terminated?: number
  code?: string
}

const FATAL = /FATAL ERROR: .*(heap|memory)/i

// Every supported version has all of them.
const FLAGS = [
  '--single-threaded',
  '--jitless',
  '--max-semi-space-size=1',
  '--stress-compaction',
  '--gc-interval=2000',
]

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
  test.each(FLAGS)(
    'under %s',
    async (flag) => {
      const { gcMajorCycles, gcCycles } = await ends('normal', [flag])
      expect(gcMajorCycles).toBeGreaterThanOrEqual(10)
      expect(gcCycles).toBeGreaterThanOrEqual(gcMajorCycles)
    },
    120_000,
  )

  test.each(FLAGS)(
    'in worker threads that end, and that are terminated, under %s',
    async (flag) => {
      const { gcMajorCycles, terminated } = await ends('workers', [flag])
      expect(gcMajorCycles).toBeGreaterThanOrEqual(10)
      expect(terminated).toBe(5)
    },
    120_000,
  )

  test('where a worker thread is out of memory', async () => {
    const { code, gcMajorCycles } = await ends('worker-memory')
    expect(code).toBe('ERR_WORKER_OUT_OF_MEMORY')
    expect(gcMajorCycles).toBeGreaterThan(0)
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
    expect(stderr).toMatch(FATAL)
    expect(signal ?? code).toBe('SIGABRT')
  })

  // V8 calls it near the limit, in the middle of a collection, and it collects as well. Of a worker's heap Node.js may let it
  // make so much more room that V8 ends the process before Node.js ends the worker, without us too.
  test.each(['memory', 'worker-near-limit'])(
    "where somebody has a callback of his own near the heap limit, with V8's usual end: %s",
    async (how) => {
      const folder = mkdtempSync(path.join(tmpdir(), 'offloop-near-limit-'))
      onTestFinished(() => rmSync(folder, { recursive: true }))
      const child = new Child('harsh.cjs', {
        args: [how],
        execArgv: [
          '--expose-gc',
          '--max-old-space-size=60',
          '--heapsnapshot-near-heap-limit=1',
          `--diagnostic-dir=${folder}`,
        ],
      })
      const told = child.next<Told>().catch(() => undefined)
      const { signal, code, stderr } = await child.exited
      if (how === 'worker-near-limit' && code === 0) {
        expect((await told)?.code).toBe('ERR_WORKER_OUT_OF_MEMORY')
      } else {
        expect(stderr).toMatch(FATAL)
        expect(signal ?? code).toBe('SIGABRT')
      }
      const [snapshot, ...more] = readdirSync(folder)
      expect(more).toEqual([])
      const { nodes } = JSON.parse(readFileSync(path.join(folder, snapshot as string), 'utf8'))
      expect(nodes.length).toBeGreaterThan(1_000)
    },
    120_000,
  )
})
