import { expect } from 'vitest'
import { parsePrometheus } from '../support/exposition'
import { send } from '../support/http'
import { type Figures, gaps, Service, type ServiceOptions, sleep } from './service'

/** Of the process: what the collector has not looked at yet, and what the allocator keeps. A flood sends far more. */
const MAX_RSS_GROWTH_MB = 250
/** Of what the sampling thread uses once garbage is collected, about 13 MB before and after. */
const MAX_GROWTH_MB = 5

/**
 * A service that is attacked, next to another one that is not: on a machine that is busy with other things a sampling
 * thread may be late by 100 ms, and then both are.
 */
export class Target {
  readonly #service: Service
  readonly #control: Service
  /** Of the process, and in use in the sampling thread, before all attacks: megabytes. */
  readonly #rss: number
  readonly #used: number

  private constructor(service: Service, control: Service, rss: number, used: number) {
    this.#service = service
    this.#control = control
    this.#rss = rss
    this.#used = used
  }

  static async start(how: ServiceOptions = {}): Promise<Target> {
    const [service, control] = await Promise.all([
      Service.start({ serve: { port: 0 } }, how),
      Service.start({}, how),
    ])
    // What a server loads with its first answer.
    await goodAnswer(service.url, 20_000)
    await service.after(3)
    return new Target(service, control, await service.rss(), await service.collect())
  }

  /** Memory and ticks while `attack` runs, and everything when it is over. */
  async endure(attack: (url: string) => Promise<unknown>): Promise<void> {
    const missed = await this.#missed()
    let peak = 0
    const watching = setInterval(async () => {
      peak = Math.max(peak, await this.#service.rss())
    }, 50)
    await attack(this.url)
    clearInterval(watching)
    await this.expectWell(missed)
    expect(peak).toBeLessThan(this.#rss + MAX_RSS_GROWTH_MB)
  }

  get url(): string {
    return this.#service.url
  }

  /** Answers are right, memory is what it was, and no tick is missing. `missed`: before the attack. */
  async expectWell(missed = { service: 0, control: 0 }): Promise<void> {
    // At once on an idle machine. The attackers' connections are closed or about to be.
    await goodAnswer(this.url, 20_000)
    const figures = await this.#service.after(3)
    expect(await this.#service.rss()).toBeLessThan(this.#rss + MAX_RSS_GROWTH_MB)
    const now = await this.#missed()
    expect(figures.errors).toEqual([])
    expect(gaps(figures)).toEqual([])
    // 0 on a machine that is otherwise idle. What a flood stops, it stops for tens of ticks.
    expect(now.service - missed.service).toBeLessThanOrEqual(3 + 5 * (now.control - missed.control))
    // Connections take a moment to go, and what they hold with them.
    await expect
      .poll(() => this.#service.collect(), { timeout: 10_000 })
      .toBeLessThan(this.#used + MAX_GROWTH_MB)
  }

  async end(): Promise<void> {
    const { code, stderr } = await this.#service.end()
    expect([code, stderr]).toEqual([0, ''])
  }

  async #missed(): Promise<{ service: number; control: number }> {
    const last = ({ batches }: Figures) => batches.at(-1)?.missed ?? Number.NaN
    await this.#control.after(1)
    return { service: last(await this.#service.figures()), control: last(await this.#control.figures()) }
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
