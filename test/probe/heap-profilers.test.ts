import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { dist } from '../dist'
import { Child } from '../support/child'

const { otherHeapProfiler } = dist<typeof import('../../src/probe/heap-profilers')>('probe/heap-profilers.js')

async function slot<T>(
  situation: string,
  { execArgv = [], env = {} }: { execArgv?: string[]; env?: Record<string, string> } = {},
): Promise<T> {
  const child = new Child('heap-profiler-slot.cjs', { args: [situation], execArgv, env })
  const seen = await child.next<T>()
  expect((await child.exited).code).toBe(0)
  return seen
}

describe('the one slot for a sampling heap profiler', () => {
  test('is taken, and given back on demand: the metric is absent from then on', async () => {
    expect(await slot('released')).toEqual({ running: [true, true], released: [false, false] })
  })

  test('is given back by stop()', async () => {
    expect(await slot('stopped')).toBe(false)
  })

  test('is not taken with heapObjects: false', async () => {
    expect(await slot('off')).toEqual([false, false])
  })

  test('is taken with the parameters that others use: 512 KiB and 64 frames', async () => {
    const { median, depth } = await slot<{ median: number; depth: number }>('parameters')
    // A sample of small objects stands for as many bytes as the interval.
    expect(Math.abs(median - 524_288)).toBeLessThan(5_000)
    expect(depth).toBe(1 + 64)
  })

  test('is taken anew with a larger interval where much is allocated', async () => {
    const { least, ...rest } = await slot<{ metric: boolean; least: number; ended: boolean }>('restarted')
    expect(rest).toEqual({ metric: true, ended: true })
    // A sample stands for no less than the interval: twice the usual one at least.
    expect(least).toBeGreaterThan(2 * 524_288 - 5_000)
    expect(least).toBeLessThan(Infinity)
  }, 120_000)

  test("is left to another's profile that has replaced ours: it is known by its interval", async () => {
    expect(await slot('replacedByOthers')).toEqual({ metric: true, theirs: [true, true] })
    expect(await slot('replacedBeforeTheEnd')).toEqual([true, true])
  }, 120_000)

  test("is somebody else's: theirs is read, and not ended", async () => {
    expect(await slot('theirsFirst')).toEqual({ metric: true, theirs: true })
  })

  test('is shared with an inspector that comes later, and the metric absent once that has ended ours', async () => {
    expect(await slot('endedByOthers')).toEqual({ started: true, profile: true, ours: false, metric: false })
  }, 60_000)

  test.each(['true', '1'])('is left alone with DD_PROFILING_ENABLED=%s', async (value) => {
    const seen = await slot('configured', { env: { DD_PROFILING_ENABLED: value } })
    expect(seen).toEqual({ metric: false, profiles: false })
  })

  test('is left to --heap-prof, which writes its profile', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'offloop-heap-prof-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const execArgv = ['--heap-prof', '--heap-prof-dir', folder, '--heap-prof-interval', '4096']
    const seen = await slot<{ metric: boolean }>('configured', { execArgv })
    expect(seen.metric).toBe(false)
    const sizes = readdirSync(folder).map((name) => readFileSync(join(folder, name)).length)
    expect(Math.max(...sizes)).toBeGreaterThan(1_000)
  })
})

describe('a configured heap profiler', () => {
  test.each<[string, string[], Record<string, string>, string | undefined]>([
    ['none', [], {}, undefined],
    ['a flag', ['--heap-prof'], {}, '--heap-prof'],
    ['a flag with a value', ['--heap-prof=1'], {}, '--heap-prof'],
    ['a flag of the environment', [], { NODE_OPTIONS: '--enable-source-maps  --heap-prof' }, '--heap-prof'],
    ['only its folder', ['--heap-prof-dir=/tmp'], {}, undefined],
    ["Datadog's", [], { DD_PROFILING_ENABLED: 'auto' }, 'DD_PROFILING_ENABLED'],
    ["Datadog's, off", [], { DD_PROFILING_ENABLED: 'false' }, undefined],
    ["Datadog's, 0", [], { DD_PROFILING_ENABLED: '0' }, undefined],
    ["Datadog's, empty", [], { DD_PROFILING_ENABLED: '' }, undefined],
  ])('%s', (_, execArgv, env, expected) => {
    expect(otherHeapProfiler(execArgv, env)).toBe(expected)
  })

  test.each<[string, string | undefined]>([
    ['@datadog/pprof', '@datadog/pprof'],
    ['@google-cloud/profiler', '@google-cloud/profiler'],
    ['@pyroscope/nodejs', '@pyroscope/nodejs'],
    ['pprof', 'pprof'],
    ['pprof-format', undefined],
    ['@mine/pprof', undefined],
  ])('%s, which is loaded', (name, expected) => {
    const folder = mkdtempSync(join(tmpdir(), 'offloop-pprof-'))
    const file = join(folder, 'node_modules', name, 'index.js')
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, '')
    const require = createRequire(join(folder, 'app.js'))
    onTestFinished(() => {
      delete require.cache[require.resolve(name)]
      rmSync(folder, { recursive: true })
    })
    require(name)
    expect(otherHeapProfiler([], {})).toBe(expected)
  })
})
