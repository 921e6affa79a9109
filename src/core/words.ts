// Numbers as people read them, in sentences.
import { plural, stepOf } from './figures'
import type { Faults } from './status'

/** Three figures: 0.123, 1.23, 12.3, 123, 1234. */
function short(value: number): string {
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.max(Math.abs(value), 1e-3))))
  return String(Number(value.toFixed(digits)))
}

export function bytesInWords(bytes: number): string {
  const { factor, suffix } = stepOf(bytes, 'bytes')
  return `${short(bytes / factor)} ${suffix === 'B' ? 'bytes' : suffix}`
}

/** A length: `850 µs`, `12 ms`, `3.4 s`, `17 s`, `5 minutes`, `2.5 hours`. */
export function secondsInWords(seconds: number): string {
  if (seconds < 1) {
    const { factor, suffix } = stepOf(seconds, 'seconds')
    return `${short(seconds / factor)} ${suffix}`
  }
  if (seconds < 90) return `${seconds < 9.95 ? short(Number(seconds.toFixed(1))) : Math.round(seconds)} s`
  if (seconds < 5400) return `${Math.round(seconds / 60)} minutes`
  if (seconds < 48 * 3600) return `${short(seconds / 3600)} hours`
  return `${Math.round(seconds / 86_400)} days`
}

export function shareInWords(share: number): string {
  return `${short(share * 100)}%`
}

export function numberInWords(value: number): string {
  return short(value)
}

/** How often: `3.5 a minute` where that is less than one a second. */
export function rateInWords(perSecond: number, what = ''): string {
  return perSecond === 0 || perSecond >= 1
    ? `${short(perSecond)}${what} a second`
    : `${short(perSecond * 60)}${what} a minute`
}

export const NO_FAULTS = 'nothing missed'

/** What the sampler missed and lost: `3 samples missed, 1 restart`. */
export function faultsInWords({ missedTicks, droppedBatches, exportFailures, restarts }: Faults): string {
  const told = [
    [missedTicks, 'sample', ' missed'],
    [droppedBatches, 'sample', ' dropped'],
    [exportFailures, 'export', ' failed'],
    [restarts, 'restart', ''],
  ] as const
  const some = told
    .filter(([number]) => number > 0)
    .map(([number, noun, verb]) => plural(number, noun) + verb)
  return some.join(', ') || NO_FAULTS
}
