const SIZES: readonly (readonly [number, string])[] = [
  [1024 ** 4, 'TiB'],
  [1024 ** 3, 'GiB'],
  [1024 ** 2, 'MiB'],
  [1024, 'KiB'],
]

/** Three digits at least, none that say nothing. */
function digits(value: number): string {
  const size = Math.abs(value)
  return value.toFixed(size >= 100 || Number.isInteger(value) ? 0 : size >= 10 ? 1 : 2)
}

export function bytes(value: number): string {
  const [size, unit] = SIZES.find(([least]) => Math.abs(value) >= least) ?? [1, 'B']
  return `${digits(value / size)} ${unit}`
}

export function bytesPerSecond(value: number): string {
  return `${bytes(value)}/s`
}

export function seconds(value: number): string {
  if (value === 0) return '0 s'
  if (value < 0.001) return `${digits(value * 1e6)} µs`
  return value < 1 ? `${digits(value * 1e3)} ms` : `${digits(value)} s`
}

export function share(value: number): string {
  return `${digits(value * 100)}%`
}

export function count(value: number): string {
  return Number.isInteger(value) ? value.toLocaleString('en') : digits(value)
}

/** For what lasts: `12 s`, `3 min`, `5 h 2 min`, `4 d 1 h`. */
export function age(ms: number): string {
  const total = Math.max(0, Math.round(ms / 1000))
  if (total < 60) return `${total} s`
  const minutes = Math.floor(total / 60)
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  return hours < 24 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`
}
