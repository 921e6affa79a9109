import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Batch } from '../../src/core/batch'
import type { Names } from '../../src/core/options'
import { dist } from '../dist'
import { dashboard, panelQueries, substituted, variableQueries } from '../support/dashboard'
import { parseOpenMetrics } from '../support/exposition'
import { key, Measured, seriesOf } from '../support/measured'
import { hasPrometheus, PrometheusServer, promtool } from '../support/prometheus'
import { hasPythonClient, readByPython } from '../support/python'

const { renaming } = dist<typeof import('../../src/exporters/names')>('exporters/names.js')

const { metrics } = dist<typeof import('../../src/core/metrics')>('core/metrics.js')

const ops = (file: string) => fileURLToPath(new URL(`../../ops/${file}`, import.meta.url))
const NAMES: readonly Names[] = ['canonical', 'go', 'prom-client']

describe.skipIf(!hasPrometheus)('a Prometheus server', () => {
  const measured = new Map<Names, Measured>()
  let prometheus: PrometheusServer

  beforeAll(async () => {
    for (const names of NAMES) measured.set(names, await Measured.start(names))
    const targets = [...measured].map(([job, { url }]) => ({ job, url }))
    prometheus = await PrometheusServer.start(targets)
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

  test.each(NAMES)('knows every series of a batch by its labels, under %s names', async (names) => {
    const batch = measured.get(names)?.batch as Batch
    const expected = seriesOf(renaming(names)(batch).metrics)
    expect(expected.length).toBeGreaterThan(10)
    // The newest batch may have what no scrape has yet.
    await prometheus.scraped(2)
    const known = new Set((await prometheus.series(names)).map(key))
    expect(expected.filter((series) => !known.has(series))).toEqual([])
  })

  test.each(NAMES)(
    'and promtool find no fault but names that others have made, under %s names',
    async (names) => {
      const text = await (await fetch(`${measured.get(names)?.url}/metrics`)).text()
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
      const text = await (await fetch(`${measured.get(names)?.url}/metrics`, { headers })).text()
      expect(text).toMatch(/# EOF\n$/)
      const [families] = readByPython([['openmetrics', text]])
      expect(families).toBeInstanceOf(Array)
      expect(families?.length).toBe(parseOpenMetrics(text).size)
    },
  )

  test('has values for every variable of the dashboard, and data for every query', async () => {
    const batch = measured.get('canonical')?.batch as Batch
    const reported = new Set(batch.metrics.map(({ name }) => name))
    const queries = [...variableQueries(), ...panelQueries()]
      // These are only there where the process is in a container, and that has a limit.
      .filter(({ query }) => (query.match(/nodejs_container_\w+/g) ?? []).every((name) => reported.has(name)))
      .map(({ query }) => substituted(query, 'canonical'))
    expect(await prometheus.unanswered(queries)).toEqual([])
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
    const alerts = [...readFileSync(ops('prometheus/rules.yml'), 'utf8').matchAll(/alert: (\w+)/g)]
    expect(alerts.length).toBeGreaterThan(8)
    const cases = readFileSync(ops('prometheus/rules.test.yml'), 'utf8')
    for (const [, alert] of alerts) {
      expect(cases).toMatch(new RegExp(`alertname: ${alert}\\n *exp_alerts:\\n`))
      expect(cases).toContain(`alertname: ${alert}, exp_alerts: [] }`)
    }
  })
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
