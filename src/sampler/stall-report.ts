import type { Clock } from '../core/clock'
import { type Frame, frameText, type Stall } from '../core/stall'

const MAX_A_MINUTE = 5
const MAX_FRAMES = 8
const MINUTE_MS = 60_000

/** One message on stderr for each stall, while the thread is still stuck; at most five a minute. */
export class StallReport {
  readonly #clock: Clock
  readonly #say: (message: string) => void
  readonly #saidAt: number[] = []
  #unsaid = 0

  constructor(clock: Clock, say: (message: string) => void) {
    this.#clock = clock
    this.#say = say
  }

  /** Takes what is told first of each stall. A person at a debugger knows. */
  tell(stall: Stall): void {
    if (stall.cause === 'debugger') return
    const now = this.#clock.now()
    if (this.#saidAt.length === MAX_A_MINUTE) {
      if (now - (this.#saidAt[0] as number) < MINUTE_MS) {
        this.#unsaid++
        return
      }
      this.#saidAt.shift()
    }
    this.#saidAt.push(now)
    const unsaid = this.#unsaid === 0 ? '' : ` (${this.#unsaid} before it not shown)`
    this.#unsaid = 0
    this.#say(`${line(stall)}${unsaid}${frames(stall.stack ?? [])}`)
  }
}

function line({ thread, durationMs, ongoing, cause, gcMs, stack }: Stall): string {
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`
  const loop = `the event loop of ${thread}`
  const stuck = ongoing
    ? `${loop} is stuck, for ${seconds(durationMs)} so far`
    : `${loop} was stuck for ${seconds(durationMs)}`
  if (cause === 'gc') return `${stuck}: garbage collection took ${seconds(gcMs)} of it`
  if (cause === 'native' && stack === undefined) {
    return `${stuck}: in a synchronous native call, during which there is no stack`
  }
  if (ongoing && stack === undefined) return `${stuck}: it waits for a CPU, and has not given its stack yet`
  return stuck
}

function frames(stack: readonly Frame[]): string {
  const shown = stack.slice(0, MAX_FRAMES).map((frame) => `\n    at ${frameText(frame)}`)
  const more = stack.length - shown.length
  return `${shown.join('')}${more > 0 ? `\n    … and ${more} more` : ''}`
}
