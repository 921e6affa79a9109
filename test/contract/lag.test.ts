import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

interface Figures {
  readonly mean: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly max: number
}

interface Phase {
  readonly ms: number
  readonly blocks: number
  readonly turns: number
  readonly elapsedNs: number
  /** Share of that which may have been after the scrape. */
  readonly unknown: number
  /** For how long the loop was active beside the blocks. */
  readonly otherNs: number
  readonly truth: Figures
  readonly ours: Figures
  readonly theirs: Figures
}

const TRIAL = fileURLToPath(new URL('../../benchmarks/trials/lag.mjs', import.meta.url))
const MS = 1e6

test('blocks of 1 ms to 1 s are told as long as they were, while a timer tells its own period', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [TRIAL, '0.4'])
  const { resolutionMs, phases } = JSON.parse(stdout) as { resolutionMs: number; phases: Phase[] }
  expect(phases.map(({ ms }) => ms)).toEqual([1, 5, 20, 100, 1000])
  for (const { ms, blocks, turns, elapsedNs, unknown, otherNs, truth, ours, theirs } of phases) {
    // No block is missed.
    expect(turns, `${ms} ms`).toBeGreaterThanOrEqual(blocks)
    expect(ours.max, `${ms} ms`).toBeGreaterThan(0.97 * truth.max)
    // Whatever else ran, which the machine may make long, can be no more than this: behind the longest block, or alone.
    const otherMean = (2 * truth.max * otherNs + otherNs ** 2) / (2 * elapsedNs)
    const most = { mean: otherMean, p90: otherNs, p99: otherNs, max: otherNs }
    for (const figure of ['mean', 'p90', 'p99', 'max'] as const) {
      // The truth is a draw of arrivals.
      const noise = 0.02 * truth.max
      if (figure !== 'max') {
        expect(ours[figure], `${ms} ms, ${figure}`).toBeGreaterThanOrEqual(0.95 * truth[figure] - noise)
      }
      expect(ours[figure], `${ms} ms, ${figure}`).toBeLessThanOrEqual(
        (1.05 + unknown) * truth[figure] + noise + most[figure],
      )
    }
    // Beside long blocks it is of no weight.
    if (ms >= 100) {
      for (const figure of ['mean', 'p90', 'p99'] as const) {
        expect(ours[figure], `${ms} ms, ${figure}`).toBeLessThan(1.5 * truth[figure])
      }
    }
    expect(theirs.p50, `${ms} ms`).toBeGreaterThan(0.8 * resolutionMs * MS)
  }
  // One waits for half a second on average, and a timer has more figures for the pauses between two of these.
  const longest = phases.at(-1) as Phase
  expect(longest.ours.p50).toBeGreaterThan(0.4e9)
  expect(longest.theirs.p50).toBeLessThan(longest.ours.p50)
}, 60_000)
