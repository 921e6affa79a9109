import { describe, expect, test } from 'vitest'
import type { Counters } from '../../src/probe/counters'
import { Child } from '../support/child'
import { readTrace, type Traced } from '../support/trace-gc'

// V8's tracer is the independent source. Its timer starts after our prologue and ends before our epilogue, and what
// lies between (other callbacks) counts for us as the pause that it is: up to 0.1 ms a cycle. From Node.js 26 on V8
// formats and prints the trace line itself in between, up to 4 ms a cycle; without the flag our pauses agree with V8's
// LongTaskStats within 0.4% there.
const TRACER_MS_PER_CYCLE = Number.parseInt(process.versions.node, 10) >= 26 ? 4 : 0.1
// What is left is the error of the method.
const TOLERANCE = 0.1

const ATTEMPTS = 3

interface Run {
  readonly counted: Counters
  readonly traced: Traced
}

async function run(workload: string): Promise<Run> {
  const child = new Child('gc-accuracy.cjs', { args: [workload], execArgv: ['--trace-gc-nvp'] })
  const told = await child.next<{ counters: Counters; attachedAt: number; readAt: number }>()
  const { stdout } = await child.exited
  return { counted: told.counters, traced: readTrace(stdout, told.attachedAt, told.readAt) }
}

describe.each(['growing', 'graph', 'json', 'buffers'])('%s', (workload) => {
  test('cycles equal those of V8 tracer in every run, pauses agree in the quietest', async () => {
    let best = Number.POSITIVE_INFINITY
    // A thread that loses its processor between our edge and V8's is a longer pause, to us and to the user.
    for (let attempt = 0; attempt < ATTEMPTS && best > 1; attempt++) {
      const { counted, traced } = await run(workload)
      expect(traced.minor + traced.major).toBeGreaterThan(5)
      expect(counted.gcMinorCycles).toBe(traced.minor)
      expect(counted.gcMajorCycles).toBe(traced.major)
      expect(counted.gcCycles).toBe(traced.minor + traced.major)
      expect(counted.gcPauseNs).toBeCloseTo(counted.gcMinorPauseNs + counted.gcMajorPauseNs, 0)
      const tracedMs = traced.minorPauseMs + traced.majorPauseMs
      const errorMs = Math.abs(counted.gcPauseNs / 1e6 - tracedMs)
      best = Math.min(best, errorMs / (tracedMs * TOLERANCE + counted.gcCycles * TRACER_MS_PER_CYCLE))
    }
    expect(best).toBeLessThan(1)
  })
})
