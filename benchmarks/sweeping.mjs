// How much sweeping V8 does on the thread outside its pauses, which no figure of ours has: by the scopes of V8's own
// trace events, for each way to allocate of test/fixtures/gc-time.cjs. Prints the table of docs/accuracy.md:
//
//   npm run build:all && node benchmarks/sweeping.mjs
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { nodeFor, supported } from '../scripts/nodes.mjs'
import { root } from '../scripts/tools.mjs'

const WORKLOADS = ['growing', 'graph', 'json', 'buffers', 'strings', 'classes']
const RUNS = 3
const CATEGORIES = 'v8,disabled-by-default-v8.gc'
/** Pauses and steps of marking: what is inside of these is counted. */
const COUNTED = /^V8\.(GC_?SCAVENGER|GC_MARK_COMPACTOR|GC_MINOR_M\w+|GC_MC_INCREMENTAL(_START|_FINALIZE)?)$/i
const SWEEPING = /^V8\.GC_\w*SWEEP/

const fixture = path.join(root, 'test/fixtures/gc-time.cjs')

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

/**
 * Sweeping outside pauses, as a share of what is counted.
 * @param {string} bin
 * @param {string} workload
 */
function share(bin, workload) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'offloop-sweeping-'))
  const options = JSON.stringify({
    workload,
    thread: 'main',
    longTaskStats: true,
    heapAccounting: false,
  })
  const traced = ['--trace-event-categories', CATEGORIES, '--trace-event-file-pattern', 'trace.json']
  const run = spawnSync(bin, ['--expose-gc', ...traced, fixture, options], { cwd: folder, encoding: 'utf8' })
  if (run.status !== 0) throw new Error(run.stderr)
  const { traceEvents } = JSON.parse(readFileSync(path.join(folder, 'trace.json'), 'utf8'))
  rmSync(folder, { recursive: true })
  const events = traceEvents.filter((/** @type {any} */ { ph, pid, tid }) => ph === 'X' && tid === pid)
  const counted = spans(events, COUNTED)
  return totalMs(spans(events, SWEEPING, counted)) / totalMs(counted)
}

const percent = (/** @type {number} */ value) => (value * 100).toFixed(1)

console.log(`| workload |${supported.map((major) => ` ${nodeFor(major).version} |`).join('')}`)
console.log(`|---|${'---|'.repeat(supported.length)}`)
for (const workload of WORKLOADS) {
  const cells = supported.map((major) => {
    const shares = Array.from({ length: RUNS }, () => share(nodeFor(major).bin, workload))
    return `${percent(Math.min(...shares))} – ${percent(Math.max(...shares))}%`
  })
  console.log(`| ${workload} | ${cells.join(' | ')} |`)
}
