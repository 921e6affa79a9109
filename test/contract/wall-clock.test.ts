import { expect, test } from 'vitest'
import { Child } from '../support/child'

interface Told {
  readonly sequence: number
  readonly timestamp: number
  readonly missed: number
}

const HOUR = 3_600_000

test('a wall clock that is set back and forward changes timestamps, and no tick', async () => {
  const child = new Child('stepped-clock.cjs')
  const told: Told[] = []
  do told.push(await child.next<Told>())
  while ((told.at(-1) as Told).timestamp < (told[0] as Told).timestamp + HOUR + 3_000)
  child.kill()
  const steps = told.map(({ timestamp }, i) => timestamp - (told[i - 1]?.timestamp ?? timestamp))
  expect(steps.filter((ms) => ms < -3_000_000)).toHaveLength(1)
  expect(steps.filter((ms) => ms > 7_000_000)).toHaveLength(1)
  expectTicks(told, HOUR)
})

// Of New York: at 2:00 it is 3:00, and at 2:00 it is 1:00.
test.each([
  ['begins', '2026-03-08T07:00:00Z', [300, 240]],
  ['ends', '2026-11-01T06:00:00Z', [240, 300]],
])('daylight saving %s without a trace', async (_, jump, offsets) => {
  const child = new Child('daylight-saving.cjs', { args: [jump], env: { TZ: 'America/New_York' } })
  interface Answers {
    /** `at`: when the main thread heard of it, on a clock that nobody sets. */
    readonly batches: readonly (Told & { readonly at: number })[]
    readonly utc: { readonly metrics: readonly { timestamp: string }[] }
    readonly local: unknown
    readonly range: { readonly data: readonly { points: readonly { t: number }[] }[] }
    readonly offsets: readonly number[]
  }
  const told = await child.next<Answers>()
  // There was a jump.
  expect(told.offsets).toEqual(offsets)
  const times = told.batches.map(({ timestamp }) => timestamp)
  expect([times[0], times.at(-1)].map((time) => Math.sign((time ?? 0) - Date.parse(jump)))).toEqual([-1, 1])
  expectTicks(told.batches)
  // An hour too many or too few would show; a message takes far less.
  for (const [index, { timestamp, at }] of told.batches.entries()) {
    const before = told.batches[index - 1]
    if (before !== undefined) expect(timestamp).toBeGreaterThan(before.timestamp)
    const [first] = told.batches
    expect(Math.abs(timestamp - at - ((first?.timestamp ?? 0) - (first?.at ?? 0)))).toBeLessThan(60_000)
  }
  expect(told.utc.metrics.map(({ timestamp }) => timestamp)).toEqual(
    times.map((time) => new Date(time).toISOString()),
  )
  // Times of the query are instants, in whatever zone they are written.
  expect(told.local).toEqual(told.utc)
  expect(told.range.data.map(({ points }) => points.map(({ t }) => t))).toEqual([times])
})

/** Taken and missed ticks together are what arithmetic wants: none too many. `setBy`: the clock, in all. */
function expectTicks(told: readonly Told[], setBy = 0): void {
  const [first, last] = [told[0] as Told, told.at(-1) as Told]
  const ticks = (last.timestamp - first.timestamp - setBy) / 100
  expect(Math.abs(last.sequence - first.sequence + last.missed - first.missed - ticks)).toBeLessThanOrEqual(2)
}
