import { boolean, integer, known, record } from './option-values'

/** When a loop that does not turn is a stall, and whose. */
export interface StallOptions {
  /** How long one turn may be busy, 100 to 600,000. Default 1,000. */
  readonly thresholdMs?: number
  /** Watch measured worker threads too, where the platform tells whether a thread is parked (Linux). Default false. */
  readonly workers?: boolean
}

export interface StallSettings {
  readonly thresholdMs: number
  readonly workers: boolean
}

export const DEFAULT_STALL: StallSettings = { thresholdMs: 1_000, workers: false }

/** `false` watches nothing. */
export function stallSettings(value: unknown): StallSettings | undefined {
  if (value === false) return undefined
  const stall = record(value, 'stall', 'false or an object')
  known(stall, 'stall', ['thresholdMs', 'workers'])
  return {
    thresholdMs: integer(stall.thresholdMs ?? DEFAULT_STALL.thresholdMs, 'stall.thresholdMs', 100, 600_000),
    workers: boolean(stall.workers ?? DEFAULT_STALL.workers, 'stall.workers'),
  }
}
