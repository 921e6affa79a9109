import type { Batch, Metric } from '../core/batch'
import type { ErrorCode } from '../core/errors'
import type { Settings } from '../core/options'
import type { Stall } from '../core/stall'
import type { ProbeSource } from '../probe/probe'

/**
 * What the main-thread handle (sampler.ts) and the sampling thread (worker.ts) say to each other. The protocol is
 * closed: an unknown message is an error on either side.
 */

/** The sampling thread's `workerData`. */
export interface WorkerStart {
  readonly settings: Settings
  readonly source: ProbeSource
  /** The block of the `perf_hooks` probe; native probes are found through the addon. */
  readonly fallbackMemory: SharedArrayBuffer | undefined
  /** A `ThreadState`'s. */
  readonly stateMemory: SharedArrayBuffer
  /** The addon catches SIGTERM: the sampling thread delivers what is queued and ends the process by it. */
  readonly terminates: boolean
  /** Whether stacks of stalls are to be told in terms of the original sources. */
  readonly sourceMaps: boolean
  /** Where a debugger would connect. */
  readonly inspectorPort: number
}

export type ToWorker =
  /** What the main thread wants to hear of: nothing is posted to it that nobody asked for. */
  | {
      readonly type: 'listen'
      readonly batches: boolean
      readonly collectors: boolean
      readonly stalls: boolean
    }
  /** Whether source maps are enabled has changed since the start. */
  | { readonly type: 'sourceMaps'; readonly enabled: boolean }
  | { readonly type: 'ack'; readonly sequence: number }
  /** Answers `collect`, at once and again whenever a slow collector is done. */
  | {
      readonly type: 'collected'
      readonly tick: number
      readonly metrics: readonly Metric[]
      readonly pending: number
    }
  /** Something failed on the main thread that a self-metric counts. */
  | { readonly type: 'failed'; readonly what: 'collector' | 'exporter' | 'dropped'; readonly name: string }
  | { readonly type: 'flush'; readonly id: number; readonly timeoutMs: number }
  | { readonly type: 'stop'; readonly timeoutMs: number }
  /** The process exits: deliver what is queued and set `flushed`, for which the main thread stands still. */
  | { readonly type: 'exit'; readonly timeoutMs: number }

export type ToMain =
  | { readonly type: 'ready'; readonly url: string | undefined; readonly failure: PlainError | undefined }
  | { readonly type: 'batch'; readonly batch: Batch }
  /** A stall that is over. */
  | { readonly type: 'stall'; readonly stall: Stall }
  /** Whether source maps are enabled by now: asked after a stall, for the next one. */
  | { readonly type: 'sourceMaps' }
  /** Run the collectors for `tick`; the same tick again asks whether the main thread is still there. */
  | { readonly type: 'collect'; readonly tick: number }
  /** Ask the `perf_hooks` probe for fresh figures. */
  | { readonly type: 'answer'; readonly request: number }
  | { readonly type: 'flushed'; readonly id: number; readonly complete: boolean }
  | { readonly type: 'error'; readonly error: PlainError }

/** An `OffloopError` as plain data. */
export interface PlainError {
  readonly code: ErrorCode
  readonly message: string
}
