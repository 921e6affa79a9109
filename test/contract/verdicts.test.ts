import { describe, expect, test } from 'vitest'
import type { Status, Verdict } from '../../src/core/status'
import { Child } from '../support/child'
import { send } from '../support/http'

/** A process that does what makes a verdict. */
async function provoked(scenario: string): Promise<{ child: Child; url: string }> {
  const child = new Child('verdicts.cjs', { args: [scenario], execArgv: ['--expose-gc'] })
  const { url } = await child.next<{ url: string }>()
  return { child, url }
}

async function statusOf(url: string): Promise<Status> {
  return JSON.parse((await send(`${url}/v1/status`)).body.toString()) as Status
}

/** The verdict `id`, once it is one of `words`; whatever it was before is in `seen`. */
async function become(
  url: string,
  id: Verdict['id'],
  words: readonly string[],
  seen = new Set<string>(),
): Promise<Verdict> {
  for (;;) {
    const found = (await statusOf(url)).verdicts.find((verdict) => verdict.id === id) as Verdict
    seen.add(found.word)
    if (words.includes(found.word)) return found
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

// A verdict that never comes ends the test by its deadline, which a busy machine has time for.
describe('in a real process', { timeout: 60_000 }, () => {
  test('a heap that leaks', async () => {
    const { url } = await provoked('leak')
    const verdict = await become(url, 'heap', ['leaking'])
    expect(['notice', 'bad']).toContain(verdict.level)
    expect(verdict.text).toMatch(/^What major collections leave grew from .* over \d+ of them\./)
    expect(verdict.figures.find(({ name }) => name === 'growth')?.value).toBeGreaterThan(0)
    expect(verdict.advice).toMatch(/snapshot/)
    expect(verdict.metrics).toContain('nodejs_heap_live_bytes')
  })

  test.each([
    ['sawtooth', 'sawtooth'],
    ['steady', 'steady'],
  ])('a heap that is a %s one', async (scenario, word) => {
    const { url } = await provoked(scenario)
    const seen = new Set<string>()
    await become(url, 'heap', [word], seen)
    // Before, there were too few collections to tell.
    expect([...seen]).toEqual(['unknown', word])
    // And it stays that while more come.
    const { sequence } = await statusOf(url)
    for (let status = await statusOf(url); status.sequence < sequence + 20; status = await statusOf(url)) {
      expect(status.verdicts.find(({ id }) => id === 'heap')).toMatchObject({ word, level: 'good' })
    }
  })

  test('resources that leak', async () => {
    const { url } = await provoked('handles')
    const verdict = await become(url, 'resources', ['leaking'])
    // One server every 100 ms at most.
    const growth = verdict.figures.find(({ name }) => name === 'growth')?.value
    expect(growth).toBeGreaterThan(60)
    expect(growth).toBeLessThan(660)
  })

  test('collections that take most of the time', async () => {
    const { url } = await provoked('collecting')
    const verdict = await become(url, 'gc', ['heavy', 'noticeable'])
    expect(verdict.figures.find(({ name }) => name === 'major collections')?.value).toBeGreaterThan(1)
    expect((await become(url, 'pause', ['excellent', 'normal', 'long', 'long at times'])).level).not.toBe(
      'unknown',
    )
  })

  test('a loop that is busy', async () => {
    const { url } = await provoked('busy')
    const { figures } = await become(url, 'loop', ['busy'])
    expect(figures.find(({ name }) => name === 'utilization')?.value).toBeGreaterThan(0.7)
  })

  test('a loop that is free, then stalled while it is, and both said while it is stuck', async () => {
    const { child, url } = await provoked('idle')
    await become(url, 'loop', ['free'])
    await become(url, 'resources', ['stable'])
    child.send('block')
    expect(await child.next()).toBe('blocking')
    const verdict = await become(url, 'loop', ['stalled'])
    expect(verdict.level).toBe('bad')
    expect(verdict.figures.find(({ name }) => name === 'stalled for')?.value).toBeLessThan(3.5)
    expect((await become(url, 'loop', ['stalled lately', 'free'])).level).not.toBe('bad')
  })

  test('of the right shape, with threads, versions and health', async () => {
    const { child, url } = await provoked('idle')
    const status = await statusOf(url)
    expect(status).toMatchObject({
      pid: child.process.pid,
      nodeVersion: process.version,
      offloopVersion: expect.stringMatching(/^\d+\.\d+\.\d+/),
      intervalMs: 100,
      health: { missedTicks: expect.any(Number), droppedBatches: 0, exportFailures: 0, restarts: 0 },
      threads: [{ thread: 'main', source: 'native', stalled: false, heapUsedBytes: expect.any(Number) }],
    })
    expect(Math.abs(status.now - Date.now())).toBeLessThan(10_000)
    expect(status.startedAt).toBeLessThan(status.now)
    expect(status.verdicts.map(({ id }) => id)).toEqual(['gc', 'pause', 'heap', 'resources', 'loop'])
  })
})
