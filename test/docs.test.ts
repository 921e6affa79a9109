import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { metricsPage, PAGE } from '../scripts/docs.mjs'
import type { MetricDefinition } from '../src/core/metrics'
import { dist } from './dist'

const metrics: readonly MetricDefinition[] =
  dist<typeof import('../src/core/metrics')>('core/metrics.js').metrics

test('docs/metrics.md is what the table of metrics says', () => {
  const committed = existsSync(PAGE) ? readFileSync(PAGE, 'utf8') : ''
  expect(committed, 'docs/metrics.md is not what src/core/metrics.ts says: npm run docs').toBe(
    metricsPage(metrics),
  )
})

test('every metric is on the page once, with all that its row says', () => {
  const rows = metricsPage(metrics)
    .split('\n')
    .filter((line) => /^\| `\w+` \| \w+ \| \w* \|/.test(line))
  expect(rows).toHaveLength(metrics.length)
  for (const { name, type, unit, labels } of metrics) {
    const row = rows.filter((line) => line.startsWith(`| \`${name}\` |`))
    expect(row, name).toHaveLength(1)
    const cells = row[0]?.split(' | ') ?? []
    expect([cells[1], cells[2], cells[3]]).toEqual([
      type,
      unit,
      labels.map((label) => `\`${label}\``).join(', '),
    ])
  }
})

test('a metric of no group is refused, and what would break the table is not', () => {
  const [row] = metrics as [MetricDefinition]
  expect(() => metricsPage([{ ...row, name: 'stray_metric' }])).toThrow(/stray_metric.*scripts\/docs\.mjs/)
  expect(metricsPage([{ ...row, description: 'One | two.' }])).toContain('| One \\| two. |')
})
