import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Names } from '../../src/core/options'
import { dist } from '../dist'
import { dashboard, panelQueries, substituted, variableQueries } from '../support/dashboard'
import { parseOpenMetrics } from '../support/exposition'
import { send } from '../support/http'
import { key, Measured, seriesOf } from '../support/measured'
import { hasPrometheus, PrometheusServer, promtool } from '../support/prometheus'
import { hasPythonClient, readByPython } from '../support/python'

const { renaming } = dist<typeof import('../../src/exporters/names')>('exporters/names.js')

const { metrics } = dist<typeof import('../../src/core/metrics')>('core/metrics.js')

const ops = (file: string) => fileURLToPath(new URL(`../../ops/${file}`, import.meta.url))
const RULES = readFileSync(ops('prometheus/rules.yml'), 'utf8')
const ALERTS = [...RULES.matchAll(/alert: (\w+)/g)].map(([, alert]) => alert)
const NAMES: readonly Names[] = ['canonical', 'go', 'prom-client']

describe.skipIf(!hasPrometheus)('a Prometheus server', () => {
  const measured = new Map<Names, Measured>()
  let prometheus: PrometheusServer

  beforeAll(async () => {
    for (const names of NAMES) measured.set(names, await Measured.start(names))
    const targets = [...measured].map(([job, { url }]) => ({ job, url }))
    prometheus = await PrometheusServer.start(targets, [ops('prometheus/rules.yml')])
    await prometheus.scraped(4)
  }, 60_000)

  afterAll(async () => {
    await prometheus?.close()
    for (const process of measured.values()) process.close()
  })

  test.each(NAMES)('scrapes %s names without a fault', async (names) => {
    const target = (await prometheus.targets()).get(names)
    expect(target).toMatchObject({ health: 'up', lastError: '' })
    const [up] = await prometheus.query(`up{job="${names}"}`)
    expect(up?.value).toBe(1)
  })

  test('reads OpenMetrics, where a counter has another name than its series', async () => {
    const asked = ['nodejs_gc_cycles', 'nodejs_gc_cycles_total', 'nodejs_gc_duration_seconds', 'go_gc_cycles']
    // Nothing is known of a target whose last scrape took too long.
    await vi.waitFor(async () => {
      const types = await Promise.all(asked.map((metric) => prometheus.types(metric)))
      expect(types.map((byJob) => Object.fromEntries(byJob))).toEqual([
        { canonical: 'counter' },
        {},
        { canonical: 'histogram', go: 'histogram', 'prom-client': 'histogram' },
        { go: 'counter' },
      ])
    }, 20_000)
  })

  test.each(NAMES)('has every series of a batch, and its value, under %s names', async (names) => {
    const process = measured.get(names) as Measured
    const rename = renaming(names)
    const before = rename(await process.next())
    const counts = new Set(before.metrics.filter(({ type }) => type !== 'gauge').map(({ name }) => name))
    const nameIn = (series: string) =>
      (Object.fromEntries(JSON.parse(series)) as { __name__: string }).__name__
    const expected = seriesOf(before.metrics)
    expect(expected.size).toBeGreaterThan(10)
    // Until the scrapes have caught up.
    await vi.waitFor(async () => {
      const samples = await prometheus.query(`{job="${names}"}`)
      const stored = new Map(samples.map(({ metric, value }) => [key(metric), value]))
      const after = seriesOf(rename(await process.next()).metrics)
      // What counts is between the batch before the scrape and the one after it, and what stands still is the same.
      const isRight = (series: string, first: number): boolean => {
        const [value = Number.NaN, last = Number.NaN] = [stored.get(series), after.get(series)]
        const name = nameIn(series)
        if (STEADY.has(name)) return value === first
        const isCount = counts.has(name) || counts.has(name.replace(/_(bucket|sum|count)$/, ''))
        return isCount ? first <= value && value <= last : Number.isFinite(value)
      }
      expect([...expected].filter(([series, first]) => !isRight(series, first))).toEqual([])
    }, 20_000)
    const steady = new Set([...expected.keys()].map(nameIn).filter((name) => STEADY.has(name)))
    expect(steady.size).toBeGreaterThan(2)
  })

  test.each(NAMES)(
    'and promtool find no fault but names that others have made, under %s names',
    async (names) => {
      const text = String((await send(`${measured.get(names)?.url}/metrics`)).body)
      const { stdout, stderr, status } = spawnSync('promtool', ['check', 'metrics'], {
        input: text,
        encoding: 'utf8',
      })
      // 3 is advice, 1 a fault.
      expect([0, 3], stderr).toContain(status)
      expect((stdout + stderr).split('\n').filter((line) => line !== '' && !isKnown(line))).toEqual([])
    },
  )

  test.skipIf(!hasPythonClient).each(NAMES)(
    'and the Python client read OpenMetrics of %s names',
    async (names) => {
      const headers = { accept: 'application/openmetrics-text' }
      const text = String((await send(`${measured.get(names)?.url}/metrics`, { headers })).body)
      expect(text).toMatch(/# EOF\n$/)
      const [families] = readByPython([['openmetrics', text]])
      expect(families).toBeInstanceOf(Array)
      expect(families?.length).toBe(parseOpenMetrics(text).size)
    },
  )

  test('has values for every variable of the dashboard, and data for every query', async () => {
    const queries = [...variableQueries(), ...panelQueries()].map(({ query }) =>
      substituted(query, 'canonical'),
    )
    expect(queries.join()).toContain('nodejs_container_memory_limit_bytes')
    expect(await prometheus.unanswered(queries)).toEqual([])
  })

  test('has loaded the alerts, and can evaluate each', async () => {
    const alerts = await prometheus.alerts()
    expect(alerts.map(({ name }) => name)).toEqual(ALERTS)
    expect(alerts.filter(({ health, lastError }) => health !== 'ok' || lastError !== undefined)).toEqual([])
  })

  test('runs the queries of TinyObs for Go on names: go', async () => {
    const rate = await prometheus.answer('rate(go_gc_cycles_total[5m]) > 0')
    expect(rate).toHaveLength(1)
    expect(rate[0]?.metric).toMatchObject({ thread: 'main', job: 'go' })
    const service = rate[0]?.metric.service as string
    const named = `{service=${JSON.stringify(service)}}`
    for (const name of [
      'go_memstats_heap_alloc_bytes',
      'go_memstats_heap_sys_bytes',
      'go_memstats_heap_objects',
      'go_goroutines',
      'go_gc_cycles_total',
      'go_memstats_gc_duration_seconds',
    ]) {
      const [sample, ...others] = await prometheus.answer(`${name}${named}`)
      expect(others, name).toEqual([])
      expect(sample?.value, name).toBeGreaterThan(0)
    }
    const [pause] = await prometheus.answer(
      `rate(go_memstats_gc_duration_seconds${named}[5m]) / rate(go_gc_cycles_total${named}[5m])`,
    )
    expect(pause?.value).toBeGreaterThan(0)
    expect(pause?.value).toBeLessThan(1)
  })
})

/** Gauges of the measured process that are the same in every batch. */
const STEADY: ReadonlySet<string> = new Set([
  'orders_open',
  'nodejs_heap_size_limit_bytes',
  'nodejs_container_memory_limit_bytes',
  'nodejs_container_memory_usage_bytes',
  'nodejs_version_info',
  'process_start_time_seconds',
  'process_max_fds',
  'offloop_probe_info',
])

/** Names and types that prom-client and TinyObs made, which we keep; and quantiles that are no summary, of a minute. */
function isKnown(advice: string): boolean {
  return (
    /^nodejs_active_(?:resources|handles|requests)_total non-counter metrics should not have "_total" suffix$/.test(
      advice,
    ) ||
    /^go_memstats_gc_duration_seconds counter metrics should have "_total" suffix$/.test(advice) ||
    /^nodejs_(?:gc_pause|eventloop_turn)_quantile_seconds non-summary metrics should not have "quantile" label$/.test(
      advice,
    )
  )
}

describe.skipIf(!hasPrometheus)('the alerts', () => {
  test('are valid, and fire when they are meant to', () => {
    expect(promtool(['check', 'rules', ops('prometheus/rules.yml')])).toContain('SUCCESS')
    expect(promtool(['test', 'rules', ops('prometheus/rules.test.yml')])).toContain('SUCCESS')
  })

  test('each have a case where they fire, and are quiet where all is well', () => {
    expect(ALERTS.length).toBeGreaterThan(8)
    const cases = readFileSync(ops('prometheus/rules.test.yml'), 'utf8')
    for (const alert of ALERTS) {
      expect(cases).toMatch(new RegExp(`alertname: ${alert}\\n *exp_alerts:\\n`))
      expect(cases).toContain(`alertname: ${alert}, exp_alerts: [] }`)
    }
  })
})

test('the alerts ask for metrics of the table alone', () => {
  const known = new Set<string>(metrics.map(({ name }) => name))
  const asked = new Set(RULES.replace(/^\s*#.*$/gm, '').match(/\b(?:nodejs|process|offloop)_\w+/g))
  expect(asked.size).toBeGreaterThan(10)
  expect([...asked].filter((name) => !known.has(name))).toEqual([])
})

describe('the dashboard', () => {
  test('asks for the metrics of the table alone, and for nearly all of them', () => {
    const known = new Set<string>(metrics.map(({ name }) => name))
    const asked = new Set(
      panelQueries().flatMap(({ query }) =>
        (query.match(/\b(?:nodejs|process|offloop)_\w+/g) ?? []).map((name) =>
          name.replace(/_(bucket|count|sum)$/, ''),
        ),
      ),
    )
    expect([...asked].filter((name) => !known.has(name))).toEqual([])
    expect(asked.size).toBeGreaterThan(40)
  })

  test('has panels that say what they show, and do not overlap', () => {
    const ids = dashboard.panels.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`),
    )
    expect(new Set(cells).size).toBe(cells.length)
    for (const { type, title, fieldConfig, targets } of dashboard.panels) {
      expect(title).not.toBe('')
      if (type === 'row') continue
      expect(fieldConfig?.defaults.unit, title).toBeTruthy()
      expect(targets?.length, title).toBeGreaterThan(0)
    }
  })
})
