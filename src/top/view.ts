import type { ShownStall } from '../core/stall'
import type { Status } from '../core/status'
import type { Series } from './parse'

/** All that a frame is made of. Times are milliseconds since the epoch. */
export interface View {
  readonly url: string
  /** By the clock of this machine. */
  readonly now: number
  readonly status?: Status
  /** When `status` came, by the clock of this machine. */
  readonly answeredAt?: number
  readonly series: readonly Series[]
  /** Newest first. */
  readonly stalls: readonly ShownStall[]
  /** Nothing has answered since then, and why. */
  readonly lost?: { readonly since: number; readonly reason: string }
  /** The last lines of an application that runs under the view. */
  readonly output?: readonly string[]
  /** For the last row: which keys there are. */
  readonly keys?: string
}
