import { expect } from 'vitest'
import { parsePrometheus } from '../support/exposition'
import { send } from '../support/http'
import { type Figures, gaps, Service, type ServiceOptions, sleep } from './service'

/** What the sampling thread's heap takes when it works at all is about 45 MB; what a flood sends is far more. */
export const MAX_GROWTH_MB = 80

/**
 * A service that is attacked, next to another one that is not: on a machine that is busy with other things a sampling
 * thread may be late by 100 ms, and then both are.
 */
export class Target {
  private constructor(
    readonly service: Service,
    readonly control: Service,
  ) {}

  static async start(how: ServiceOptions = {}): Promise<Target> {
    const [service, control] = await Promise.all([
      Service.start({ serve: { port: 0 } }, how),
      Service.start({}, how),
    ])
    await service.after(3)
    return new Target(service, control)
  }

  /** Runs `attack` twice, so that what is kept of each shows. */
  async endure(attack: (url: string) => Promise<unknown>): Promise<void> {
    const { service } = this
    const missed = await this.#missed()
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
    await this.expectWell(missed)
  }

  /** Answers are right, and no tick is missing that is there without an attack. `missed`: before it. */
  async expectWell(missed = { service: 0, control: 0 }): Promise<void> {
    // At once on an idle machine. The attackers' connections are closed or about to be.
    await goodAnswer(this.service.url, 20_000)
    const figures = await this.service.after(3)
    const now = await this.#missed()
    expect(figures.errors).toEqual([])
    expect(gaps(figures)).toEqual([])
    // 0 on a machine that is otherwise idle. What a flood stops, it stops for tens of ticks.
    expect(now.service - missed.service).toBeLessThanOrEqual(3 + 5 * (now.control - missed.control))
  }

  async end(): Promise<void> {
    const { code, stderr } = await this.service.end()
    expect([code, stderr]).toEqual([0, ''])
  }

  async #missed(): Promise<{ service: number; control: number }> {
    const last = ({ batches }: Figures) => batches.at(-1)?.missed ?? Number.NaN
    await this.control.after(1)
    return { service: last(await this.service.figures()), control: last(await this.control.figures()) }
  }
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
