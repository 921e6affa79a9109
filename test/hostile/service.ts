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
    /** Minor and major together. */
    readonly cycles: number
  }[]
  readonly errors: readonly { readonly code: string; readonly message: string; readonly stack: string }[]
  /** Since `reset`. */
  readonly mainThread: {
    /** How long it ran on a processor. */
    readonly cpuMs: number
    /** How long its loop was busy, and it neither ran nor waited for a processor. */
    readonly stoodStillMs: number
  }
}

export interface ServiceOptions {
  /** Nobody listens to 'error'. */
  readonly deaf?: boolean
  /** Of the sampling thread's clock: 200 turns ten minutes into 3 s. */
  readonly speed?: number
  /** For what outlives a test, or runs beside another one. */
  readonly finished?: (clean: () => void) => void
}

/** A process that is sampled every 100 ms unless its options say otherwise. */
export class Service {
  readonly #child: Child
  #asked: Promise<unknown> = Promise.resolve()
  #url = ''

  private constructor(options: Options, { deaf = false, speed = 1, finished }: ServiceOptions) {
    const all = { service: 'hostile', intervalMs: 100, ...options }
    const args = [JSON.stringify(all), deaf ? 'deaf' : '', String(speed)]
    this.#child = new Child('hostile-service.cjs', {
      args,
      execArgv: ['--expose-gc'],
      ...(finished === undefined ? {} : { finished }),
    })
  }

  static async start(options: Options = {}, how: ServiceOptions = {}): Promise<Service> {
    const service = new Service(options, how)
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
    // Not all figures each time: what they cost would be in them.
    const wanted = (await this.#ask<number>('count')) + count
    while ((await this.#ask<number>('count')) < wanted) await sleep(20)
    return this.figures()
  }

  /** Collects garbage, on its main thread and in the sampling thread; megabytes that are in use in the latter. */
  async collect(): Promise<number> {
    return (await this.#ask<number>('collect')) / 1e6
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
