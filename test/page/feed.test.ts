// What the page asks for, of a server that is made up: no browser is needed.
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import type { Stall } from '../../src/core/stall'
import type { Status } from '../../src/core/status'
import { type Api, Refused } from '../../src/page/api'
import { Feed, parts, type View } from '../../src/page/feed'
import type { SeriesAnswer } from '../../src/page/series'
import type { Range } from '../../src/page/time'
import { exampleStall, exampleStatus } from '../support/status-server'

const MINUTE_MS = 60_000

/** A process that has taken a sample each second for an hour, and goes on. */
class Server {
  stalls: Stall[] = []
  refusing = false
  status: Partial<Status> = {}
  pids: readonly string[] = ['7']
  readonly begun = Date.now() - 60 * MINUTE_MS
  readonly asked: { range: Range; maxPoints: number; names?: readonly string[]; thread?: string }[] = []
  statuses = 0
  readonly api = {
    status: async () => {
      this.statuses++
      const now = Date.now()
      return exampleStatus({ now, sampledAt: now, startedAt: this.begun, intervalMs: 1_000, ...this.status })
    },
    stalls: async () => ({ thresholdMs: 500, stalls: this.stalls }),
    series: async (range: Range, maxPoints: number, names?: readonly string[], thread?: string) => {
      if (this.refusing) throw new Refused(500, 'it is tired')
      this.asked.push({ range, maxPoints, ...(names && { names }), ...(thread && { thread }) })
      return this.#answer(range, thread)
    },
  } as unknown as Api

  #answer({ start, end }: Range, thread?: string): SeriesAnswer {
    const t: number[] = []
    for (let at = this.begun; at <= Math.min(end, Date.now()); at += 1_000) if (at >= start) t.push(at)
    const threads = thread === undefined ? ['main', 'worker#2'] : [thread]
    const series = this.pids.flatMap((pid) =>
      threads.map((one) => ({
        name: 'x',
        labels: { thread: one, pid },
        t,
        v: t.map((at) => at - this.begun),
      })),
    )
    return { start, end, metrics: { x: { type: 'gauge', unit: '', description: '' } }, series }
  }
}

function feeding(more: readonly string[] = []) {
  const server = new Server()
  const view: View = { windowMs: 5 * MINUTE_MS, zoom: undefined, thread: 'main', pid: undefined }
  const refused: string[] = []
  const wants = { charts: (stored: Iterable<string>) => [...stored, ...more], main: ['x'] }
  const feed = new Feed(server.api, view, wants, {
    news: () => {},
    refused: (reason) => {
      if (refused.at(-1) !== reason) refused.push(reason)
    },
  })
  const newest = () => feed.store.select('x', { thread: view.thread })[0]?.t.at(-1) ?? 0
  return { server, view, feed, refused, newest }
}

describe('the feed', () => {
  it('asks for what is new, and stands still while it is held', async () => {
    const { server, feed, newest } = feeding()
    await feed.look()
    const before = newest()
    await vi.waitFor(
      async () => {
        await feed.look()
        expect(newest()).toBeGreaterThan(before)
      },
      { timeout: 10_000 },
    )
    feed.hold(true)
    await feed.look()
    const { range, now, status } = feed
    const held = newest()
    const { statuses } = server
    server.stalls = [exampleStall()]
    await sleep(1_200)
    feed.stall(exampleStall({ id: 2 }))
    feed.tick()
    await feed.look()
    expect(feed).toMatchObject({ range, now, status, stalls: { stalls: [] } })
    expect([newest(), server.statuses]).toEqual([held, statuses])

    feed.hold(false)
    await feed.look()
    expect(newest()).toBeGreaterThan(held)
    expect(feed.stalls.stalls).toHaveLength(1)
  })

  it('has another part of time while it is held, up to where it was held', async () => {
    const { view, feed, newest } = feeding()
    await feed.look()
    feed.hold(true)
    const { now } = feed
    for (const windowMs of [60 * MINUTE_MS, 5 * MINUTE_MS]) {
      view.windowMs = windowMs
      feed.turn()
      await feed.look()
      expect(feed.range.end).toBe(now)
      expect(now - feed.range.start).toBeGreaterThan(windowMs * 0.99)
      expect(feed.store.oldest).toBeLessThan(feed.range.start + 2_000)
      expect(now - newest()).toBeLessThan(1_100)
      expect(newest()).toBeLessThanOrEqual(now)
    }
    view.zoom = { start: now - 30 * MINUTE_MS, end: now - 20 * MINUTE_MS }
    feed.turn(view.zoom)
    await feed.look()
    expect(feed.range).toEqual(view.zoom)
    view.zoom = undefined
    feed.turn()
    await feed.look()
    expect(feed.range.end).toBe(now)
    expect(newest()).toBeGreaterThan(now - 1_100)
  })

  it('keeps what is known of a process that has ended, and asks the next one for its own time only', async () => {
    const { server, feed, newest } = feeding()
    await feed.look()
    const oldest = feed.store.oldest
    feed.hold(true)
    server.status = { startedAt: Date.now() + 60_000 }
    feed.found(await server.api.status())
    await feed.look()
    expect(feed.store.oldest).toBe(oldest)
    expect(newest()).toBeGreaterThan(0)
  })

  it('looks for names within two samples and a half, however far they are apart', async () => {
    const { server, feed } = feeding()
    server.status = { intervalMs: 5 * MINUTE_MS }
    await feed.look()
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => Date.now() + 40_000)
    server.asked.length = 0
    await feed.look()
    clock.mockRestore()
    const names = server.asked.find(({ names }) => names === undefined)
    expect((names?.range.end ?? 0) - (names?.range.start ?? 0)).toBe(12.5 * MINUTE_MS)
  })

  it('asks for the thread that is shown, and for what the verdicts show of the main one', async () => {
    const { server, view, feed, newest } = feeding()
    await feed.look()
    const asked = () => server.asked.filter(({ names }) => names !== undefined).map(({ thread }) => thread)
    expect(asked()).toEqual(['main'])
    expect(feed.catalogue.values('thread')).toEqual(['main', 'worker#2'])
    view.thread = 'worker#2'
    feed.turn()
    await feed.look()
    expect(asked().slice(0, 3)).toEqual(['main', 'worker#2', 'main'])
    expect(newest()).toBeGreaterThan(0)
  })

  it('offers a process that has joined with its first sample', async () => {
    const { server, feed } = feeding()
    await feed.look()
    expect(feed.catalogue.values('pid')).toEqual(['7'])
    server.pids = ['7', '8']
    server.asked.length = 0
    await vi.waitFor(
      async () => {
        await feed.look()
        expect(feed.catalogue.values('pid')).toEqual(['7', '8'])
      },
      { timeout: 10_000 },
    )
    expect(server.asked.filter(({ names }) => names === undefined)).toEqual([])
  })

  it('asks for many names in URLs that any server takes', async () => {
    const many = Array.from({ length: 900 }, (_, i) => `orders_taken_by_shop_number_${i}_total`)
    const { server, feed } = feeding(many)
    await feed.look()
    const asked = server.asked.flatMap(({ names }) => (names === undefined ? [] : [names]))
    expect(asked.flat()).toEqual(['x', ...many])
    expect(asked.length).toBeGreaterThan(5)
    for (const names of asked) expect(encodeURIComponent(names.join(',')).length).toBeLessThan(4_001)
    expect(parts([])).toEqual([])
    expect(parts(['a'.repeat(9_000), 'b'])).toEqual([['a'.repeat(9_000)], ['b']])
  })

  it('says what it was refused, until it is not', async () => {
    const { server, feed, refused } = feeding()
    server.refusing = true
    await feed.look()
    expect(refused).toEqual(['it is tired'])
    server.refusing = false
    await feed.look()
    expect(refused).toEqual(['it is tired', ''])
  })
})
