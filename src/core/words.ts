// Numbers as people read them, in sentences.

/** Three figures: 0.123, 1.23, 12.3, 123, 1234. */
function short(value: number): string {
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.max(Math.abs(value), 1e-3))))
  return String(Number(value.toFixed(digits)))
}

export function bytesInWords(bytes: number): string {
  for (const [unit, size] of [
    ['GiB', 2 ** 30],
    ['MiB', 2 ** 20],
    ['KiB', 2 ** 10],
  ] as const) {
    if (Math.abs(bytes) >= size) return `${short(bytes / size)} ${unit}`
  }
  return `${short(bytes)} bytes`
}

/** A length: `850 µs`, `12 ms`, `3.4 s`, `17 s`, `5 minutes`, `2.5 hours`. */
export function secondsInWords(seconds: number): string {
  if (seconds < 1e-3) return `${short(seconds * 1e6)} µs`
  if (seconds < 1) return `${short(seconds * 1e3)} ms`
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
