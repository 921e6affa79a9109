/** What a chart shows of time, in milliseconds since the epoch. */
export interface Range {
  readonly start: number
  readonly end: number
}

export const WINDOWS = [
  { ms: 300_000, label: '5 min', name: 'the last 5 minutes' },
  { ms: 3_600_000, label: '1 hour', name: 'the last hour' },
  { ms: 86_400_000, label: '24 hours', name: 'the last 24 hours' },
] as const

const two = (value: number) => String(value).padStart(2, '0')

/** `14:05:09`, the local time of whoever looks. */
export function clock(ms: number, withSeconds = true): string {
  const at = new Date(ms)
  const minutes = `${two(at.getHours())}:${two(at.getMinutes())}`
  return withSeconds ? `${minutes}:${two(at.getSeconds())}` : minutes
}

/** With its day, where that is not today. */
export function moment(ms: number, now = Date.now()): string {
  return new Date(ms).toDateString() === new Date(now).toDateString() ? clock(ms) : `${day(ms)}, ${clock(ms)}`
}

export function day(ms: number): string {
  return new Date(ms).toLocaleDateString('en', { day: 'numeric', month: 'short' })
}

/** The labels of a time axis whose marks are `stepMs` apart. */
export function clockAxis(times: readonly number[], stepMs: number): string[] {
  return times.map((at) => {
    const date = new Date(at)
    const midnight = date.getHours() === 0 && date.getMinutes() === 0 && date.getSeconds() === 0
    return midnight ? day(at) : clock(at, stepMs < 60_000)
  })
}

/** `range` as seen from nearer (factor below 1) or farther, about its middle; never after `now`. */
export function scaled({ start, end }: Range, factor: number, now: number): Range {
  const middle = (start + end) / 2
  const half = Math.max(1_000, ((end - start) / 2) * factor)
  return shifted({ start: middle - half, end: middle + half }, 0, now)
}

/** `range`, later by `share` of its length; never after `now`. */
export function shifted({ start, end }: Range, share: number, now: number): Range {
  const length = end - start
  const last = Math.min(now, end + share * length)
  return { start: last - length, end: last }
}
