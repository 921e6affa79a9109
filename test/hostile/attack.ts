import { expect } from 'vitest'
import { parsePrometheus } from '../support/exposition'
import { send } from '../support/http'
import { gaps, Service, sleep } from './service'

/** What the sampling thread's heap takes when it works at all is about 45 MB; what a flood sends is far more. */
export const MAX_GROWTH_MB = 80

/**
 * Runs `attack` twice, so that what is kept of each shows, next to another service that nobody attacks: on a machine
 * that is busy with other things a sampling thread may be late by 100 ms, and then both are.
 */
export async function attacked(attack: (url: string) => Promise<unknown>): Promise<void> {
  const [service, control] = [await Service.start({ serve: { port: 0 } }), await Service.start()]
  await service.after(3)
  const before = await service.rss()
  let peak = before
  const watching = setInterval(async () => {
    peak = Math.max(peak, await service.rss())
  }, 50)
  await attack(service.url)
  const between = await service.rss()
  await attack(service.url)
  clearInterval(watching)
  const after = await service.rss()
  expect(peak - before, `RSS went from ${before} MB to ${peak} MB`).toBeLessThan(MAX_GROWTH_MB)
  // A second time costs nothing more, but for what the collector has not looked at.
  expect(after - between, `RSS went from ${between} MB to ${after} MB`).toBeLessThan(MAX_GROWTH_MB / 2)
  // At once on an idle machine. The attackers' connections are closed or about to be.
  await goodAnswer(service.url, 10_000)
  await expectTicks(service, control)
}

/** Asks until there is a right answer: connections may be refused while too many are open. */
export async function goodAnswer(url: string, withinMs: number): Promise<void> {
  const until = Date.now() + withinMs
  for (;;) {
    const answer = await send(`${url}/metrics`).catch(() => undefined)
    if (answer?.status === 200) {
      expect(parsePrometheus(answer.body.toString()).has('nodejs_heap_size_used_bytes')).toBe(true)
      return
    }
    if (Date.now() > until) throw new Error(`no answer within ${withinMs} ms, at last ${answer?.status}`)
    await sleep(50)
  }
}

export async function expectTicks(service: Service, control: Service): Promise<void> {
  const [figures, other] = [await service.after(3), await control.after(3)]
  expect(figures.errors).toEqual([])
  expect(gaps(figures)).toEqual([])
  const missed = figures.batches.at(-1)?.missed ?? Number.NaN
  const missedAnyway = other.batches.at(-1)?.missed ?? Number.NaN
  // 0 on a machine that is otherwise idle. What a flood stops, it stops for tens of ticks.
  expect(missed).toBeLessThanOrEqual(3 + 5 * missedAnyway)
  const { code, stderr } = await service.end()
  expect([code, stderr]).toEqual([0, ''])
}
