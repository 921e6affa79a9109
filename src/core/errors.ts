/** Codes of the errors that offloop throws, rejects with, or emits. */
export type ErrorCode =
  | 'ERR_OFFLOOP_INVALID_OPTION'
  | 'ERR_OFFLOOP_ALREADY_STARTED'
  | 'ERR_OFFLOOP_STOPPED'
  | 'ERR_OFFLOOP_ADDRESS_IN_USE'
  | 'ERR_OFFLOOP_LISTEN'
  | 'ERR_OFFLOOP_NO_ADDON'
  | 'ERR_OFFLOOP_HEAP_COUNT'
  | 'ERR_OFFLOOP_SAMPLING_THREAD'
  | 'ERR_OFFLOOP_PROTOCOL'
  | 'ERR_OFFLOOP_EXPORT'
  | 'ERR_OFFLOOP_COLLECTOR'
  | 'ERR_OFFLOOP_LISTENER'
  | 'ERR_OFFLOOP_TIMEOUT'

/** What goes wrong at run time. Misuse is a `TypeError` or `RangeError` instead (`options.ts`). */
export class OffloopError extends Error {
  override readonly name = 'OffloopError'
  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options)
  }
}

/** The message of anything that can be thrown. Never throws itself, whatever a getter or proxy in it does. */
export function messageOf(thrown: unknown): string {
  try {
    return String(thrown instanceof Error ? thrown.message || thrown.name : thrown)
  } catch {
    return 'a value that cannot be shown'
  }
}

/** For messages, and for the search for the nearest name: a caller's text may have any length. */
export function shortened(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
