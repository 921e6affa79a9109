import { describe, expect, test } from 'vitest'
import type { Figure } from '../../benchmarks/harness/benchmark.mjs'
import { compare } from '../../benchmarks/harness/compare.mjs'
import { Progress } from '../../benchmarks/harness/progress.mjs'
import { Trials } from '../../benchmarks/harness/trials.mjs'
import { losses } from '../../benchmarks/publish/losses.mjs'
import { plot } from '../../benchmarks/publish/plot.mjs'
import { suite } from '../../benchmarks/suite/suite.mjs'

const cost = (variant: string, round: number, result: number) => ({ variant, round, result })
const pick = (result: number) => result

describe('a comparison', () => {
  const trials = new Trials([
    cost('nothing', 0, 100),
    cost('nothing', 1, 200),
    cost('offloop', 0, 101),
    cost('offloop', 1, 202),
    cost('prom-client', 0, 110),
    cost('prom-client', 1, 220),
    cost('gc-stats', 0, 110),
    { variant: 'gc-stats', round: 1, missing: 'ended with SIGSEGV' },
    { variant: 'Datadog', round: 0, missing: 'it does not compile' },
  ])
  const figures = compare(trials, ['offloop', 'prom-client', 'gc-stats', 'Datadog'], {
    measure: 'CPU, more',
    unit: 'µs',
    pick,
    less: () => 'nothing',
    references: ['offloop'],
  })

  test('is made within rounds', () => {
    expect(figures.map(({ estimate }) => estimate?.value)).toEqual([1.5, 15, 10, undefined])
    expect(figures[1]?.ratios?.offloop).toEqual({ value: 10, low: 10, high: 10 })
    expect(figures[0]?.ratios).toEqual({})
  })

  test('goes on without what crashed, of the rounds that there are', () => {
    expect(figures[2]?.ratios?.offloop).toEqual({ value: 10, low: 10, high: 10 })
  })

  test('says why there is no figure', () => {
    expect(figures[3]).toMatchObject({
      estimate: null,
      missing: 'it does not compile',
      ratios: { offloop: null },
    })
  })
})

describe('where we lose', () => {
  const figure = (contender: string, high: number | null): Figure => ({
    name: `${contender}, memory`,
    contender,
    measure: 'memory',
    unit: 'MB',
    estimate: { value: 1, low: 1, high: 1 },
    // JSON has no infinity.
    ratios: { offloop: { value: 0.5, low: 0.1, high: high as number } },
  })

  test('others are named that take less outside the noise, with the reason', () => {
    const figures = [figure('prom-client', 0.9), figure('Datadog', 1.1), figure('gc-stats', null)]
    expect(losses(figures, { memory: 'a thread' })).toEqual([
      { what: 'memory: prom-client takes less', reason: 'a thread' },
    ])
  })

  test('set-ups of our own do not count, missed aims do', () => {
    const aimed: Figure = { ...figure('offloop', 0.9), aim: 0.5, ratios: {} }
    const told = losses([figure('offloop, fallback', 0.9), aimed], {})
    expect(told).toEqual([
      { what: 'offloop, memory: aim ≤ 0.5 MB: MISSED', reason: 'the reason is not known yet' },
    ])
  })
})

describe('a plot', () => {
  const bar = (contender: string, value: number): Figure => ({
    name: contender,
    contender,
    unit: 'µs',
    estimate: { value, low: value * 0.9, high: value * 1.1 },
  })
  const ours = (contender: string) => contender === 'offloop'

  test.each([
    ['of costs around zero', [bar('offloop', -0.2), bar('prom-client', 40)], false],
    ['over decades, with a cost below zero', [bar('offloop', -0.2), bar('prom-client', 4000)], true],
    ['of nothing but zeros', [bar('offloop', 0), bar('prom-client', 0)], true],
    [
      'of what is missing',
      [bar('offloop', 1), { ...bar('a <b>', 1), estimate: null, missing: 'a & b' }],
      false,
    ],
  ])('%s is whole and stays inside its frame', (_, figures, log) => {
    const svg = plot('A title', figures, { log, ours })
    expect(svg).not.toMatch(/NaN|Infinity|undefined/)
    for (const [, x = ''] of svg.matchAll(/ x[12]?="(-?[\d.]+)"/g)) {
      expect(Number(x)).toBeGreaterThanOrEqual(0)
      expect(Number(x)).toBeLessThanOrEqual(760)
    }
    expect(svg).not.toContain('<b>')
  })
})

test('the time left follows the pace', () => {
  let now = 0
  const written: string[] = []
  const out = { write: (text: string) => void written.push(text), terminal: false, now: () => now }
  const steps = [
    { name: 'one', seconds: 60 },
    { name: 'two', seconds: 60 },
  ]
  const progress = new Progress(steps, out)
  progress.begin(0)
  expect(progress.left(0)).toBe(120)
  now = 90_000
  progress.update(0.5)
  // Three times as slow as expected: the other 90 seconds take 270.
  expect(progress.left(0.5)).toBeCloseTo(270)
  expect(written.at(-1)).toBe('1 of 2, one 50%, about 5 min left\n')
})

test('benchmarks and pictures have names of their own, and rounds that fit ten minutes or so', () => {
  const names = suite.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
  const files = suite.flatMap(({ plots = [] }) => plots.map(({ file }) => file))
  expect(new Set(files).size).toBe(files.length)
  for (const { name, variants } of suite) {
    expect(new Set(variants.map((variant) => variant.name)).size, name).toBe(variants.length)
  }
  const everything = suite.filter(({ apart }) => !apart)
  expect(everything.reduce((sum, { seconds }) => sum + seconds, 0)).toBeLessThan(15 * 60)
})
