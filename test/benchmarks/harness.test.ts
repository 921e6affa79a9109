import { describe, expect, test } from 'vitest'
import type { Figure } from '../../benchmarks/harness/benchmark.mjs'
import { compare } from '../../benchmarks/harness/compare.mjs'
import { told, watchMachine } from '../../benchmarks/harness/disturbance.mjs'
import { Progress } from '../../benchmarks/harness/progress.mjs'
import { plan } from '../../benchmarks/harness/rounds.mjs'
import { Trials } from '../../benchmarks/harness/trials.mjs'
import { isMissed, verdict } from '../../benchmarks/harness/words.mjs'
import { losses } from '../../benchmarks/publish/losses.mjs'
import { plot, plotLines } from '../../benchmarks/publish/plot.mjs'
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
    expect(figures[1]?.ratios?.offloop).toEqual({ value: 10, low: 10, high: 10, n: 2 })
    expect(figures[0]?.ratios).toEqual({})
  })

  test('goes on without what crashed, of the rounds that there are', () => {
    expect(figures[2]?.ratios?.offloop).toEqual({ value: 10, low: 10, high: 10, n: 1 })
  })

  test('says why there is no figure', () => {
    expect(figures[3]).toMatchObject({
      estimate: null,
      missing: 'it does not compile',
      ratios: { offloop: null },
    })
  })
})

describe('a verdict', () => {
  const judged = (value: number, low: number, high: number, n: number, more = false) => {
    const figure: Figure = { name: 'x', unit: 'µs', aim: 25, more, estimate: { value, low, high, n } }
    return [verdict(figure), isMissed(figure)]
  }

  test('is that of the whole interval, or says that it is within the noise', () => {
    expect(judged(20, 18, 24, 6)).toEqual(['aim ≤ 25 µs: met', false])
    expect(judged(40, 26, 60, 6)).toEqual(['aim ≤ 25 µs: MISSED', true])
    expect(judged(24, 18, 30, 6)).toEqual(['aim ≤ 25 µs: met, within the noise', false])
    expect(judged(26, 18, 30, 6)).toEqual(['aim ≤ 25 µs: missed, within the noise', true])
    expect(judged(20, 18, 24, 6, true)).toEqual(['aim ≥ 25 µs: MISSED', true])
    expect(judged(30, 25, 34, 6, true)).toEqual(['aim ≥ 25 µs: met', false])
  })

  test('needs six rounds', () => {
    expect(judged(20, 18, 24, 5)).toEqual(['aim ≤ 25 µs: undecided, too few rounds', false])
    expect(judged(40, 39, 41, 3)).toEqual(['aim ≤ 25 µs: undecided, too few rounds', false])
  })
})

describe('where we lose', () => {
  const figure = (contender: string, high: number | null, n = 6): Figure => ({
    name: `${contender}, memory`,
    contender,
    measure: 'memory',
    unit: 'MB',
    estimate: { value: 1, low: 1, high: 1, n },
    // JSON has no infinity.
    ratios: { offloop: { value: 0.5, low: 0.1, high: high as number, n } },
  })

  test('others are named that take less outside the noise, with the reason', () => {
    const figures = [figure('prom-client', 0.9), figure('Datadog', 1.1), figure('gc-stats', null)]
    expect(losses(figures, { memory: 'a thread' })).toEqual([
      { what: 'memory: prom-client takes less', reason: 'a thread' },
    ])
  })

  test('nobody wins in a few rounds', () => {
    expect(losses([figure('prom-client', 0.1, 5)], {})).toEqual([])
  })

  test('where more is better they are named that have more', () => {
    const seen = (low: number): Figure => ({
      ...figure('Datadog', 9),
      more: true,
      ratios: { offloop: { value: 2, low, high: 9, n: 6 } },
    })
    expect(losses([seen(1.1)], {})).toMatchObject([{ what: 'memory: Datadog has more' }])
    expect(losses([seen(0.9)], {})).toEqual([])
  })

  test('set-ups of our own do not count, missed aims do, within the noise too', () => {
    const aimed: Figure = { ...figure('offloop', 0.9), aim: 0.5, ratios: {} }
    const perhaps: Figure = { ...aimed, name: 'y', aim: 0.9, estimate: { value: 1, low: 0.5, high: 2, n: 6 } }
    const told = losses([figure('offloop, fallback', 0.9), aimed, perhaps], {})
    expect(told).toEqual([
      { what: 'offloop, memory: aim ≤ 0.5 MB: MISSED', reason: 'the reason is not known yet' },
      { what: 'y: aim ≤ 0.9 MB: missed, within the noise', reason: 'the reason is not known yet' },
    ])
  })
})

describe('the order of trials', () => {
  const named = (count: number, sleeps: boolean) =>
    Array.from({ length: count }, (_, i) => ({ name: `${i}`, trial: 'x.mjs', sleeps }))
  const sequence = (groups: ReturnType<typeof plan>) => groups.flat().map(({ name }) => name)

  test('has each variant once a round, after another one each time', () => {
    const order = sequence(plan({ variants: named(8, false), rounds: 6 }))
    const rounds = Array.from({ length: 6 }, (_, i) => order.slice(i * 8, i * 8 + 8))
    for (const round of rounds) expect([...round].sort()).toEqual([...'01234567'])
    for (const name of '01234567') {
      const before = rounds.map((round) => round[round.indexOf(name) - 1])
      expect(new Set(before).size, name).toBeGreaterThan(2)
    }
    expect(sequence(plan({ variants: named(8, false), rounds: 6 }))).toEqual(order)
  })

  test('has no more side by side than it may, and rounds together that may be', () => {
    const few = plan({ variants: named(10, true), rounds: 2, beside: 4 })
    expect(few.map((group) => group.length)).toEqual([4, 4, 2, 4, 4, 2])
    const together = plan({ variants: named(3, true), rounds: 5, atOnce: 2 })
    expect(together.map((group) => group.map(({ round }) => round).sort())).toEqual([
      [0, 0, 0, 1, 1, 1],
      [2, 2, 2, 3, 3, 3],
      [4, 4, 4],
    ])
  })
})

test('what others took of the machine is seen, and what we took ourselves is not theirs', () => {
  expect(told({ load: 0.1, stolenPercent: 0.2, othersPercent: 1 })).not.toContain('DISTURBED')
  expect(told({ load: 0.1, stolenPercent: 3, othersPercent: 1 })).toContain('DISTURBED')
  expect(told({ load: 0.1, stolenPercent: 0, othersPercent: 20 })).toContain('DISTURBED')
  // As proc(5) has them, in ticks: user nice system idle iowait irq softirq steal; utime stime cutime cstime.
  const machine = { cpu: [100, 0, 100, 800, 0, 0, 0, 0, 7, 7], own: [10, 0, 0, 0] }
  const read = (file: string) =>
    file === '/proc/stat'
      ? `cpu  ${machine.cpu.join(' ')}\ncpu0 1 2 3\n`
      : `123 (node) evil) S 1 2 3 4 5 6 7 8 9 10 ${machine.own.join(' ')} 20 0`
  const taken = watchMachine(read)
  machine.cpu = [300, 10, 140, 1200, 20, 5, 5, 120, 7, 7]
  machine.own = [110, 40, 50, 5]
  // Of 800 ticks 260 were busy, and 195 of them ours; 120 were stolen.
  expect(taken()).toMatchObject({ stolenPercent: 15, othersPercent: 8.1 })
})

describe('a plot', () => {
  const bar = (contender: string, value: number): Figure => ({
    name: contender,
    contender,
    unit: 'µs',
    estimate: { value, low: value * 0.9, high: value * 1.1, n: 6 },
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

  test('of lines stays inside its frame, whatever is missing', () => {
    const points = [0, 1, 64].flatMap((at) => [
      { at, figure: bar('offloop', at * 20) },
      { at, figure: { ...bar('Datadog', 0), estimate: null } },
    ])
    const svg = plotLines('A title', 'threads', points, ours)
    expect(svg).not.toMatch(/NaN|Infinity|undefined/)
    expect(svg.match(/<polyline/g)).toHaveLength(1)
    for (const [, x = '', y = ''] of svg.matchAll(/ cx="([\d.-]+)" cy="([\d.-]+)"/g)) {
      expect(Number(x)).toBeLessThanOrEqual(760)
      expect(Number(y)).toBeLessThanOrEqual(300)
      expect(Number(y)).toBeGreaterThanOrEqual(0)
    }
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
  const files = suite.flatMap(({ plots = [], lines = [] }) => [...plots, ...lines].map(({ file }) => file))
  expect(new Set(files).size).toBe(files.length)
  for (const { name, variants } of suite) {
    expect(new Set(variants.map((variant) => variant.name)).size, name).toBe(variants.length)
  }
  const everything = suite.filter(({ apart }) => !apart)
  expect(everything.reduce((sum, { seconds }) => sum + seconds, 0)).toBeLessThan(11 * 60)
})
