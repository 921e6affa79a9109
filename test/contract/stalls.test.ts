import { describe, expect, test } from 'vitest'
import type { Stall } from '../../src/core/stall'
import { Child } from '../support/child'
import { listStalls, pause, scrapeStalls, whenStalled } from '../support/stalls'

// Whatever holds the main thread for 5 s: it is noticed and told of while it lasts, by its right name, and nothing of
// the sampling suffers.

interface Blocked {
  readonly startedAt: number
  readonly endedAt: number
}

/** Of the watch: 1.0 s. What a machine that is busy with other tests adds. */
const SLACK_MS = 1_500
const INTERVAL_MS = 500

const WAYS: readonly (readonly [
  way: string,
  expected: { ms?: number; cause: Stall['cause']; head?: string; gc?: 'most' | 'some' },
])[] = [
  ['endlessLoop', { cause: 'code', head: 'spin' }],
  ['regularExpression', { cause: 'code', head: 'matches' }],
  ['jsonParse', { ms: 4_000, cause: 'native' }],
  ['pbkdf2', { cause: 'native' }],
  ['readPipe', { cause: 'native' }],
  ['atomicsWait', { cause: 'code', head: 'park' }],
  ['collect', { cause: 'gc', head: 'collect', gc: 'most' }],
  ['allocate', { cause: 'code', head: 'allocate', gc: 'some' }],
]

describe('the main thread stuck in', () => {
  test.each(WAYS)('%s', { timeout: 90_000 }, async (way, { ms = 5_000, cause, head, gc }) => {
    const child = new Child('stalls.cjs', { args: [way, String(ms)], execArgv: ['--expose-gc'] })
    const { url } = await child.next<{ url: string }>()
    child.send({ go: true })
    const { startedAt: toldAt } = await child.next<{ startedAt: number }>()

    const first = await whenStalled(url, toldAt + ms)
    const told = await shown(
      url,
      toldAt + ms,
      (stall) => stall?.stack !== undefined || stall?.cause === 'native',
    )
    const shownAt = Date.now()
    await pause(toldAt + ms - 700 - Date.now())
    const series = await samples(url)
    const asked = Date.now()
    // Whatever is next came after the block: the thread sends nothing during it.
    const { blocked } = await child.next<{ blocked: Blocked }>()
    const { stall } = await child.next<{ stall: Stall }>()

    // While it was stuck: the metrics, the list, and the samples.
    const heldMs = blocked.endedAt - blocked.startedAt
    expect(first.at - blocked.startedAt).toBeLessThan(1_000 + SLACK_MS)
    expect(first.at).toBeLessThan(blocked.endedAt)
    expect([first.total, first.stalled]).toEqual([1, 1])
    expect(shownAt).toBeLessThan(blocked.endedAt)
    expect(told).toMatchObject({ id: 1, thread: 'main', ongoing: true, cause })
    expect(told.durationMs).toBeLessThan(shownAt - blocked.startedAt + 50)
    if (head === undefined) expect(told).not.toHaveProperty('stack')
    else expect(headsOf(told)).toContain(head)
    const during = series.filter(({ at }) => at > blocked.startedAt && at < asked)
    expect(during.length).toBeGreaterThanOrEqual(Math.floor((asked - blocked.startedAt) / INTERVAL_MS) - 1)
    for (let i = 1; i < during.length; i++) {
      const gapMs = (during[i]?.at as number) - (during[i - 1]?.at as number)
      expect(gapMs).toBeLessThan(2 * INTERVAL_MS)
      expect(Math.abs(gapMs - INTERVAL_MS)).toBeLessThan(450)
    }
    expect(during.filter(({ value }) => value === 1).length).toBeGreaterThanOrEqual(3)

    // Afterwards.
    expect(stall).toMatchObject({ id: 1, thread: 'main', ongoing: false, cause })
    expect(Math.abs(stall.startedAt - blocked.startedAt)).toBeLessThan(100)
    // The rest of the turn belongs to it.
    expect(stall.durationMs).toBeGreaterThan(heldMs - 50)
    expect(stall.durationMs).toBeLessThan(1.1 * heldMs + 500)
    if (gc === 'most') expect(stall.gcMs / stall.durationMs).toBeGreaterThan(0.5)
    if (gc === 'some') expect(stall.gcMs / stall.durationMs).toBeLessThan(0.5)
    if (gc !== undefined) expect(stall.gcMs).toBeGreaterThan(0)
    const after = await scrapeStalls(url)
    expect([after.total, after.stalled]).toEqual([1, 0])
    expect((await listStalls(url)).stalls).toEqual([stall])

    child.send({ stop: true })
    const { code, stderr } = await child.exited
    expect(code).toBe(0)
    const lines = stderr.split('\n').filter((line) => line.includes('the event loop of main is stuck'))
    expect(lines).toHaveLength(1)
    if (head !== undefined)
      expect(stderr).toMatch(new RegExp(`\\n {4}at ${head} \\(.*stalls\\.cjs:\\d+:\\d+\\)`))
    else expect(stderr).toContain('in a synchronous native call')
  })
})

async function shown(
  url: string,
  until: number,
  wanted: (stall: Stall | undefined) => boolean,
): Promise<Stall> {
  for (;;) {
    const [stall] = (await listStalls(url)).stalls
    if (wanted(stall) || Date.now() > until) return stall as Stall
    await pause(20)
  }
}

/** Names of the functions of ours; what runs inside them, such as gc(), is V8's own. */
function headsOf({ stack = [] }: Stall): string[] {
  return stack
    .filter(({ place }) => place?.file.endsWith('stalls.cjs'))
    .slice(0, 2)
    .map(({ functionName }) => functionName)
}

async function samples(url: string): Promise<{ at: number; value: number }[]> {
  const answer = await fetch(`${url}/v1/query?metric=nodejs_eventloop_stalled`)
  const { metrics } = (await answer.json()) as { metrics: { value: number; timestamp: string }[] }
  return metrics.map(({ value, timestamp }) => ({ at: Date.parse(timestamp), value }))
}
