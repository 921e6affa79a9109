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
  /** By `counters`, around the block. */
  readonly gcMs: number
}

interface Told {
  readonly toldAt: number
  readonly stall: Stall
}

interface Sample {
  readonly sequence: number
  readonly timestamp: number
  readonly stalled: number
  readonly missed: number
}

const MS = 5_000
const INTERVAL_MS = 500
/** Of the beginning of a stall, until it is told of. */
const REPORTED_MS = 1_500
const LATE_MS = 200

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
  // The bounds are what is promised, on a machine that has a CPU for the sampling thread: one that has none for so long may
  // keep it the next time.
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
    expect(Math.abs(stall.startedAt - blocked.startedAt)).toBeLessThan(100)
    // The rest of the turn belongs to it.
    expect(stall.durationMs).toBeGreaterThan(heldMs - 50)
    expect(stall.durationMs).toBeLessThan(heldMs + 500)
    if (gc) {
      expect(blocked.gcMs).toBeGreaterThan(0)
      expect(stall.gcMs / blocked.gcMs).toBeGreaterThan(0.9)
      expect(stall.gcMs / blocked.gcMs).toBeLessThan(1.1)
    }
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
    const [firstTold] = told as [Told]
    expect(firstTold.toldAt - blocked.startedAt).toBeLessThan(REPORTED_MS)
    expect(firstTold.stall).toMatchObject({ ongoing: true, cause })
    expect(firstTold.stall.durationMs).toBeLessThan(REPORTED_MS)
    if (head === undefined) {
      expect(firstTold.stall).not.toHaveProperty('stack')
    } else {
      expect(headOf(stall)).toBe(head)
      expect(stall.stackAtMs).toBeLessThan(REPORTED_MS)
      const withStack = told.find(({ stall }) => stall.stack !== undefined) as Told
      expect(withStack.toldAt - blocked.startedAt).toBeLessThan(REPORTED_MS)
    }
    expect(told.at(-1)?.stall).toEqual(stall)

    const samples = written.filter((one) => 'sequence' in one)
    expect(samples.map(({ sequence }) => sequence)).toEqual(samples.map((_, at) => at + 1))
    expect(samples.at(-1)?.missed).toBe(0)
    // One is taken for exporters when the stall is told of: it is not on the grid.
    const extra = samples.findIndex(({ timestamp }) => timestamp >= firstTold.toldAt - 1)
    const onGrid = samples.filter((_, at) => at !== extra)
    const during = onGrid.filter(
      ({ timestamp }) => timestamp > blocked.startedAt && timestamp < blocked.endedAt,
    )
    expect(during.length).toBeGreaterThanOrEqual(Math.floor(heldMs / INTERVAL_MS) - 1)
    // Without the last one, which is taken at the stop.
    const phases = onGrid.slice(0, -1).map(({ timestamp }, at) => timestamp - at * INTERVAL_MS)
    expect(Math.max(...phases) - Math.min(...phases)).toBeLessThan(LATE_MS)
    // From the threshold to the end.
    const toldOf = during.filter(({ timestamp }) => timestamp > firstTold.toldAt)
    expect(toldOf.map(({ stalled }) => stalled)).toEqual(toldOf.map(() => 1))

    const said = stderr.split('\n').filter((line) => line.includes('the event loop of main is stuck'))
    expect(said).toHaveLength(1)
    if (head === undefined) expect(said[0]).toContain('in a synchronous native call')
    else expect(stderr).toMatch(new RegExp(`\\n {4}at ${head} \\(.*stalls\\.cjs:\\d+:\\d+\\)`))
  })
})

/** The innermost function of ours; what runs inside it, such as gc(), is V8's own. */
function headOf({ stack = [] }: Stall): string | undefined {
  return stack.find(({ place }) => place?.file.endsWith('stalls.cjs'))?.functionName
}
