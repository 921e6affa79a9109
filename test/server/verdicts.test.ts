import { describe, expect, test } from 'vitest'
import type { Labels } from '../../src/core/batch'
import type { Stall } from '../../src/core/stall'
import type { Verdict } from '../../src/core/status'
import type { SeriesColumns } from '../../src/server/source'
import { dist } from '../dist'

const { Evidence } = dist<typeof import('../../src/server/evidence')>('server/evidence.js')
const { verdicts, EVIDENCE } = dist<typeof import('../../src/server/verdicts')>('server/verdicts.js')

const { WORDS } = dist<typeof import('../../src/core/status')>('core/status.js')

const NOW = Date.UTC(2026, 10, 1, 12)
const MIB = 2 ** 20

type Value = (index: number) => number

/** Samples up to now, `stepMs` apart. */
function series(
  name: string,
  value: Value,
  { count = 60, stepMs = 10_000, labels = {} as Labels } = {},
): SeriesColumns {
  const t = Array.from({ length: count }, (_, index) => NOW - (count - 1 - index) * stepMs)
  const type = name.endsWith('_total') ? 'counter' : 'gauge'
  return {
    name,
    type,
    labels: { service: 'api', thread: 'main', ...labels },
    t,
    v: t.map((_, i) => value(i)),
  }
}

function judged(
  id: Verdict['id'],
  all: readonly SeriesColumns[],
  stalls: readonly Stall[] = [],
  stallSeconds = 1,
): Verdict {
  const found = verdicts(new Evidence(all, 'main', NOW, stalls, stallSeconds)).find(
    (verdict) => verdict.id === id,
  ) as Verdict
  for (const name of found.metrics) expect(EVIDENCE.has(name)).toBe(true)
  expect(found.text).toMatch(/^[A-Z0-9].*[.)]$/)
  expect(WORDS[id]).toContain(found.word)
  expect(found.short.length).toBeGreaterThan(3)
  expect(found.short.length).toBeLessThan(46)
  if (found.level === 'notice' || found.level === 'bad') expect(found.advice).toMatch(/^[A-Z].*\.$/)
  else expect(found.advice).toBe('')
  for (const { value } of found.figures) expect(Number.isFinite(value)).toBe(true)
  return found
}

test('of nothing all are unknown', () => {
  for (const verdict of verdicts(new Evidence([], 'main', NOW))) {
    expect(verdict).toMatchObject({ level: 'unknown', word: 'unknown', figures: [], advice: '' })
  }
})

test('another thread is no evidence', () => {
  const other = gc(1, 30, 5).map((one) => ({ ...one, labels: { ...one.labels, thread: 'worker#1' } }))
  expect(judged('gc', other).level).toBe('unknown')
})

/** Majors and minors of 10 s, and their share of time in percent. */
function gc(
  majors: number,
  minors: number,
  percent: number,
  options: { count?: number } = {},
): SeriesColumns[] {
  const pause = percent / 10
  return [
    series('nodejs_gc_cycles_total', (i) => majors * i, { ...options, labels: { kind: 'major' } }),
    series('nodejs_gc_cycles_total', (i) => minors * i, { ...options, labels: { kind: 'minor' } }),
    series('nodejs_gc_pause_seconds_total', (i) => (pause / 2) * i, {
      ...options,
      labels: { kind: 'major' },
    }),
    series('nodejs_gc_pause_seconds_total', (i) => (pause / 2) * i, {
      ...options,
      labels: { kind: 'minor' },
    }),
    series('nodejs_gc_main_thread_seconds_total', (i) => pause * i, options),
    series('nodejs_thread_seconds_total', (i) => 10 * i, options),
  ]
}

describe('gc', () => {
  test.each([
    // A healthy service: 30 scavenges a second are none of its troubles.
    ['light', 'good', gc(1, 300, 2)],
    ['noticeable', 'notice', gc(2, 300, 12)],
    ['heavy', 'bad', gc(5, 300, 40)],
    ['frequent', 'notice', gc(20, 300, 5)],
  ])('%s is %s', (word, level, all) => {
    expect(judged('gc', all)).toMatchObject({ word, level })
  })

  test('tells its numbers', () => {
    expect(judged('gc', gc(5, 300, 40))).toMatchObject({
      text: expect.stringMatching(
        /^Collections took 40% of the last 5 minutes, with 30 major ones a minute and 30 minor ones a second\.$/,
      ),
      short: '40% of the time, 30 major a minute',
      reference: expect.stringContaining('TinyObs'),
      figures: [
        { name: 'share of time', value: expect.closeTo(0.4), unit: 'ratio' },
        { name: 'major collections', value: expect.closeTo(0.5), unit: 'cycles/s' },
        { name: 'minor collections', value: expect.closeTo(30), unit: 'cycles/s' },
      ],
    })
  })

  test('goes by the pauses where the rest of the time is not known', () => {
    const all = gc(5, 300, 40).filter(({ name }) => name !== 'nodejs_gc_main_thread_seconds_total')
    expect(judged('gc', all)).toMatchObject({ word: 'heavy' })
  })

  test('is unknown by one sample, and where a counter began anew', () => {
    expect(judged('gc', gc(1, 300, 2, { count: 1 })).level).toBe('unknown')
    const reset = gc(1, 300, 2).map((one) => ({
      ...one,
      v: one.v.map((value, i) => (i < 50 ? value + 1e6 : i)),
    }))
    expect(judged('gc', reset).level).toBe('unknown')
  })
})

describe('pause', () => {
  const pauses = (meanMs: number, longestMs = 0) => [
    series('nodejs_gc_cycles_total', (i) => i, { labels: { kind: 'major' } }),
    series('nodejs_gc_cycles_total', (i) => 9 * i, { labels: { kind: 'minor' } }),
    series('nodejs_gc_pause_seconds_total', (i) => (meanMs / 100) * i, { labels: { kind: 'major' } }),
    series('nodejs_gc_pause_seconds_total', () => 0, { labels: { kind: 'minor' } }),
    series('nodejs_gc_longest_pause_seconds', () => longestMs / 1000, { labels: { kind: 'major' } }),
  ]
  test.each([
    [0.5, 2, 'excellent', 'good'],
    [3, 20, 'normal', 'good'],
    [3, 150, 'long at times', 'notice'],
    [40, 90, 'long', 'notice'],
    [150, 400, 'problem', 'bad'],
  ])('a mean of %s ms, the longest %s ms: %s', (mean, longest, word, level) => {
    expect(judged('pause', pauses(mean, longest))).toMatchObject({ word, level })
  })

  test('none is good', () => {
    const none = pauses(0).map((one) => ({ ...one, v: one.v.map(() => 7) }))
    expect(judged('pause', none)).toMatchObject({ word: 'none', level: 'good' })
  })
})

describe('heap', () => {
  /** A major collection every `every` samples; `live` is what it leaves, in MiB, and garbage goes to 30 MiB above. */
  const heap = (live: Value, { count = 120, every = 5, garbage = 30, limit = 4_000, majors = 1 } = {}) => {
    const major = (i: number) => i - (i % every)
    const labels = { kind: 'major' }
    return [
      series('nodejs_gc_cycles_total', (i) => majors * Math.floor(i / every), { count, labels }),
      series('nodejs_heap_live_bytes', (i) => live(major(i)) * MIB, { count }),
      series('nodejs_heap_size_used_bytes', (i) => (live(i) + (garbage * (i % every)) / every) * MIB, {
        count,
      }),
      series('nodejs_heap_size_limit_bytes', () => limit * MIB, { count }),
    ]
  }

  test('a leak, in numbers', () => {
    const verdict = judged(
      'heap',
      heap((i) => 50 + 0.5 * i),
    )
    expect(verdict).toMatchObject({ word: 'leaking', level: 'bad' })
    expect(verdict.text).toBe(
      'What major collections leave grew from 50 MiB to 108 MiB in 19 minutes, 3 MiB a minute, over 24 of them. ' +
        'At this pace it reaches the limit of 3.91 GiB in 21.6 hours.',
    )
  })

  test('counts collections, of which several may be between two samples', () => {
    const rising: Value = (i) => 50 + 0.5 * i
    expect(judged('heap', heap(rising, { majors: 3 })).text).toContain('over 70 of them.')
    expect(
      judged(
        'heap',
        heap(() => 50, { majors: 3 }),
      ).text,
    ).toContain('what 70 major collections left')
    expect(judged('heap', heap(rising, { every: 40, majors: 7 })).text).toMatch(
      /^15 major collections in 3 samples are too few to tell/,
    )
  })

  test('a leak under the noise of requests', () => {
    expect(
      judged(
        'heap',
        heap((i) => 50 + 0.5 * i + 8 * Math.sin(i * 7.7)),
      ),
    ).toMatchObject({ word: 'leaking' })
  })

  test('a small leak of a short time is a notice', () => {
    const verdict = judged(
      'heap',
      heap((i) => 50 + 0.1 * i, { count: 50 }),
    )
    expect(verdict).toMatchObject({ word: 'leaking', level: 'notice' })
  })

  test.each<[string, Value, number]>([
    ['sawtooth', () => 50, 30],
    ['steady', () => 50, 2],
    // A start, after which nothing grows any more.
    ['sawtooth', (i) => Math.min(50, 20 + i), 30],
    // A cache that is filled and emptied.
    ['sawtooth', (i) => 50 + (i % 40), 30],
    ['steady', (i) => 500 + 5 * Math.sin(i), 2],
  ])('%s', (word, live, garbage) => {
    expect(judged('heap', heap(live, { garbage }))).toMatchObject({ word, level: 'good' })
  })

  test('few majors are no trend, unless nothing moves', () => {
    const few = judged(
      'heap',
      heap((i) => 50 + i, { every: 40 }),
    )
    expect(few).toMatchObject({ level: 'unknown', word: 'unknown' })
    expect(few.text).toMatch(/^3 major collections are too few to tell/)
    expect(
      judged(
        'heap',
        heap(() => 50, { every: 40, garbage: 3 }),
      ),
    ).toMatchObject({ word: 'steady' })
    expect(
      judged(
        'heap',
        heap(() => 50, { count: 20, every: 40, garbage: 3 }),
      ).level,
    ).toBe('unknown')
  })

  test('in its first seconds a heap has no shape yet', () => {
    const used = (count: number) => [
      series('nodejs_heap_size_used_bytes', (i) => (4 + i) * MIB, { count, stepMs: 1_000 }),
    ]
    expect(judged('heap', used(2))).toMatchObject({
      level: 'unknown',
      text: 'There are too few samples of the heap yet.',
    })
    expect(judged('heap', used(6)).text).toContain('between 4 MiB and 9 MiB in the last 5 s')
  })

  test.each([
    [2_000, 'sawtooth', 'good'],
    [3_200, 'near its limit', 'notice'],
    [3_800, 'near its limit', 'bad'],
  ])('%s MiB of 4,000: %s', (live, word, level) => {
    const verdict = judged(
      'heap',
      heap(() => live, { garbage: 1_500 }),
    )
    expect(verdict).toMatchObject({ word, level })
    expect(verdict.figures).toContainEqual({
      name: "of the heap's limit",
      value: live / 4_000,
      unit: 'ratio',
    })
  })

  test('a container that is nearly full counts as well', () => {
    const { thread: _, ...process } = series('x', () => 0).labels
    const container = [
      { ...series('process_resident_memory_bytes', () => 490 * MIB), labels: process },
      { ...series('nodejs_container_memory_limit_bytes', () => 512 * MIB), labels: process },
    ]
    const verdict = judged('heap', [...heap(() => 50), ...container])
    expect(verdict).toMatchObject({ word: 'near its limit', level: 'bad' })
    expect(verdict.text).toMatch(
      /^At 490 MiB, the memory of the process is 95\.7% of the container's limit of 512 MiB\./,
    )
  })

  test('is unknown where nothing tells what is left', () => {
    const without = heap((i) => 50 + i).filter(({ name }) => name !== 'nodejs_heap_live_bytes')
    expect(judged('heap', without).level).toBe('unknown')
  })
})

describe('resources', () => {
  const resources = (value: Value, count = 120) => [series('nodejs_active_resources_total', value, { count })]
  test.each<[string, string, Value]>([
    ['stable', 'good', () => 20],
    ['stable', 'good', (i) => 200 + 100 * Math.sin(i / 7)],
    // More load since a while, and no more than that.
    ['stable', 'good', (i) => (i < 40 ? 20 + i : 60)],
    ['stable', 'good', (i) => 20 + i / 30],
    ['leaking', 'bad', (i) => 20 + i],
    ['leaking', 'notice', (i) => 1_000 + 2 * i],
  ])('%s (%s)', (word, level, value) => {
    expect(judged('resources', resources(value))).toMatchObject({ word, level })
  })

  test('unknown by few samples', () => {
    expect(
      judged(
        'resources',
        resources((i) => 100 * i, 11),
      ).level,
    ).toBe('unknown')
  })

  test('tells how fast', () => {
    expect(
      judged(
        'resources',
        resources((i) => 20 + i),
      ).text,
    ).toBe('139 active resources, 6 more a minute throughout the last 20 minutes.')
  })
})

describe('loop', () => {
  /** Busy for `share` of each 10 s but the last `stuck` samples, in which it did not wait. */
  const loop = (share: number, { longest = 0.02, turn = 0.01, stuck = 0 } = {}) => {
    const waiting = (i: number) => Math.min(i, 59 - stuck) * 10 * (1 - share)
    return [
      series('nodejs_eventloop_idle_seconds_total', waiting),
      series('nodejs_eventloop_active_seconds_total', (i) => i * 10 - waiting(i)),
      series('nodejs_eventloop_longest_turn_seconds', () => longest),
      series('nodejs_eventloop_since_turn_seconds', () => turn),
    ]
  }
  const stall = (given: Partial<Stall>): Stall => ({
    id: 1,
    thread: 'main',
    startedAt: NOW - 5_000,
    durationMs: 5_000,
    ongoing: true,
    cause: 'code',
    gcMs: 0,
    ...given,
  })

  test.each([
    [0.1, {}, 'free', 'good'],
    [0.75, {}, 'busy', 'notice'],
    [0.95, {}, 'busy', 'bad'],
    [0.1, { longest: 2.5 }, 'stalled lately', 'notice'],
    // Waiting for 20 s for something to do is no stall.
    [0, { turn: 20 }, 'free', 'good'],
    [0.1, { turn: 25, stuck: 2 }, 'stalled', 'bad'],
  ])('%s busy, %j: %s', (share, more, word, level) => {
    expect(judged('loop', loop(share, more))).toMatchObject({ word, level })
  })

  test('calls a stall what the watch does: a turn of the threshold or longer', () => {
    const lately = (longest: number, seconds: number) =>
      judged('loop', loop(0.1, { longest }), [], seconds).word
    expect(lately(0.3, 0.2)).toBe('stalled lately')
    expect(lately(0.3, 1)).toBe('free')
    expect(lately(3, 5)).toBe('free')
    expect(judged('loop', loop(0.1, { turn: 25, stuck: 2 }), [], 60).word).toBe('free')
  })

  test('what the stall watch says goes first, of this thread and of now', () => {
    const { text, ...verdict } = judged('loop', loop(0.1), [stall({})])
    expect(verdict).toMatchObject({ word: 'stalled', level: 'bad' })
    expect(text).toBe('The event loop has not turned for 5 s: nothing is answered meanwhile.')
    for (const other of [stall({ ongoing: false }), stall({ thread: 'worker#1' })]) {
      expect(judged('loop', loop(0.1), [other])).toMatchObject({ word: 'free' })
    }
  })
})
