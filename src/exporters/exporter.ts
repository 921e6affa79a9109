import type { Batch } from '../core/batch'
import type { Stall } from '../core/stall'

/** Takes batches and delivers them, in the sampling thread. Nothing here throws or rejects. */
export interface Exporter {
  /** The label `exporter` of its self-metrics: its type, and a number where there are several. */
  readonly name: string
  /** Batches given up because the queue was full, or that the server refused for good. */
  readonly dropped: number
  /** Attempts that failed; a batch that is retried counts each time. */
  readonly failures: number
  /** Values that could not be sent: the format or the server has no place for them. */
  readonly omitted: number
  /** Batches that wait or are on their way. */
  readonly queued: number
  /** Queues `batch` and returns at once. */
  push(batch: Batch): void
  /** Hears of a stall when it is noticed, when its stack comes and when it is over, and returns at once. */
  stall?(stall: Stall): void
  /** Resolves once nothing is queued any more, or after `timeoutMs`: true if all was delivered or refused. */
  flush(timeoutMs: number): Promise<boolean>
  /** Ends what is under way and frees sockets and timers. Further batches are ignored. */
  close(): void
}
