import { describe, expect, test } from 'vitest'
import { Child } from '../support/child'
import { parsePrometheus } from '../support/exposition'
import { pause } from '../support/stalls'

// Blocks of known lengths in callbacks of every kind, against what /metrics says of the turns; and the loop's own times, also
// while it is blocked, against libuv's as Node.js has them.

interface Turns {
  /** Turns that took longer than a bound, in seconds. */
  longer(seconds: number): number
  readonly sum: number
  readonly count: number
  readonly quantiles: Readonly<Record<string, number>>
  readonly longest: number
  readonly active: number
  readonly idle: number
  readonly utilization: number
  /** When the scrape began and ended, in seconds. */
  readonly from: number
  readonly to: number
}

async function scrape(url: string, thread: RegExp): Promise<Turns> {
  const from = performance.now() / 1_000
  const families = parsePrometheus(await (await fetch(`${url}/metrics`)).text())
  const to = performance.now() / 1_000
  const samples = (family: string) =>
    (families.get(family)?.samples ?? []).filter(({ labels }) => thread.test(labels.thread ?? ''))
  const one = (family: string, name = family) =>
    samples(family).find((sample) => sample.name === name)?.value ?? Number.NaN
  const histogram = 'nodejs_eventloop_turn_seconds'
  const count = one(histogram, `${histogram}_count`)
  return {
    from,
    to,
    longer: (seconds) =>
      count - (samples(histogram).find(({ labels }) => Number(labels.le) === seconds)?.value ?? Number.NaN),
    sum: one(histogram, `${histogram}_sum`),
    count,
    quantiles: Object.fromEntries(
      samples('nodejs_eventloop_turn_quantile_seconds').map(({ labels, value }) => [labels.quantile, value]),
    ),
    longest: one('nodejs_eventloop_longest_turn_seconds'),
    active: one('nodejs_eventloop_active_seconds_total'),
    idle: one('nodejs_eventloop_idle_seconds_total'),
    utilization: one('nodejs_eventloop_utilization'),
  }
}

describe.each([
  ['main', /^main$/],
  ['worker', /#\d+$/],
] as const)('the loop of a %s thread', (where, thread) => {
  async function started() {
    const child = new Child('turns.cjs', { args: [where] })
    const { url } = await child.next<{ url: string }>()
    // The first answer comes when the thread is there.
    child.send({})
    await child.next()
    return { child, url, look: () => scrape(url, thread) }
  }

  test('every block is a turn, whatever callback it is in', async () => {
    const { child, look } = await started()
    const before = await look()
    child.send({ blocks: true })
    const { lengths, activeMs } = await child.next<{ lengths: number[]; activeMs: number }>()
    const after = await look()

    expect(lengths).toHaveLength(15)
    for (const bound of [0.025, 0.05, 0.1]) {
      const known = lengths.filter((ms) => ms / 1_000 > bound)
      expect(after.longer(bound) - before.longer(bound), `${bound}`).toBeGreaterThanOrEqual(known.length)
    }
    // Nor is a block two turns, or half of one: the sum is what libuv's own clock says that the loop was active for.
    const sum = after.sum - before.sum
    expect(sum).toBeGreaterThan(lengths.reduce((total, ms) => total + ms, 0) / 1_000)
    expect(Math.abs(sum - activeMs / 1_000)).toBeLessThan(0.02 * sum + 0.02)

    // Quantiles are within 2.5%, over all turns of the last minute, those of the start included.
    const descending = [...lengths].sort((a, b) => b - a).map((ms) => ms / 1_000)
    const least = (q: number) => 0.975 * (descending[after.count - Math.ceil(q * after.count)] ?? 0)
    const { '0.5': p50, '0.99': p99, '0.999': p999 } = after.quantiles as Record<string, number>
    expect(p50).toBeLessThan(0.035)
    expect(p99).toBeGreaterThanOrEqual(least(0.99))
    expect(p999).toBeGreaterThanOrEqual(least(0.999))
    expect(p999).toBeLessThanOrEqual(1.025 * after.longest)
    expect(after.longest).toBeGreaterThanOrEqual(descending[0] as number)
    // The rest of its turn, and what the machine did with the thread meanwhile.
    if (before.longest < (descending[0] as number)) {
      expect(after.longest).toBeLessThan((descending[0] as number) + 0.1)
    }
  })

  test('while it is blocked its idle time stands still, and its active time goes with the clock', async () => {
    const { child, look } = await started()
    child.send({ block: 3_000 })
    await pause(500)
    const looks: Turns[] = []
    for (let i = 0; i < 4; i++) {
      looks.push(await look())
      await pause(300)
    }
    const { blockedMs } = await child.next<{ blockedMs: number }>()
    expect(blockedMs).toBeGreaterThanOrEqual(3_000)
    for (const [i, now] of looks.slice(1).entries()) {
      const last = looks[i] as Turns
      expect(now.idle).toBe(last.idle)
      const grown = now.active - last.active
      expect(grown).toBeGreaterThan(now.from - last.to - 0.001)
      expect(grown).toBeLessThan(now.to - last.from + 0.001)
    }
  })

  test('its utilization is that of Node.js', async () => {
    const { child, look } = await started()
    const before = await look()
    child.send({ load: 4_000 })
    const theirs = await child.next<{ utilization: number; seconds: number }>()
    const after = await look()
    const active = after.active - before.active
    const seconds = active + after.idle - before.idle
    // Between their two readings and our two is what the messages took.
    const unknown = (seconds - theirs.seconds) / seconds
    expect(Math.abs(active / seconds - theirs.utilization)).toBeLessThan(0.02 + unknown)
  })
})
