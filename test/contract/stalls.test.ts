import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Stall } from '../../src/core/stall'
import { Child } from '../support/child'
import { listStalls, pause, scrapeStalls, whenStalled } from '../support/stalls'

// Whatever holds the main thread for 5 s: it is noticed and told of while it lasts, by its right name, and nothing of
// the sampling suffers.

interface Blocked {
  readonly startedAt: number
  readonly endedAt: number
  /** Pauses, by `counters`, around the block. */
  readonly gcMs: number
}

interface Written {
  /** For how long each thread had waited for a CPU by then, in milliseconds. */
  readonly queued: { readonly own: number; readonly main: number }
}

interface Told extends Written {
  readonly toldAt: number
  readonly stall: Stall
}

interface Sample extends Written {
  readonly sequence: number
  readonly timestamp: number
  readonly stalled: number
  readonly missed: number
  /** All of the main thread's by then, marking between pauses included. */
  readonly gcMs: number
}

const MS = 5_000
const INTERVAL_MS = 500
const THRESHOLD_MS = 1_000
/** Of the beginning of a stall, until it is told of. */
const REPORTED_MS = 1_500
const LATE_MS = 200
/** From a look at the clock to the last figure of a sample: 50 of it the thread is waited for, which in a native call does not answer. */
const LOOK_MS = 70
/** A thread that has not answered for so long is in a native call, and after so long it is told of in any case. */
const SILENT_MS = 100
const UNTOLD_MS = 300

const WAYS: readonly (readonly [
  way: string,
  expected: { cause: Stall['cause']; head?: string; gc?: true },
])[] = [
  ['endlessLoop', { cause: 'code', head: 'spin' }],
  ['regularExpression', { cause: 'code', head: 'matches' }],
  ['jsonParse', { cause: 'native' }],
  ['pbkdf2', { cause: 'native' }],
  ['readPipe', { cause: 'native' }],
  ['atomicsWait', { cause: 'code', head: 'park' }],
  ['collect', { cause: 'gc', head: 'storm', gc: true }],
  ['allocate', { cause: 'code', head: 'allocate', gc: true }],
]

describe('the main thread stuck in', () => {
  // The bounds are what is promised of a sampling thread that has a CPU. Where it waited for one, it may be late by that; what
  // else a busy machine does, it may not do the next time.
  test.each(WAYS)('%s', { timeout: 90_000, retry: 2 }, async (way, { cause, head, gc }) => {
    const folder = mkdtempSync(join(tmpdir(), 'offloop-stalls-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const file = join(folder, 'told')
    const child = new Child('stalls.cjs', { args: [way, String(MS), file], execArgv: ['--expose-gc'] })
    const { url } = await child.next<{ url: string }>()
    await pause(3 * INTERVAL_MS)
    child.send({ go: true })
    await child.next<{ startedAt: number }>()

    // While it is stuck, over HTTP.
    const first = await whenStalled(url)
    const listed = await listStalls(url)
    // Whatever is next came after the block: the thread sends nothing during it.
    const { blocked } = await child.next<{ blocked: Blocked }>()
    const { stall } = await child.next<{ stall: Stall }>()
    expect(first.at).toBeLessThan(blocked.endedAt)
    expect([first.total, first.stalled]).toEqual([1, 1])
    expect(listed.stalls).toMatchObject([{ id: 1, thread: 'main', ongoing: true }])

    // Afterwards.
    const heldMs = blocked.endedAt - blocked.startedAt
    expect(heldMs).toBeGreaterThan(0.89 * MS)
    expect(stall).toMatchObject({ id: 1, thread: 'main', ongoing: false, cause })
    // The rest of the turn belongs to it.
    expect(stall.durationMs).toBeGreaterThan(heldMs - 50)
    expect(stall.durationMs).toBeLessThan(heldMs + 500)
    expect(await scrapeStalls(url)).toMatchObject({ total: 1, stalled: 0 })
    expect((await listStalls(url)).stalls).toEqual([stall])
    await pause(3 * INTERVAL_MS)
    child.send({ stop: true })
    const { code, stderr } = await child.exited
    expect(code).toBe(0)

    // What an exporter heard of it, by the clock of the process itself.
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
    const written: (Told | Sample)[] = lines.map((line) => JSON.parse(line))
    const told = written.filter((one) => 'stall' in one)
    const samples = written.filter((one) => 'sequence' in one)
    const [firstTold] = told as [Told]
    const before = samples.findLast(({ timestamp }) => timestamp < blocked.startedAt) as Sample
    const reportedMs = (by: 'own' | 'main', { queued }: Told) => REPORTED_MS + queued[by] - before.queued[by]
    expect(firstTold.toldAt - blocked.startedAt).toBeLessThan(reportedMs('own', firstTold))
    expect(firstTold.stall.durationMs).toBeLessThan(reportedMs('own', firstTold))
    expect(firstTold.stall.ongoing).toBe(true)
    // The thread may have lost its CPU between the end of its waiting and its own look at the clock.
    expect(Math.abs(stall.startedAt - blocked.startedAt)).toBeLessThan(
      100 + firstTold.queued.main - before.queued.main,
    )
    const isWhole =
      firstTold.stall.cause === cause && (head === undefined || firstTold.stall.stack !== undefined)
    if (!isWhole) {
      // It could not answer: it had no CPU.
      const after = samples.find(({ timestamp }) => timestamp > firstTold.toldAt) as Sample
      expect(firstTold.stall.durationMs).toBeGreaterThan(THRESHOLD_MS + UNTOLD_MS)
      expect(after.queued.main - before.queued.main).toBeGreaterThan(UNTOLD_MS - SILENT_MS)
    }
    if (head === undefined) {
      expect(firstTold.stall).not.toHaveProperty('stack')
    } else {
      expect(headOf(stall)).toBe(head)
      const withStack = told.find(({ stall }) => stall.stack !== undefined) as Told
      const excusedMs = reportedMs('main', withStack) + reportedMs('own', withStack) - REPORTED_MS
      expect(stall.stackAtMs).toBeLessThan(excusedMs)
      expect(withStack.toldAt - blocked.startedAt).toBeLessThan(excusedMs)
    }
    expect(told.at(-1)?.stall).toEqual(stall)
    if (gc) {
      // Between the pauses, and all that there was from before the block to the end.
      const allMs = (samples.at(-1) as Sample).gcMs - before.gcMs
      expect(blocked.gcMs).toBeGreaterThan(0)
      expect(stall.gcMs / blocked.gcMs).toBeGreaterThan(0.9)
      expect(stall.gcMs / Math.max(allMs, blocked.gcMs)).toBeLessThan(1.1)
    }

    expect(samples.map(({ sequence }) => sequence)).toEqual(samples.map((_, at) => at + 1))
    const last = samples.at(-1) as Sample
    expect(last.missed * INTERVAL_MS).toBeLessThan(LATE_MS + last.queued.own)
    // Some are taken for exporters when the stall is told of, at first and with a stack that came much later: without them the
    // others are nearer to a grid.
    let onGrid = samples
    for (const { stall } of told) {
      const [nearest = samples] = onGrid
        .filter(({ stalled }) => stall.ongoing && stalled === 1)
        .map((extra) => onGrid.filter((sample) => sample !== extra))
        .sort((a, b) => latenessMs(a) - latenessMs(b))
      if (latenessMs(nearest) < latenessMs(onGrid)) onGrid = nearest
    }
    const during = onGrid.filter(
      ({ timestamp }) => timestamp > blocked.startedAt && timestamp < blocked.endedAt,
    )
    expect(during.length).toBeGreaterThanOrEqual(Math.floor(heldMs / INTERVAL_MS) - 1 - last.missed)
    expect(latenessMs(onGrid)).toBeLessThan(LATE_MS)
    // From the threshold to the end.
    const toldOf = during.filter(
      ({ timestamp, queued }, at) =>
        timestamp > firstTold.toldAt &&
        // One whose thread lost its CPU after it had looked at the clock may show what came after the end.
        timestamp + queued.own - (during[at - 1] ?? before).queued.own < blocked.endedAt - LOOK_MS,
    )
    expect(toldOf.map(({ stalled }) => stalled)).toEqual(toldOf.map(() => 1))

    const said = stderr.split('\n').filter((line) => line.includes('the event loop of main is stuck'))
    expect(said).toHaveLength(1)
    if (!isWhole) return
    if (head === undefined) expect(said[0]).toContain('in a synchronous native call')
    else expect(stderr).toMatch(new RegExp(`\\n {4}at ${head} \\(.*stalls\\.cjs:\\d+:\\d+\\)`))
  })
})

/** By how much one was later than another, less what the sampling thread waited for a CPU before it. */
function latenessMs(samples: readonly Sample[]): number {
  // Without the last one, which is taken at the stop.
  const phases = samples
    .slice(0, -1)
    .map(({ timestamp, missed }, at) => timestamp - (at + missed) * INTERVAL_MS)
  const waitedMs = samples.map(({ queued }, at) => queued.own - (samples[at - 1]?.queued.own ?? 0))
  return Math.max(...phases.map((phase, at) => phase - (waitedMs[at] as number))) - Math.min(...phases)
}

/** The innermost function of ours; what runs inside it, such as gc(), is V8's own. */
function headOf({ stack = [] }: Stall): string | undefined {
  return stack.find(({ place }) => place?.file.endsWith('stalls.cjs'))?.functionName
}
