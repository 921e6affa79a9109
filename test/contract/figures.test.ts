import { describe, expect, test } from 'vitest'
import type { Batch } from '../../src/core/batch'
import { Child } from '../support/child'

interface Told {
  batch: Batch
  used: number
  total: number
  resources: { before: number; during: number; after: number }
}

const SIX = [
  'nodejs_heap_size_used_bytes',
  'nodejs_heap_size_total_bytes',
  'nodejs_heap_objects',
  'nodejs_active_resources_total',
  'nodejs_gc_cycles_total',
  'nodejs_gc_pause_seconds_total',
]

describe.each([
  ['native', {}, SIX],
  ['perf_hooks', { OFFLOOP_NATIVE: '0' }, SIX.filter((name) => name !== 'nodejs_heap_objects')],
])('a sample, %s probe', (source, env, names) => {
  test('has the six metrics with their labels, and figures that Node.js confirms', async () => {
    const child = new Child('figures.cjs', { execArgv: ['--expose-gc'], env })
    const { batch, used, total, resources } = await child.next<Told>()
    const { code, stderr } = await child.exited
    expect(code).toBe(0)
    const series = (name: string) => batch.metrics.filter((metric) => metric.name === name)

    expect(SIX.filter((name) => series(name).length > 0)).toEqual(names)
    for (const { labels } of batch.metrics) expect(labels).toMatchObject({ service: 'figures', region: 'eu' })
    for (const name of names) {
      for (const { labels } of series(name)) expect(labels.thread).toBe('main')
      expect(batch.descriptions[name]?.description).toBeTruthy()
    }
    for (const name of SIX.slice(4)) {
      expect(series(name).map(({ labels, type }) => [labels.kind, type])).toEqual([
        ['minor', 'counter'],
        ['major', 'counter'],
      ])
    }
    expect(series('offloop_probe_info')[0]?.labels.source).toBe(source)

    // Between the sample and Node.js's own reading lies the delivery of the batch itself.
    expect((series(SIX[0] as string)[0]?.value as number) / used).toBeCloseTo(1, 1)
    expect((series(SIX[1] as string)[0]?.value as number) / total).toBeCloseTo(1, 1)
    expect(resources.during - resources.before).toBe(10)
    expect(resources.after).toBe(resources.before)

    if (source === 'native') expect(stderr).toBe('')
    else
      expect(stderr).toMatch(
        /^offloop: measuring with perf_hooks, because OFFLOOP_NATIVE=0 is set.*npx offloop rebuild/,
      )
  })
})
