import { describe, expect, test } from 'vitest'
import type { Metric } from '../../src/core/batch'
import { Child } from '../support/child'

/** Taken between two times of `performance.now()`. */
interface Sample {
  readonly metrics: readonly Metric[]
  readonly after: number
  readonly before: number
}
type Seconds = Readonly<Record<string, number>>

interface Told {
  readonly threadId: number
  readonly startedAt: number
  readonly attachedAt: number
  /** When gc() had returned. */
  readonly collectedAt: number
  readonly first: Sample
  readonly second: Sample
  readonly blocksBefore: Readonly<Record<number, Seconds>>
  readonly blocksAfter: Readonly<Record<number, Seconds>>
  /** Of Node.js's own PerformanceObserver, in the main thread. */
  readonly observed: readonly { startTime: number; duration: number; kind: number }[]
  readonly external: { without: number; held: number; own: number; freed: number }
}

const THREAD_SECONDS = 'nodejs_thread_seconds_total'
const AGE = 'nodejs_gc_last_major_age_seconds'
const LONGEST = 'nodejs_gc_longest_pause_seconds'
const MAJOR = 4

function valueIn({ metrics }: Sample, name: string, thread = 'main'): number {
  const [metric, kind] = name.split(',')
  const found = metrics.find(
    ({ name: own, labels }) => own === metric && labels.thread === thread && labels.kind === kind,
  )
  expect(found, `${name} of ${thread}`).toBeDefined()
  return found?.value as number
}

function expectBetween(value: number, least: number, most: number, what: string): void {
  // A millionth of a second: sums of floating point, and clocks that count from different moments.
  expect(value, what).toBeGreaterThanOrEqual(least - 1e-6)
  expect(value, what).toBeLessThanOrEqual(most + 1e-6)
}

describe.each([
  ['native', {}],
  ['perf_hooks', { OFFLOOP_NATIVE: '0' }],
])('exported values, %s probe', (source, env) => {
  test('are those of the block, of the clock, and of what was allocated', async () => {
    const child = new Child('exported-values.cjs', { execArgv: ['--expose-gc'], env })
    const told = await child.next<Told>()
    expect((await child.exited).code).toBe(0)
    const { first, second, observed, external } = told

    // What blocks say, which test/contract/gc-time.test.ts compares with V8's own tracer.
    const threads = source === 'native' ? { main: 0, [`worker#${told.threadId}`]: told.threadId } : {}
    for (const [thread, id] of Object.entries(threads)) {
      const before = told.blocksBefore[id] as Seconds
      const after = told.blocksAfter[id] as Seconds
      for (const [name, least] of Object.entries(before)) {
        const value = valueIn(first, name, thread)
        expect(value, `${name} of ${thread}`).toBeGreaterThan(0)
        expectBetween(value, least, after[name] as number, `${name} of ${thread}`)
      }
    }

    // How long the thread has been measured, and what it grew from one sample to the other.
    const seconds = valueIn(first, THREAD_SECONDS)
    expectBetween(
      seconds,
      (first.after - told.attachedAt) / 1e3,
      (first.before - told.startedAt) / 1e3,
      THREAD_SECONDS,
    )
    const grown = valueIn(second, THREAD_SECONDS) - seconds
    expect(grown).toBeGreaterThan(0.9)
    expectBetween(
      grown,
      (second.after - first.before) / 1e3,
      (second.before - first.after) / 1e3,
      'growth of seconds',
    )

    // By Node.js's own entries the last major collection was that of gc(): it began after this, and was over when gc() returned.
    const { startTime } = observed.filter(({ kind }) => kind === MAJOR).at(-1) as (typeof observed)[number]
    expect(startTime).toBeLessThan(told.collectedAt)
    expectBetween(
      valueIn(first, AGE),
      (first.after - told.collectedAt) / 1e3,
      (first.before - startTime) / 1e3,
      AGE,
    )

    if (source === 'perf_hooks') {
      // Node.js's own entries again, those of before the probe was there and of after the sample included or not.
      for (const [kind, numbers] of Object.entries({ minor: [1, 2], major: [MAJOR], incremental: [8] })) {
        const of = observed.filter((entry) => numbers.includes(entry.kind))
        const within = of.filter(
          ({ startTime, duration }) => startTime >= told.attachedAt && startTime + duration <= first.after,
        )
        const longest = (all: typeof of) => Math.max(...all.map(({ duration }) => duration / 1e3))
        expectBetween(valueIn(first, `${LONGEST},${kind}`), longest(within), longest(of), kind)
      }
    }

    expect(external.held - external.without).toBeGreaterThan(60e6)
    expect(Math.abs(external.held - external.own)).toBeLessThan(1e6)
    expect(external.held - external.freed).toBeGreaterThan(60e6)
  }, 120_000)
})
