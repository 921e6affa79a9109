import type { Status } from '../core/status'
import { type Api, type LiveEvent, Refused, Unauthorized } from './api'

const RETRY_MS = [500, 1_000, 2_000, 4_000, 8_000]
/** Where the server has no stream for us, since others have them all. */
const POLLS_BEFORE_STREAM = 10
/** Without a sample for so long one asks whether anybody is there, who must answer soon. */
const QUIET = { intervals: 3, leastMs: 5_000, answerMs: 3_000 }

export interface Listener {
  /** The server is there, for the first time or again. */
  found(status: Status): void
  event(event: LiveEvent): void
  /** It is not. Called once, until it is found. */
  lost(): void
  /** It wants a token; resolves when there is one to try. */
  unauthorized(): Promise<void>
}

/** Follows the server for as long as the page is open. */
export async function follow(api: Api, listener: Listener): Promise<never> {
  let failures = 0
  for (;;) {
    try {
      const status = await api.status(QUIET.answerMs)
      failures = 0
      listener.found(status)
      await listen(api, listener, status.intervalMs)
      await pause(RETRY_MS[0] as number)
    } catch (error) {
      if (error instanceof Unauthorized) {
        await listener.unauthorized()
        continue
      }
      if (failures++ === 0) listener.lost()
      await pause(RETRY_MS[Math.min(failures, RETRY_MS.length) - 1] as number)
    }
  }
}

/** Returns when the stream ends, which says nothing of the server yet; rejects where it is gone. */
async function listen(api: Api, listener: Listener, intervalMs: number): Promise<void> {
  let silent: unknown
  const alive = () =>
    api.status(QUIET.answerMs).catch((error: unknown) => {
      silent = error
      throw error
    })
  try {
    const quietMs = Math.max(QUIET.intervals * intervalMs, QUIET.leastMs)
    await api.events((event) => listener.event(event), quietMs, alive)
  } catch (error) {
    if (silent !== undefined) throw silent
    if (error instanceof Unauthorized) throw error
    // Cut off: the next look shows whether the server is there.
    if (!(error instanceof Refused)) return
    for (let i = 0; i < POLLS_BEFORE_STREAM; i++) {
      await pause(Math.max(1_000, intervalMs))
      await api.status(QUIET.answerMs)
      listener.event({ type: 'sample' })
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
