const BLOCKS = [...'▁▂▃▄▅▆▇█']
const LETTERS = [...'_.-~=+*#']

export interface Scale {
  readonly low: number
  readonly high: number
}

/**
 * From the least to the greatest, so that the shape is seen; not for differences below a tenth, which would make
 * mountains of nothing.
 */
export function scaleOf(values: readonly (number | null)[], fixed: Partial<Scale> = {}): Scale {
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  for (const value of values) {
    if (value === null) continue
    if (value < low) low = value
    if (value > high) high = value
  }
  high = fixed.high ?? high
  return { low: fixed.low ?? Math.min(low, high - Math.abs(high) / 10), high }
}

/** As many values as there are columns: of each part of them the last, or the greatest where that is what counts. */
export function thinned(
  values: readonly (number | null)[],
  columns: number,
  pick: 'last' | 'greatest',
): (number | null)[] {
  if (values.length <= columns) return [...values]
  return Array.from({ length: columns }, (_, column) => {
    const part = values.slice(
      Math.floor((column * values.length) / columns),
      Math.floor(((column + 1) * values.length) / columns),
    )
    const known = part.filter((value) => value !== null)
    if (known.length === 0) return null
    return pick === 'last' ? (known.at(-1) as number) : known.reduce((most, value) => Math.max(most, value))
  })
}

/** One character a value, a space where there is none. */
export function sparkline(
  values: readonly (number | null)[],
  { low, high }: Scale,
  unicode: boolean,
): string {
  const steps = unicode ? BLOCKS : LETTERS
  const span = high - low
  return values
    .map((value) => {
      if (value === null) return ' '
      const part = span > 0 ? (value - low) / span : 0
      return steps[Math.min(steps.length - 1, Math.max(0, Math.floor(part * steps.length)))]
    })
    .join('')
}
