import { expect } from 'vitest'
import type { TinyObsServer } from '../support/tinyobs-server'
import { type Figures, gaps } from './service'
import { timesOf } from './waiting'

/**
 * Every batch arrived, none of them twice, and `newest` or a younger one before the others. `before`: requests that came
 * before the outage, of which `newest` was the last batch.
 */
export function expectDelivered(
  server: TinyObsServer,
  { batches }: Figures,
  { newest, before }: { newest: number; before: number },
): void {
  expect(gaps({ batches })).toEqual([])
  const delivered = timesOf(server.requests)
  // The first of all may have been posted before anybody listened.
  const wanted = batches.map(({ timestamp }) => timestamp)
  expect(wanted.filter((timestamp) => !delivered.includes(timestamp))).toEqual([])
  expect(delivered.length).toBe(new Set(delivered).size)
  const [first = Number.NaN] = timesOf(server.requests.slice(before))
  expect(first).toBeGreaterThanOrEqual(newest)
}

/**
 * The main thread of a process whose exporter fails does no more than that of one without an exporter, at the same
 * time, and stands still no longer: a request that it made, or waited for, would cost more than this.
 */
export function expectUndisturbed({ mainThread }: Figures, { mainThread: control }: Figures): void {
  expect(mainThread.cpuMs).toBeLessThan(1.5 * control.cpuMs + 50)
  expect(mainThread.stoodStillMs).toBeLessThan(1.5 * Math.max(0, control.stoodStillMs) + 50)
}
