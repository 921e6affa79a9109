// How much sweeping V8 does on the thread outside its pauses, which no figure of ours has: by the scopes of V8's own
// trace events, for each way to allocate of test/fixtures/gc-time.cjs. Writes the table of docs/accuracy.md:
//
//   node benchmarks/sweeping.mjs
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { onEveryNode, toldBy } from './support/every-node.mjs'

const cases = ['growing', 'graph', 'json', 'buffers', 'strings', 'classes'].map((workload) => ({ workload }))
const CATEGORIES = 'v8,disabled-by-default-v8.gc'
/** Pauses and steps of marking: what is inside of these is counted. */
const COUNTED = /^V8\.(GC_?SCAVENGER|GC_MARK_COMPACTOR|GC_MINOR_M\w+|GC_MC_INCREMENTAL(_START|_FINALIZE)?)$/i
const SWEEPING = /^V8\.GC_\w*SWEEP/

/**
 * Milliseconds of main-thread scopes, overlaps once, that match and lie in none of `inside`.
 * @param {{ name: string, ts: number, dur: number }[]} events
 * @param {RegExp} names
 * @param {{ from: number, to: number }[]} [inside]
 */
function spans(events, names, inside = []) {
  const found = events
    .filter(({ name }) => names.test(name))
    .map(({ ts, dur }) => ({ from: ts, to: ts + dur }))
    .filter(({ from, to }) => !inside.some((outer) => from >= outer.from && to <= outer.to))
    .sort((a, b) => a.from - b.from)
  /** @type {{ from: number, to: number }[]} */
  const joined = []
  for (const { from, to } of found) {
    const last = joined.at(-1)
    if (last !== undefined && from < last.to) last.to = Math.max(last.to, to)
    else joined.push({ from, to })
  }
  return joined
}

const totalMs = (/** @type {{ from: number, to: number }[]} */ all) =>
  all.reduce((sum, { from, to }) => sum + to - from, 0) / 1_000

await onEveryNode({ name: 'sweeping', page: 'accuracy', cases, rounds: 2 }, async (bin, { workload }) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'offloop-sweeping-'))
  try {
    await toldBy(bin, 'gc-time.cjs', {
      arg: JSON.stringify({ workload, thread: 'main', longTaskStats: true, heapAccounting: false }),
      execArgv: ['--trace-event-categories', CATEGORIES, '--trace-event-file-pattern', 'trace.json'],
      cwd: folder,
    })
    const { traceEvents } = JSON.parse(readFileSync(path.join(folder, 'trace.json'), 'utf8'))
    const events = traceEvents.filter((/** @type {any} */ { ph, pid, tid }) => ph === 'X' && tid === pid)
    const counted = spans(events, COUNTED)
    return { countedMs: totalMs(counted), sweepingMs: totalMs(spans(events, SWEEPING, counted)) }
  } finally {
    rmSync(folder, { recursive: true })
  }
})
