import type { Options } from '../../src/core/options'
import { Child, type Exit } from '../support/child'

export interface Figures {
  /** All that reached the main thread so far. */
  readonly batches: readonly {
    readonly sequence: number
    readonly timestamp: number
    readonly dropped: number
    readonly failures: number
    readonly missed: number
  }[]
  readonly errors: readonly { readonly code: string; readonly message: string; readonly stack: string }[]
  /** How late a timer of 10 ms was on the main thread, since `reset`. */
  readonly lateMs: { readonly median: number; readonly p99: number }
  /** How long the main thread's loop was busy since `reset`. */
  readonly busyMs: number
}

/** A process that is sampled every 100 ms, for the length of a test. */
export class Service {
  readonly #child: Child
  #asked: Promise<unknown> = Promise.resolve()
  #url = ''

  private constructor(options: Options, deaf: boolean) {
    const all = { service: 'hostile', intervalMs: 100, ...options }
    this.#child = new Child('hostile-service.cjs', { args: [JSON.stringify(all), deaf ? 'deaf' : ''] })
  }

  /** `deaf`: nobody listens to 'error'. */
  static async start(options: Options = {}, { deaf = false } = {}): Promise<Service> {
    const service = new Service(options, deaf)
    const { url } = await service.#ask<{ url?: string }>('ready')
    service.#url = url ?? ''
    return service
  }

  get url(): string {
    return this.#url
  }

  /** From here on for what `figures` tells of the main thread. */
  reset(): Promise<void> {
    return this.#ask('reset')
  }

  /** Of the whole process, in megabytes. */
  async rss(): Promise<number> {
    return (await this.#ask<number>('rss')) / 1e6
  }

  figures(): Promise<Figures> {
    return this.#ask('figures')
  }

  /** Figures, once the main thread has had `count` further batches. */
  async after(count: number): Promise<Figures> {
    const seen = (await this.figures()).batches.length
    for (;;) {
      const figures = await this.figures()
      if (figures.batches.length >= seen + count) return figures
      await sleep(20)
    }
  }

  flush(timeoutMs: number): Promise<boolean> {
    return this.#ask('flush', timeoutMs)
  }

  stop(timeoutMs: number): Promise<void> {
    return this.#ask('stop', timeoutMs)
  }

  end(): Promise<Exit> {
    this.#child.send({ ask: 'end' })
    return this.#child.exited
  }

  /** One question at a time: answers are told apart by their order alone. */
  #ask<T>(ask: string, value?: unknown): Promise<T> {
    const answer = this.#asked.then(async () => {
      this.#child.send({ ask, value })
      return (await this.#child.next<{ answer: T }>()).answer
    })
    this.#asked = answer.catch(() => {})
    return answer
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** Which of `batches` follow a gap. */
export function gaps({ batches }: Pick<Figures, 'batches'>): number[] {
  return batches
    .filter(({ sequence }, index) => index > 0 && sequence !== (batches[index - 1]?.sequence ?? 0) + 1)
    .map(({ sequence }) => sequence)
}
