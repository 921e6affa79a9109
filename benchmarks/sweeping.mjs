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
/** Steps of marking: between pauses, and counted as well. */
const MARKING = /^V8\.GC_MC_INCREMENTAL$/
const SWEEPING = /^V8\.GC_\w*SWEEP/

/** @typedef {{ name: string, ts: number, dur: number }} Scope */
/** @typedef {{ from: number, to: number }} Span */

/**
 * Pauses as our callbacks see them: V8 traces when it calls those before and after a collection. Node.js itself has one
 * after a collection only, from before the hooks are there.
 * @param {readonly Scope[]} scopes in the order of time
 */
function pauses(scopes) {
  /** @type {Span[]} */
  const found = []
  /** @type {number[]} */
  const open = []
  for (const { name, ts, dur } of scopes) {
    if (name === 'V8.GC_HEAP_EXTERNAL_PROLOGUE') open.push(ts)
    if (name !== 'V8.GC_HEAP_EXTERNAL_EPILOGUE') continue
    const from = open.pop()
    if (from !== undefined) found.push({ from, to: ts + dur })
  }
  return found
}

/**
 * Scopes that match, and lie in none of `inside`.
 * @param {readonly Scope[]} scopes
 * @param {RegExp} names
 * @param {readonly Span[]} [inside]
 */
function spans(scopes, names, inside = []) {
  return scopes
    .filter(({ name }) => names.test(name))
    .map(({ ts, dur }) => ({ from: ts, to: ts + dur }))
    .filter(({ from, to }) => !inside.some((outer) => from >= outer.from && to <= outer.to))
}

/** Milliseconds, overlaps once. @param {readonly Span[]} all */
function totalMs(all) {
  let us = 0
  let until = 0
  for (const { from, to } of [...all].sort((a, b) => a.from - b.from)) {
    us += Math.max(0, to - Math.max(from, until))
    until = Math.max(until, to)
  }
  return us / 1_000
}

await onEveryNode({ name: 'sweeping', page: 'accuracy', cases, rounds: 3 }, async (bin, { workload }) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'offloop-sweeping-'))
  try {
    await toldBy(bin, 'gc-time.cjs', {
      arg: JSON.stringify({ workload, thread: 'main', longTaskStats: true, heapAccounting: false }),
      execArgv: ['--trace-event-categories', CATEGORIES, '--trace-event-file-pattern', 'trace.json'],
      cwd: folder,
    })
    const { traceEvents } = JSON.parse(readFileSync(path.join(folder, 'trace.json'), 'utf8'))
    const scopes = traceEvents
      .filter((/** @type {any} */ { ph, pid, tid }) => ph === 'X' && tid === pid)
      .sort((/** @type {Scope} */ a, /** @type {Scope} */ b) => a.ts - b.ts)
    const stopped = pauses(scopes)
    const counted = [...stopped, ...spans(scopes, MARKING)]
    const measured = scopes.filter((/** @type {Scope} */ { ts }) => ts >= (stopped[0]?.from ?? Infinity))
    return { countedMs: totalMs(counted), sweepingMs: totalMs(spans(measured, SWEEPING, counted)) }
  } finally {
    rmSync(folder, { recursive: true })
  }
})
