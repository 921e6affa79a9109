// How much of the collector's time on the main thread something sees, against V8's own tracer: `accuracy.mjs SETUP`.
// The process that is measured is this file again.
import { execFile } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { emit } from '../support/emit.mjs'
import { openSink } from '../support/sink.mjs'
import { createService, exchangeJson, nextTurn } from '../support/service.mjs'
import { setUp } from '../support/setups.mjs'
import { readTrace } from '../support/trace-gc.mjs'

const [setup, role, given] = process.argv.slice(2)
// Times in the trace are up to 100 ms off ours.
const QUIET_MS = 200
const TIMEOUT_MS = 30_000
const WORK_MS = 350

/** Real allocation of several kinds, each for some 350 ms: what a collector sees of it depends on what there is. */
const patterns = {
  // Turns of 5 ms, as requests are.
  requests: () => inTurns(WORK_MS, served(createService(20_000, exchangeJson))),
  // A large structure grows: survivors, and incremental marking.
  growth: () => {
    const held = []
    return inTurns(WORK_MS, () => {
      for (let i = 0; i < 2000; i++) held.push({ id: i, tags: [`a${i}`, `b${i}`], at: { x: i, y: i } })
      if (held.length > 1_000_000) held.length = 0
    })
  },
  // Collections one after the other within a single turn, as a synchronous computation makes them.
  burst: async () => {
    const service = createService(20_000, exchangeJson)
    for (const end = performance.now() + WORK_MS; performance.now() < end; ) service.turn(100)
    await nextTurn()
  },
}

if (role === 'measured') await measured()
else await observed()
process.exit()

async function observed() {
  const wishes = JSON.stringify((await openSink()).wishes)
  const command = ['--trace-gc-nvp', '--expose-gc', fileURLToPath(import.meta.url), setup, 'measured', wishes]
  const options = { timeout: TIMEOUT_MS, maxBuffer: 2 ** 28 }
  const { stdout } = await promisify(execFile)(process.execPath, command, options).catch(({ stderr }) => {
    // Its reason is ours.
    process.stderr.write(stderr)
    process.exit(1)
  })
  const traced = ofFirstIsolate(stdout)
  // V8's lines and ours share the stream.
  const line = stdout.split('\n').find((text) => text.startsWith('{"seen"')) ?? ''
  const { seen } = JSON.parse(line)
  const shares = seen.map(({ pattern, fromMs, toMs, gcNs }) => {
    const { minorPauseMs, majorPauseMs, markingMs } = readTrace(traced, fromMs, toMs)
    const pausesMs = minorPauseMs + majorPauseMs
    return [pattern, { seenMs: gcNs / 1e6, pausesMs, truthMs: pausesMs + markingMs }]
  })
  emit(Object.fromEntries(shares))
}

/** Those of other threads are left out, a busy sampling thread's too. @param {string} stdout */
function ofFirstIsolate(stdout) {
  const isolate = /^\[\d+:0x[0-9a-f]+/m.exec(stdout)?.[0]
  if (isolate === undefined) throw new Error('nothing was traced')
  const lines = stdout.split('\n').filter((line) => line.startsWith(isolate))
  return lines.join('\n')
}

async function measured() {
  // The first line of the trace is the main thread's: there is no other thread yet.
  globalThis.gc?.()
  const deliver = setup === 'PerformanceObserver'
  const { gcNs } = await setUp(setup, { ...JSON.parse(given), intervalMs: 200, deliver })
  if (gcNs === undefined) throw new Error('it does not measure collections')
  const seen = []
  await sleep(QUIET_MS)
  let [fromMs, before] = [performance.now(), await gcNs()]
  for (const [pattern, run] of Object.entries(patterns)) {
    await sleep(QUIET_MS)
    await run()
    await sleep(QUIET_MS)
    const [toMs, after] = [performance.now(), await gcNs()]
    seen.push({ pattern, fromMs, toMs, gcNs: after - before })
    ;[fromMs, before] = [toMs, after]
  }
  emit({ seen })
}

/** @param {number} ms @param {() => void} work */
async function inTurns(ms, work) {
  for (const end = performance.now() + ms; performance.now() < end; ) {
    work()
    await nextTurn()
  }
}

/** @param {{ turn: (requests: number) => number }} service */
function served(service) {
  return () => {
    service.turn(50)
  }
}
