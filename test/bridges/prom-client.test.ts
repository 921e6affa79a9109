import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import {
  type DefaultMetricsCollectorConfiguration,
  collectDefaultMetrics as theirs,
  register,
  Registry,
  type RegistryContentType,
} from 'prom-client'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import { dist } from '../dist'
import { Child } from '../support/child'
import { parsePrometheus } from '../support/exposition'

const { collectDefaultMetrics: ours } =
  dist<typeof import('../../src/bridges/prom-client')>('bridges/prom-client.js')
const offloop = dist<typeof import('../../src/index')>('index.js')
const { attach, counters } = dist<typeof import('../../src/probe/counters')>('probe/counters.js')

type Config = DefaultMetricsCollectorConfiguration<RegistryContentType>

/** What `registry` says, as a scrape gets it. */
interface Value {
  readonly metricName?: string
  readonly labels: Readonly<Record<string, string | number>>
  readonly value: number
}
interface Json {
  readonly name: string
  readonly type: string
  readonly aggregator: string
  readonly values: readonly Value[]
}

async function read(registry: Registry): Promise<Map<string, Json>> {
  const metrics = (await registry.getMetricsAsJSON()) as unknown as Json[]
  return new Map(metrics.map((metric) => [metric.name, metric]))
}

/** Name, type, aggregation, label names and bounds of all series. */
async function shapeOf(registry: Registry) {
  return [...(await read(registry)).values()]
    .map(({ name, type, aggregator, values }) => ({
      name,
      type,
      aggregator,
      // A histogram's name for each of its series, and the labels of each.
      series: [
        ...new Set(
          values.map(({ metricName, labels }) => `${metricName ?? name}{${Object.keys(labels).sort()}}`),
        ),
      ],
      bounds: [...new Set(values.flatMap(({ labels }) => labels.le ?? []))],
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

function collected(config: Config = {}): Registry {
  const registry = new Registry()
  ours({ ...config, register: registry })
  return registry
}

afterEach(() => register.clear())

describe("what is served under prom-client's names", () => {
  test('has the bounds and the spaces of the real one, in the same process', async () => {
    const real = new Registry()
    theirs({ register: real })
    const sampler = offloop.start({ service: 'shop', serve: { port: 0, names: 'prom-client' }, stall: false })
    onTestFinished(() => sampler.stop({ timeoutMs: 0 }))
    const { url } = await sampler.ready
    gc?.()
    await setTimeout(50)
    const wanted = await read(real)
    const served = parsePrometheus(await (await fetch(`${url}/metrics`)).text())
    const valuesOf = (name: string, label: string) => ({
      real: new Set((wanted.get(name)?.values ?? []).flatMap(({ labels }) => labels[label] ?? []).map(bound)),
      ours: new Set(
        served
          .get(name)
          ?.samples.flatMap(({ labels }) => labels[label] ?? [])
          .map(bound),
      ),
    })
    for (const [name, label] of [
      ['nodejs_gc_duration_seconds', 'le'],
      ['nodejs_heap_space_size_total_bytes', 'space'],
      ['nodejs_heap_space_size_used_bytes', 'space'],
      ['nodejs_heap_space_size_available_bytes', 'space'],
    ] as const) {
      const { real, ours } = valuesOf(name, label)
      expect(ours.size, name).toBeGreaterThan(4)
      expect([...ours].sort(), name).toEqual([...real].sort())
    }
  })
  /** As a number where it is one. */
  const bound = (text: string | number) => String(text).replace('+Inf', 'Infinity')
})

describe('the default metrics', () => {
  test.each<[string, Config]>([
    ['nothing', {}],
    ['a prefix', { prefix: 'my_' }],
    ['labels', { labels: { app: 'shop', zone: 'b' } }],
    ['bounds', { gcDurationBuckets: [0.0005, 0.02, 3] }],
    ['bounds that are between two buckets', { gcDurationBuckets: [0.00123, 0.5] }],
    ['a precision', { eventLoopMonitoringPrecision: 20 }],
  ])('are those of prom-client, given %s', async (_, config) => {
    const [real, own] = [new Registry(), new Registry()]
    theirs({ ...config, register: real })
    ours({ ...config, register: own })
    // prom-client has a kind of collections once it has seen one.
    gc?.()
    await setTimeout(50)
    // The lag is known from the second scrape on.
    await Promise.all([read(real), read(own)])
    await setTimeout(50)
    const shape = await shapeOf(own)
    expect(shape).toEqual(await shapeOf(real))
    expect(shape).toHaveLength(31)
  })

  test('are in the default registry where none is given, once', () => {
    ours()
    expect(register.getMetricsAsArray()).toHaveLength(31)
    expect(() => ours()).toThrow('has already been registered')
    expect(ours.metricsList).toEqual(theirs.metricsList)
  })

  test('have the figures that prom-client reads at the same moment', async () => {
    const [real, own] = [new Registry(), new Registry()]
    theirs({ register: real })
    ours({ register: own })
    const [expected, found] = await Promise.all([read(real), read(own)])
    const value = (from: Map<string, Json>, name: string) => from.get(name)?.values[0]?.value as number
    for (const name of ['process_max_fds', 'process_start_time_seconds', 'nodejs_active_handles_total']) {
      expect(value(found, name), name).toBe(value(expected, name))
    }
    for (const name of ['nodejs_version_info', 'nodejs_active_resources', 'nodejs_active_handles']) {
      expect(found.get(name)?.values, name).toEqual(expected.get(name)?.values)
    }
    for (const name of [
      'process_resident_memory_bytes',
      'process_virtual_memory_bytes',
      'process_heap_bytes',
      'process_open_fds',
      'nodejs_heap_size_total_bytes',
      'nodejs_heap_size_used_bytes',
      'nodejs_external_memory_bytes',
    ]) {
      expect(value(found, name) / value(expected, name), name).toBeGreaterThan(0.8)
      expect(value(found, name) / value(expected, name), name).toBeLessThan(1.25)
    }
    const spaces = (from: Map<string, Json>) =>
      from.get('nodejs_heap_space_size_total_bytes')?.values.map(({ labels }) => labels.space)
    expect(spaces(found)).toEqual(spaces(expected))
  })

  test('count the CPU time that passes', async () => {
    const registry = collected()
    const seconds = async (name: string) => (await read(registry)).get(name)?.values[0]?.value as number
    await seconds('process_cpu_seconds_total')
    const before = process.cpuUsage()
    for (let i = 0; i < 3e7; i++) Math.sqrt(i)
    const { user, system } = process.cpuUsage(before)
    const counted = await seconds('process_cpu_seconds_total')
    expect(counted).toBeGreaterThanOrEqual((user + system) / 1e6)
    const metrics = await read(registry)
    const sum = ['user', 'system'].reduce(
      (total, kind) => total + (metrics.get(`process_cpu_${kind}_seconds_total`)?.values[0]?.value as number),
      0,
    )
    expect(metrics.get('process_cpu_seconds_total')?.values[0]?.value).toBeCloseTo(sum, 6)
  })

  test('are an exposition that other metrics of the application go along with', async () => {
    const registry = collected({ labels: { app: 'a"b\\c\nd' } })
    const text = await registry.metrics()
    expect(text).toContain('nodejs_gc_duration_seconds_bucket{le="0.001",kind="major",app="a\\"b\\\\c\\nd"}')
    registry.setDefaultLabels({ host: 'one' })
    expect(await registry.metrics()).toMatch(/nodejs_gc_duration_seconds_count\{.*host="one"/)
    expect(await registry.getSingleMetricAsString('nodejs_version_info')).toContain(process.version)
  })
})

describe('collections', () => {
  const counts = async (registry: Registry, kind: string) => {
    const values = (await read(registry)).get('nodejs_gc_duration_seconds')?.values ?? []
    return Object.fromEntries(
      values
        .filter(({ labels }) => labels.kind === kind)
        .map(({ metricName, labels, value }) => [labels.le ?? metricName?.split('_').at(-1), value]),
    ) as Record<string, number>
  }

  test('are all there, of a burst in which no event loop turns', async () => {
    attach()
    const registry = collected()
    const before = await counts(registry, 'major')
    const { gcMajorCycles, gcMajorPauseNs } = counters
    for (let i = 0; i < 5; i++) gc?.()
    const after = await counts(registry, 'major')
    expect(counters.gcMajorCycles - gcMajorCycles).toBe(5)
    expect((after.count as number) - (before.count as number)).toBe(5)
    const seconds = (counters.gcMajorPauseNs - gcMajorPauseNs) / 1e9
    expect(((after.sum as number) - (before.sum as number)) / seconds).toBeCloseTo(1, 1)
    expect(after['+Inf']).toBe(after.count)
    const buckets = [0.001, 0.01, 0.1, 1, 2, 5].map((le) => after[le] as number)
    expect(buckets).toEqual(buckets.toSorted((a, b) => a - b))
  })

  test('begin anew for a registry that is reset, and for no other', async () => {
    const [one, other] = [collected(), collected()]
    gc?.()
    await setTimeout(10)
    const before = await counts(other, 'major')
    one.resetMetrics()
    expect(await counts(one, 'major')).toMatchObject({ count: 0, sum: 0, '+Inf': 0 })
    gc?.()
    expect((await counts(one, 'major')).count).toBe(1)
    expect((await counts(other, 'major')).count).toBe((before.count as number) + 1)
  })
})

test('the lag shows a loop that was blocked, in the scrape after', async () => {
  const registry = collected()
  const max = async () => (await read(registry)).get('nodejs_eventloop_lag_max_seconds')?.values[0]?.value
  await setTimeout(100)
  const end = performance.now() + 150
  while (performance.now() < end);
  await setTimeout(50)
  expect(await max()).toBeGreaterThan(0.1)
})

describe('a config', () => {
  test.each([['text'], [5], [true], [[]]])('of %j is refused as prom-client does', (config) => {
    const message = 'config must be null, undefined, or an object'
    expect(() => ours(config as never)).toThrow(message)
  })

  test('with bounds that are none is refused', () => {
    for (const gcDurationBuckets of [[1, 0.5], [Number.NaN], ['x'], [-1], 3]) {
      expect(() => collected({ gcDurationBuckets } as never)).toThrow(/gcDurationBuckets/)
    }
  })
})

interface Figures {
  readonly majors: number
  readonly majorBucket: number
  readonly majorSeconds: number
  readonly longest: number
}

test.each([
  // A timer of so few ticks sees nothing of a block: the addon does.
  ['with the addon', {}, { eventLoopMonitoringPrecision: 10_000 }],
  ['with the addon, and bounds between two buckets', {}, { gcDurationBuckets: [0.00123] }],
  ['without the addon', { OFFLOOP_NATIVE: '0' }, {}],
])(
  'it sees collections and a block, starts no thread, and keeps no process alive, %s',
  async (_, env, config) => {
    const child = new Child('prom-client.cjs', {
      args: [JSON.stringify(config)],
      execArgv: ['--expose-gc'],
      env,
    })
    const { metrics, loaded, before, after, later } = await child.next<{
      metrics: number
      loaded: string[]
      before: Figures
      after: Figures
      later: Figures
    }>()
    expect(metrics).toBe(31)
    expect(after.majors - before.majors).toBe(10)
    expect(after.majorBucket).toBe(after.majors)
    expect(after.majorSeconds - before.majorSeconds).toBeGreaterThan(0)
    expect(after.longest).toBeGreaterThanOrEqual(0.049)
    // Of the turns since the scrape before.
    expect(later.longest).not.toBe(after.longest)
    expect(loaded.filter((file) => /\/(sampler|exporters|server)\//.test(file))).toEqual([])
    expect((await child.exited).code).toBe(0)
  },
)

test('without prom-client it says what to install', () => {
  const folder = mkdtempSync(join(tmpdir(), 'offloop-alone-'))
  try {
    for (const part of ['dist', 'prebuilds']) {
      cpSync(fileURLToPath(new URL(`../../${part}`, import.meta.url)), join(folder, part), {
        recursive: true,
      })
    }
    const script = `try { require('./dist/bridges/prom-client.js').collectDefaultMetrics() } catch (e) { console.log(e.message) }`
    const said = execFileSync(process.execPath, ['-e', script], { cwd: folder, encoding: 'utf8' })
    expect(said.trim()).toBe(
      'offloop/prom-client needs the package prom-client, which is not installed: npm install prom-client',
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
})
