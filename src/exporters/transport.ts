import type { Batch } from '../core/batch'
import type { Stall } from '../core/stall'

/** What one backend provides; queue, time-outs and retries are `Delivery`'s. */
export interface Transport<Request> {
  /** The exporter's name. */
  readonly name: string
  /**
   * Which of several queued batches goes first. `newest-first` shows the present first thing after an outage, where the
   * backend goes by timestamps; `oldest-first` is for backends that refuse, or misread, what comes out of order.
   */
  readonly order: 'newest-first' | 'oldest-first'
  /** Repeated for each attempt on a batch, so it must answer the same each time: requests are resumed by their index. */
  encode(batch: Batch): Encoded<Request>
  /** Delivers one request or rejects: with a `DeliveryError`, or with anything else, which is retried. */
  send(request: Request, signal: AbortSignal): Promise<void>
  /** As `Exporter` has it. */
  stall?(stall: Stall): void
  /** Frees what outlives a request. */
  close(): void
}

export interface Encoded<Request> {
  readonly requests: readonly Request[]
  /** One line for each metric of the batch that this backend cannot take, saying why. */
  readonly omitted: readonly string[]
}

/** Why a request was not delivered. The message may reach a log: it holds no secret and no query string. */
export class DeliveryError extends Error {
  override readonly name = 'DeliveryError'
  /** Whether the same request can succeed later. */
  readonly retry: boolean
  /** How long the backend asks to be left alone. */
  readonly retryAfterMs: number
  constructor(message: string, options: { retry: boolean; retryAfterMs?: number | undefined }) {
    super(message)
    this.retry = options.retry
    this.retryAfterMs = options.retryAfterMs ?? 0
  }
}
