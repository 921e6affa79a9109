import type { Status } from '../../src/core/status'
import type { Source, StoredSeries } from '../../src/server/source'
import { batch, gauge } from './batches'

/** What the sampling thread would provide; `given` replaces any part of it. */
export function fakeSource(given: Partial<Source> = {}): Source {
  return {
    scrape: () => Promise.resolve(batch(1, [gauge('x', 1)])),
    query: () => undefined,
    series: () => [],
    describe: (name, type) => ({ type, unit: '', description: name }),
    status: () => Promise.resolve(status()),
    subscribe: () => () => {},
    stalls: () => ({ thresholdMs: null, stalls: [] }),
    health: () => ({ service: 'api', samples: 1 }),
    ...given,
  }
}

const NO_FAULTS = { missedTicks: 0, droppedBatches: 0, exportFailures: 0, restarts: 0 }

function status(): Status {
  return {
    service: 'api',
    pid: 1,
    nodeVersion: 'v20.0.0',
    offloopVersion: '0.0.0',
    startedAt: 0,
    now: 1,
    intervalMs: 10_000,
    sequence: 1,
    sampledAt: 1,
    health: { ...NO_FAULTS, lately: NO_FAULTS },
    threads: [],
    verdicts: [],
  }
}

/** A series of `count` points, `stepMs` apart; the last one is at `end`. */
export function series(
  name: string,
  {
    count,
    end,
    stepMs = 10_000,
    labels = {},
    value = (i) => i,
  }: {
    count: number
    end: number
    stepMs?: number
    labels?: StoredSeries['labels']
    value?: (index: number) => number
  },
): StoredSeries {
  const points = Array.from({ length: count }, (_, i) => ({ t: end - (count - 1 - i) * stepMs, v: value(i) }))
  return { name, type: 'gauge', labels, points }
}

/** Answers queries from `all`, within the window that is asked for. */
export function storeOf(...all: readonly StoredSeries[]): Source['query'] {
  return (metric, start, end) => {
    const found = all.filter(({ name }) => name === metric)
    if (found.length === 0) return undefined
    return found.map((one) => ({ ...one, points: one.points.filter(({ t }) => t >= start && t <= end) }))
  }
}
