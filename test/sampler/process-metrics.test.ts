import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { register } from 'prom-client'
import { afterEach, expect, test, vi } from 'vitest'
import { dist } from '../dist'
import { batch, FIRST_TIMESTAMP } from '../support/batches'

const { ProcessMetrics } = dist<typeof import('../../src/sampler/process-metrics')>(
  'sampler/process-metrics.js',
)

const { Store } = dist<typeof import('../../src/sampler/store')>('sampler/store.js')

/** What a process in a container finds. */
const CONTAINER = fileURLToPath(new URL('../fixtures/container', import.meta.url))

const fs = createRequire(import.meta.url)('node:fs') as typeof import('node:fs')
afterEach(() => {
  vi.restoreAllMocks()
})

function values(metrics: InstanceType<typeof ProcessMetrics>): Record<string, number> {
  return Object.fromEntries(metrics.read().map(({ name, value }) => [name, value]))
}

test('what stands in /proc is told in bytes', () => {
  expect(values(new ProcessMetrics(CONTAINER))).toMatchObject({
    process_resident_memory_bytes: 60_000 * 1024,
    process_virtual_memory_bytes: 1_000_000 * 1024,
    process_heap_bytes: 100_000 * 1024,
    process_max_fds: 1024,
    nodejs_container_memory_limit_bytes: 536_870_912,
    nodejs_container_memory_usage_bytes: 104_857_600,
  })
})

test('without /proc, as on other platforms: what Node.js tells, and nothing else', () => {
  const root = mkdtempSync(join(tmpdir(), 'offloop-process-'))
  const told = values(new ProcessMetrics(root))
  rmSync(root, { recursive: true })
  expect(Object.keys(told)).toEqual([
    'process_cpu_user_seconds_total',
    'process_cpu_system_seconds_total',
    'process_cpu_seconds_total',
    'process_start_time_seconds',
    'process_resident_memory_bytes',
    'nodejs_version_info',
  ])
  expect(told.process_resident_memory_bytes).toBeGreaterThan(10 * 1024 * 1024)
})

test('no file can be read, and the resident memory is not told: what is left', () => {
  vi.spyOn(process.memoryUsage, 'rss').mockImplementation(() => {
    throw new Error('ENOENT')
  })
  expect(values(new ProcessMetrics('/nowhere'))).not.toHaveProperty('process_resident_memory_bytes')
})

test.skipIf(process.platform !== 'linux')('descriptors are counted on an older kernel, too', () => {
  const metrics = new ProcessMetrics()
  vi.spyOn(fs, 'statSync').mockReturnValue({ size: 0 } as ReturnType<typeof fs.statSync>)
  const before = values(metrics).process_open_fds as number
  expect(before).toBe(fs.readdirSync('/proc/self/fd').length - 1)
  const opened = Array.from({ length: 100 }, () => fs.openSync('/dev/null', 'r'))
  expect(values(metrics).process_open_fds).toBe(before + 100)
  for (const fd of opened) fs.closeSync(fd)
})

test('the store keeps each of them', () => {
  const readings = new ProcessMetrics(CONTAINER).read()
  const store = new Store({ maxBytes: 65_536, intervalMs: 10_000 })
  const metrics = readings.map(({ name, labels, value }) => ({ name, type: 'gauge' as const, labels, value }))
  expect(store.add(batch(1, metrics))).toBe(0)
  for (const { name, labels, value } of readings) {
    expect(store.query(name, 0, Number.POSITIVE_INFINITY), name).toEqual([
      { name, type: 'gauge', labels, points: [{ t: FIRST_TIMESTAMP, v: value }], thinned: false },
    ])
  }
})

test.skipIf(process.platform !== 'linux')('the names and types are those of prom-client', async () => {
  const { collectDefaultMetrics } = await import('prom-client')
  collectDefaultMetrics()
  const { metrics: table } = dist<typeof import('../../src/core/metrics')>('core/metrics.js')
  const types = new Map<string, string>(table.map(({ name, type }) => [name, type]))
  const theirs = (await register.getMetricsAsJSON()).filter(({ name }) =>
    /^process_|_version_info$/.test(name),
  )
  register.clear()
  expect(theirs).toHaveLength(10)
  for (const { name, type } of theirs) expect(types.get(name), name).toBe(type)
})
