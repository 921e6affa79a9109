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

/** Of `from` (excluded) to `to` in as many columns as there is room for. */
export interface Span {
  readonly from: number
  readonly to: number
  readonly columns: number
}

/**
 * A value for each column: of those in it the last, or the greatest where that is what counts. One says something of all
 * the time since the one before, so it is also in the columns between.
 */
export function inColumns(
  times: readonly number[],
  values: readonly (number | null)[],
  { from, to, columns }: Span,
  pick: 'last' | 'greatest',
): (number | null)[] {
  const width = (to - from) / columns
  let next = 0
  return Array.from({ length: columns }, (_, column) => {
    const end = column === columns - 1 ? to : from + (column + 1) * width
    const first = next
    while (next < times.length && (times[next] as number) <= end) next++
    const part = values
      .slice(first, next > 0 ? Math.max(next, first + 1) : 0)
      .filter((value) => value !== null)
    if (part.length === 0) return null
    return pick === 'last' ? (part.at(-1) as number) : part.reduce((most, value) => Math.max(most, value))
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
