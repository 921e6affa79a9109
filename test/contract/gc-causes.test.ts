import { expect, test } from 'vitest'
import type { Metric } from '../../src/core/batch'
import { Child } from '../support/child'

type Figures = Record<string, number>

function figures(metrics: readonly Metric[]): Figures {
  const sums: Figures = {}
  for (const { name, labels, value } of metrics) {
    const key = `${name.replace(/^nodejs_gc_|_total$/g, '')} ${labels.kind}${labels.reason === undefined ? '' : ' reason'}`
    sums[key] = (sums[key] ?? 0) + (value as number)
  }
  return sums
}

test('collections that were asked for are told from those that were not', async () => {
  const child = new Child('gc-causes.cjs', { execArgv: ['--expose-gc'] })
  const [first, forced, automatic] = (await child.next<Metric[][]>()).map(figures) as [
    Figures,
    Figures,
    Figures,
  ]
  expect((await child.exited).code).toBe(0)
  const between = (a: Figures, b: Figures, key: string): number => (b[key] ?? 0) - (a[key] ?? 0)

  expect(between(first, forced, 'forced_cycles major')).toBe(3)
  expect(between(first, forced, 'forced_cycles minor')).toBe(4)
  expect(between(forced, automatic, 'forced_cycles major')).toBe(0)
  expect(between(forced, automatic, 'forced_cycles minor')).toBe(0)
  expect(between(forced, automatic, 'cycles minor')).toBeGreaterThan(0)
  // V8 tells no more reasons than there were cycles.
  for (const kind of ['minor', 'major']) {
    expect(automatic[`reasons ${kind} reason`] ?? 0).toBeLessThanOrEqual(
      automatic[`cycles ${kind}`] as number,
    )
  }
})
