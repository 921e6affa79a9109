// Figures as words, the same on the terminal and on the page.

/** @typedef {import('./benchmark.mjs').Figure} Figure */

/** Whether a figure with an aim meets it. @param {Figure} figure */
export function verdict({ estimate, unit, aim }) {
  if (aim === undefined || estimate === null) return ''
  const words = `aim ≤ ${amount(aim, unit)}`
  if (estimate.high <= aim) return `${words}: met`
  if (estimate.low > aim) return `${words}: MISSED`
  return `${words}: ${estimate.value <= aim ? 'met' : 'missed'}, within the noise`
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
