import { duration as lasting, figure, type Hand, stepOf, type Unit, withSuffix } from '../core/figures'

export { count, plural, type Unit } from '../core/figures'

/** Between a number and its unit: narrow, and never at the end of a line. */
const HAND: Hand = { space: '\u202f', commas: true }
export const ABSENT = '–'

/** A value with its unit, to three digits: `12.3 MiB`, `850 µs`, `0.42 %`. */
export function format(value: number | null | undefined, unit: Unit): string {
  return Number.isFinite(value) ? figure(value as number, unit, HAND) : ABSENT
}

/** The labels of an axis: one unit for all of them, and as many decimals as their distance needs. */
export function formatAxis(values: readonly number[], unit: Unit): string[] {
  const most = Math.max(0, ...values.map(Math.abs))
  const { factor, suffix } = stepOf(most, unit)
  const distance = Math.abs((values[1] ?? most) - (values[0] ?? 0)) / factor
  const decimals = distance > 0 ? Math.min(3, Math.max(0, Math.ceil(-Math.log10(distance) - 1e-9))) : 0
  return values.map((value) =>
    value === 0
      ? '0'
      : withSuffix((value / factor).toLocaleString('en', { maximumFractionDigits: decimals }), suffix, HAND),
  )
}

export const duration = (ms: number): string => lasting(ms, HAND)
