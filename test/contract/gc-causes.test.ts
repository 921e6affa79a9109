import { expect, test } from 'vitest'
import type { Metric } from '../../src/core/batch'
import { Child } from '../support/child'
import { fixtureAddon } from '../support/fixture-addon'

type Figures = Record<string, number>

const MAJOR = Number(process.versions.node.split('.')[0])
/** From Node.js 26 on V8 flags what it does when memory is low, too. */
const FLAGS_LOW_MEMORY = MAJOR >= 26

function figures(metrics: readonly Metric[]): Figures {
  return Object.fromEntries(
    metrics.map(({ name, labels, value }) => [
      [name.replace(/^nodejs_gc_|_total$/g, ''), labels.kind, labels.reason].filter(Boolean).join(' '),
      value as number,
    ]),
  )
}

const between = (a: Figures, b: Figures, key: string): number => (b[key] ?? 0) - (a[key] ?? 0)

/** How many reasons came for collections of a kind. */
const told = (a: Figures, b: Figures, kind: string): number =>
  Object.keys(b)
    .filter((key) => key.startsWith(`reasons ${kind} `))
    .reduce((sum, key) => sum + between(a, b, key), 0)

const addon = fixtureAddon('v8-calls')

test('collections that were asked for are told from those that were not, and have a reason', async () => {
  const child = new Child('gc-causes.cjs', { args: [addon.file], execArgv: ['--expose-gc'] })
  const samples = (await child.next<Metric[][]>()).map(figures)
  const [first, forced, automatic, lowMemory, pressed, last] = samples as [
    Figures,
    Figures,
    Figures,
    Figures,
    Figures,
    Figures,
  ]
  expect((await child.exited).code).toBe(0)

  expect(between(first, forced, 'forced_cycles major')).toBe(3)
  expect(between(first, forced, 'forced_cycles minor')).toBe(4)
  expect(between(forced, automatic, 'forced_cycles major')).toBe(0)
  expect(between(forced, automatic, 'forced_cycles minor')).toBe(0)
  expect(between(forced, automatic, 'cycles minor')).toBeGreaterThan(0)

  // The inspector's collection: V8 does it as where the system is low on memory, in more than one round.
  const rounds = between(automatic, lowMemory, 'cycles major')
  expect(rounds).toBeGreaterThanOrEqual(2)
  expect(between(automatic, lowMemory, 'reasons major low_memory_notification')).toBeGreaterThanOrEqual(1)
  // A round that V8 had begun by itself is none of them.
  const flagged = between(automatic, lowMemory, 'forced_cycles major')
  if (FLAGS_LOW_MEMORY) expect(flagged).toBeGreaterThanOrEqual(2)
  else expect(flagged).toBe(0)
  expect(flagged).toBeLessThanOrEqual(rounds)

  // A system that is out of memory, as an embedder tells V8 of it: flagged on all versions.
  const pressing = between(lowMemory, pressed, 'forced_cycles major')
  expect(pressing).toBeGreaterThanOrEqual(1)
  expect(pressing).toBeLessThanOrEqual(between(lowMemory, pressed, 'cycles major'))
  expect(between(lowMemory, last, 'reasons major memory_pressure')).toBeGreaterThanOrEqual(1)

  // V8 tells a reason when all is swept, at the next major collection at the latest. gc() is its own test.
  const majors = between(first, lowMemory, 'cycles major')
  expect(between(first, lowMemory, 'reasons major testing')).toBe(3)
  expect(told(first, lowMemory, 'major')).toBeLessThanOrEqual(majors)
  expect(told(first, lowMemory, 'major')).toBeGreaterThanOrEqual(majors - rounds + 1)
  // Of scavenges it tells none.
  expect(told({}, lowMemory, 'minor')).toBe(0)
})

interface Left {
  readonly code: string
  readonly majors: number
  readonly forced: number
  readonly reasons: Figures
}

/** What a worker left that ran out of memory. */
async function outOfMemory(): Promise<Left> {
  const child = new Child('gc-causes.cjs', { args: ['out-of-memory'], execArgv: ['--expose-gc'] })
  const left = await child.next<Left>()
  expect((await child.exited).code).toBe(0)
  return left
}

test('what a worker collects before it is out of memory stays in the totals, with the reasons', async () => {
  let resorts = 0
  // From Node.js 26 on V8 comes to its last resort, unless a collection before it is what finds no room; and tells of it when
  // all is swept, which the end of the thread may forestall.
  for (let run = 0; run < (FLAGS_LOW_MEMORY ? 5 : 1) && resorts === 0; run++) {
    const { code, majors, forced, reasons } = await outOfMemory()
    expect(code).toBe('ERR_WORKER_OUT_OF_MEMORY')
    expect(majors).toBeGreaterThanOrEqual(2)
    const sum = Object.values(reasons).reduce((total, count) => total + count, 0)
    expect(sum).toBeGreaterThanOrEqual(1)
    expect(sum).toBeLessThanOrEqual(majors)
    resorts = reasons.last_resort ?? 0
    expect(forced).toBeGreaterThanOrEqual(resorts)
    if (!FLAGS_LOW_MEMORY) expect(forced).toBe(0)
  }
  // Up to Node.js 24 V8 asks for more room before it comes to that, and Node.js ends the worker there.
  if (FLAGS_LOW_MEMORY) expect(resorts).toBeGreaterThanOrEqual(1)
  else expect(resorts).toBe(0)
})
