import type { HeapInfo, HeapSpaceInfo } from 'node:v8'
import { describe, expect, test } from 'vitest'
import type { Batch } from '../../src/core/batch'
import { Child } from '../support/child'
import { fixtureAddon } from '../support/fixture-addon'

interface Told {
  batch: Batch
  heap: HeapInfo
  spaces: HeapSpaceInfo[]
  /** Before three more of them, and two detached ones. */
  contexts: number
  /** When those two were let go. */
  detachedLater: number
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

/** Spaces that nothing changes in while a batch is read. */
const STILL = /^(read_only|shared|trusted_large_object|code_large_object|large_object|shared_large_object)$/

const addon = fixtureAddon('v8-calls')

describe.each([
  ['native', {}, SIX],
  ['perf_hooks', { OFFLOOP_NATIVE: '0' }, SIX.filter((name) => name !== 'nodejs_heap_objects')],
])('a sample, %s probe', (source, env, names) => {
  test('has the six metrics with their labels, and figures that Node.js confirms', async () => {
    const child = new Child('figures.cjs', { args: [addon.file], execArgv: ['--expose-gc'], env })
    const { batch, heap, spaces, contexts, detachedLater, resources } = await child.next<Told>()
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
    const value = (name: string) => series(name)[0]?.value as number
    expect(value(SIX[0] as string) / heap.used_heap_size).toBeCloseTo(1, 1)
    expect(value(SIX[1] as string) / heap.total_heap_size).toBeCloseTo(1, 1)
    if (source === 'native') {
      expect(value('nodejs_heap_size_limit_bytes')).toBe(heap.heap_size_limit)
      // What the batch itself takes on its way here.
      expect(Math.abs(value('nodejs_malloced_memory_bytes') - heap.malloced_memory)).toBeLessThan(1e6)
      expect(Math.abs(value('nodejs_external_memory_bytes') - heap.external_memory)).toBeLessThan(1e6)
      // A detached one is a native one as well.
      expect(heap.number_of_native_contexts).toBe(contexts + 5)
      expect(value('nodejs_native_contexts')).toBe(contexts + 5)
      expect(heap.number_of_detached_contexts).toBe(2)
      expect(value('nodejs_detached_contexts')).toBe(2)
      expect(detachedLater).toBe(0)

      const ofSpace = (name: string) =>
        Object.fromEntries(series(name).map(({ labels, value }) => [labels.space, value as number]))
      const figures = {
        space_size: ofSpace('nodejs_heap_space_size_total_bytes'),
        space_used_size: ofSpace('nodejs_heap_space_size_used_bytes'),
        space_available_size: ofSpace('nodejs_heap_space_size_available_bytes'),
        physical_space_size: ofSpace('nodejs_heap_space_physical_bytes'),
      }
      for (const [figure, own] of Object.entries(figures)) {
        expect(Object.keys(own)).toEqual(spaces.map(({ space_name }) => space_name.replace(/_space$/, '')))
        for (const space of spaces) {
          const name = space.space_name.replace(/_space$/, '')
          const theirs = space[figure as keyof typeof figures]
          // JavaScript that reads the batch allocates: in the young generation, and where it is compiled.
          expect(Math.abs((own[name] as number) - theirs), `${figure} of ${name}`).toBeLessThanOrEqual(
            STILL.test(name) ? 0 : 1.5e6,
          )
        }
      }
      expect(figures.space_used_size.old).toBeGreaterThan(15e6)
    }
    expect(resources.during - resources.before).toBe(10)
    expect(resources.after).toBe(resources.before)

    if (source === 'native') expect(stderr).toBe('')
    else
      expect(stderr).toMatch(
        /^offloop: measuring with perf_hooks, because OFFLOOP_NATIVE=0 is set.*npx offloop rebuild/,
      )
  })
})
