import type { Labels } from '../core/batch'
import { frameText, type Stall } from '../core/stall'

/** Datadog's: what happened, once, with a text. */
export interface Event {
  /** Of one line. */
  readonly title: string
  readonly text: string
  readonly at: Date
  /** The same for all that is told of one thing. */
  readonly key: string
  readonly alert: 'error' | 'info'
  readonly tags: Labels
}

const CAUSES: Readonly<Record<Stall['cause'], string>> = {
  code: 'It runs JavaScript.',
  gc: 'The garbage collector has it for more than half of the time.',
  native: 'It is in a synchronous native call, during which there is no stack.',
  debugger: 'A debugger has paused it.',
}

/** `stall` with the innermost calls of its stack, `calls` of them. */
function eventOf(stall: Stall, tags: Labels, calls: number): Event {
  const { id, thread, startedAt, durationMs, ongoing, cause, stack = [] } = stall
  const seconds = `${(durationMs / 1_000).toFixed(1)} s`
  const shown = stack.slice(0, calls)
  const left = stack.length - shown.length
  return {
    title: ongoing ? `Event loop of ${thread} is stuck` : `Event loop of ${thread} was stuck for ${seconds}`,
    text: [
      ...(ongoing ? [`For ${seconds} so far. ${CAUSES[cause]}`] : [`Cause: ${cause}`]),
      ...shown.map((frame) => `at ${frameText(frame)}`),
      ...(left > 0 ? [`... and ${left} more calls, which have no room here`] : []),
    ].join('\n'),
    at: new Date(startedAt),
    key: `offloop-stall-${process.pid}-${id}`,
    alert: ongoing ? 'error' : 'info',
    tags,
  }
}

/** With as many calls as `fits` has room for; undefined where there is none for the rest either. */
export function fittingEvent(stall: Stall, tags: Labels, fits: (event: Event) => boolean): Event | undefined {
  for (let calls = stall.stack?.length ?? 0; calls >= 0; calls--) {
    const event = eventOf(stall, tags, calls)
    if (fits(event)) return event
  }
  return undefined
}
