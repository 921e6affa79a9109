import type { Batch } from '../core/batch'
import { type Clock, systemClock } from '../core/clock'
import { messageOf, OffloopError } from '../core/errors'
import type { Stall } from '../core/stall'
import type { Exporter } from './exporter'
import { DeliveryError, type Transport } from './transport'

const CAPACITY = 120
const BACK_OFF_BASE_MS = 1_000
const BACK_OFF_CAP_MS = 60_000
// A backend that asks for an hour would empty the queue onto the floor: it is asked again after five minutes.
const RETRY_AFTER_CAP_MS = 300_000

export interface DeliveryOptions {
  /** For one request. */
  readonly timeoutMs: number
  /** How many pushes a batch may wait for. Default 120. */
  readonly capacity?: number
  readonly clock?: Clock
  /** Called when `queued` has changed. */
  readonly onQueued?: () => void
  /** From 0 to below 1. */
  readonly random?: () => number
}

interface Entry {
  readonly batch: Batch
  /** 1 for the first push. */
  readonly number: number
  /** Requests of it that were delivered or refused: an attempt goes on from there. */
  done: number
  refused: boolean
}

interface Waiter {
  readonly deadline: number
  finish(delivered: boolean): void
}

/**
 * Queue, time-out and retries of every exporter that pushes. One request is in flight at a time. A failure that may pass
 * puts the batch back and starts a back-off, which pushes don't cut short; a refusal gives the batch up.
 */
export class Delivery<Request> implements Exporter {
  readonly name: string
  readonly #transport: Transport<Request>
  readonly #report: (error: OffloopError) => void
  readonly #timeoutMs: number
  readonly #capacity: number
  readonly #clock: Clock
  readonly #random: () => number
  readonly #onQueued: () => void

  /** Ascending by number; the batch in flight is not in it. */
  readonly #queue: Entry[] = []
  readonly #waiters = new Set<Waiter>()
  /** Kinds of failure, to be retried or not, that were reported since all was well. */
  readonly #reported = new Set<boolean>()
  #pushed = 0
  #dropped = 0
  #failures = 0
  #omitted = 0
  #attempting = false
  #closed = false
  /** Nothing was left when it was closed. */
  #drained = false
  /** Attempts that failed since a server last answered yes or no. */
  #streak = 0
  #retryAt = 0
  #endBackOff: (() => void) | undefined
  #interrupt: (() => void) | undefined

  constructor(
    transport: Transport<Request>,
    report: (error: OffloopError) => void,
    options: DeliveryOptions,
  ) {
    this.name = transport.name
    this.#transport = transport
    this.#report = report
    this.#timeoutMs = options.timeoutMs
    this.#capacity = options.capacity ?? CAPACITY
    this.#clock = options.clock ?? systemClock
    this.#random = options.random ?? Math.random
    this.#onQueued = options.onQueued ?? (() => {})
  }

  get dropped(): number {
    return this.#dropped
  }

  get failures(): number {
    return this.#failures
  }

  /** Metrics left out of batches that were delivered, because the backend cannot take them. */
  get omitted(): number {
    return this.#omitted
  }

  get queued(): number {
    return this.#queue.length + (this.#attempting ? 1 : 0)
  }

  push(batch: Batch): void {
    if (this.#closed) return
    this.#queue.push({ batch, number: ++this.#pushed, done: 0, refused: false })
    this.#dropOldest()
    if (this.#endBackOff === undefined) void this.#attempt()
    this.#onQueued()
  }

  /** Cuts a back-off short for one attempt. Gives up early where the next one would come after `timeoutMs`. */
  flush(timeoutMs: number): Promise<boolean> {
    if (this.#closed) return Promise.resolve(this.#drained)
    if (this.#idle) return Promise.resolve(true)
    return new Promise((resolve) => {
      const waiter: Waiter = {
        deadline: this.#clock.now() + timeoutMs,
        finish: (delivered) => {
          cancel()
          this.#waiters.delete(waiter)
          resolve(delivered)
        },
      }
      const cancel = this.#clock.timer(timeoutMs, () => waiter.finish(false))
      this.#waiters.add(waiter)
      this.#endBackOff?.()
      void this.#attempt()
    })
  }

  /** Not queued: what is over before it could be told of shows in the metrics. */
  stall(stall: Stall): void {
    if (!this.#closed) this.#transport.stall?.(stall)
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#drained = this.#idle
    // What is under way is given up with it.
    this.#attempting = false
    this.#endBackOff?.()
    this.#interrupt?.()
    for (const waiter of this.#waiters) waiter.finish(false)
    this.#transport.close()
  }

  get #idle(): boolean {
    return !this.#attempting && this.#queue.length === 0
  }

  /** Delivers what is queued, up to the first failure that may pass. */
  async #attempt(): Promise<void> {
    if (this.#attempting) return
    this.#attempting = true
    for (let entry = this.#take(); entry !== undefined; entry = this.#take()) {
      const failure = await this.#deliver(entry)
      if (this.#closed) return
      if (failure === undefined) continue
      this.#putBack(entry)
      this.#backOff(failure)
      break
    }
    this.#attempting = false
    this.#onQueued()
    for (const waiter of this.#waiters) {
      if (this.#idle) waiter.finish(true)
      else if (this.#retryAt > waiter.deadline) waiter.finish(false)
    }
  }

  /** Resolves with what is to be retried, or with nothing where the batch is delivered or given up. */
  async #deliver(entry: Entry): Promise<DeliveryError | undefined> {
    const { requests, omitted } = this.#encode(entry)
    for (const request of requests.slice(entry.done)) {
      const failure = await this.#send(request)
      if (this.#closed) return undefined
      if (failure !== undefined) this.#fail(failure)
      if (failure?.retry) return failure
      if (failure !== undefined) entry.refused = true
      entry.done++
      this.#streak = 0
    }
    if (entry.refused) this.#dropped++
    else if (this.#queue.length === 0) this.#reported.clear()
    this.#omit(omitted)
    return undefined
  }

  #encode(entry: Entry) {
    try {
      return this.#transport.encode(entry.batch)
    } catch (thrown) {
      // No network is involved: the same batch would throw again.
      this.#fail(new DeliveryError(messageOf(thrown), { retry: false }))
      entry.refused = true
      return { requests: [], omitted: [] }
    }
  }

  /** Resolves after `timeoutMs` at the latest, also where the transport ignores its signal. */
  #send(request: Request): Promise<DeliveryError | undefined> {
    return new Promise((resolve) => {
      const abort = new AbortController()
      // What comes second changes nothing any more.
      const settle = (failure?: DeliveryError): void => {
        cancel()
        resolve(failure)
      }
      const interrupt = (failure?: DeliveryError): void => {
        settle(failure)
        abort.abort()
      }
      const cancel = this.#clock.timer(this.#timeoutMs, () =>
        interrupt(new DeliveryError(`no complete answer within ${this.#timeoutMs} ms`, { retry: true })),
      )
      this.#interrupt = interrupt
      const send = async (): Promise<void> => this.#transport.send(request, abort.signal)
      send().then(
        () => settle(),
        // Networks fail in more ways than anyone lists, and a retry too many costs less than a batch given up by
        // mistake: the queue bounds it.
        (thrown: unknown) =>
          settle(
            thrown instanceof DeliveryError ? thrown : new DeliveryError(messageOf(thrown), { retry: true }),
          ),
      )
    })
  }

  #take(): Entry | undefined {
    return this.#transport.order === 'newest-first' ? this.#queue.pop() : this.#queue.shift()
  }

  #putBack(entry: Entry): void {
    this.#queue.push(entry)
    this.#queue.sort((a, b) => a.number - b.number)
    this.#dropOldest()
  }

  // By age in pushes, not by length: a batch that a live server fails on each time must leave the queue as well.
  #dropOldest(): void {
    for (let oldest = this.#queue[0]; oldest !== undefined; oldest = this.#queue[0]) {
      if (oldest.number > this.#pushed - this.#capacity) return
      this.#queue.shift()
      this.#dropped++
    }
  }

  /** Full jitter, so that the services of an outage don't come back in step; after what the backend asked for. */
  #backOff(failure: DeliveryError): void {
    const ceiling = Math.min(BACK_OFF_CAP_MS, BACK_OFF_BASE_MS * 2 ** this.#streak++)
    const wait = Math.min(failure.retryAfterMs, RETRY_AFTER_CAP_MS) + this.#random() * ceiling
    this.#retryAt = this.#clock.now() + wait
    const cancel = this.#clock.timer(wait, () => {
      this.#endBackOff = undefined
      void this.#attempt()
    })
    this.#endBackOff = () => {
      this.#endBackOff = undefined
      cancel()
    }
  }

  #fail(failure: DeliveryError): void {
    this.#failures++
    if (this.#reported.has(failure.retry)) return
    this.#reported.add(failure.retry)
    this.#say(`${failure.message}${failure.retry ? '; it will be retried' : '; the batch is given up'}`)
  }

  #omit(omitted: readonly string[]): void {
    const [first] = omitted
    if (first !== undefined && this.#omitted === 0)
      this.#say(`${first}; such metrics are left out, and counted`)
    this.#omitted += omitted.length
  }

  #say(message: string): void {
    this.#report(new OffloopError('ERR_OFFLOOP_EXPORT', `exporter ${this.name}: ${message}`))
  }
}
