// Figures as words, the same on the terminal and on the page.
import { decides } from './statistics.mjs'

/** @typedef {import('./benchmark.mjs').Figure} Figure */

/**
 * Whether a figure with an aim meets it. Of few rounds nothing is said, and of an interval that has the aim inside only
 * on which side its value lies.
 * @param {Figure} figure
 */
export function verdict({ estimate, unit, aim, more }) {
  if (aim === undefined || estimate === null) return ''
  const words = `aim ${more ? '≥' : '≤'} ${amount(aim, unit)}`
  if (!decides(estimate)) return `${words}: undecided, too few rounds`
  const { value, low, high } = estimate
  if (more ? low >= aim : high <= aim) return `${words}: met`
  if (more ? high < aim : low > aim) return `${words}: MISSED`
  return `${words}: ${(more ? value >= aim : value <= aim) ? 'met' : 'missed'}, within the noise`
}

/** Whether an aim is not met, for sure or perhaps. @param {Figure} figure */
export function isMissed(figure) {
  return /: (MISSED|missed, within the noise)$/.test(verdict(figure))
}

/**
 * @param {number} value
 * @param {string} unit
 */
export function amount(value, unit) {
  return `${plain(value)} ${unit}`
}

/**
 * Three significant digits, and no more of them than there are. What JSON has as null was no finite number: a ratio to
 * a cost that vanishes in the noise.
 * @param {number | null} value
 */
export function plain(value) {
  if (value === null || !Number.isFinite(value)) return Number.isNaN(value) ? '?' : '∞'
  const rounded = Number(value.toPrecision(3))
  return Math.abs(rounded) >= 1000 ? rounded.toLocaleString('en') : String(rounded)
}
