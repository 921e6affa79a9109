// Figures for people.

/** @typedef {import('./benchmark.mjs').Figure} Figure */

/** @param {readonly Figure[]} figures */
export function table(figures) {
  const rows = figures.map((figure) => [
    figure.name,
    amount(figure.estimate.value, figure.unit),
    `[${plain(figure.estimate.low)} – ${plain(figure.estimate.high)}]`,
    verdict(figure),
    figure.note ?? '',
  ])
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column].length))) ?? []
  const lines = rows.map(([name, value, interval, aim, note]) =>
    [
      `  ${name.padEnd(widths[0])}`,
      value.padStart(widths[1]),
      interval.padEnd(widths[2]),
      aim.padEnd(widths[3]),
      note,
    ]
      .join('  ')
      .trimEnd(),
  )
  return lines.join('\n')
}

/** @param {Figure} figure */
function verdict({ estimate, unit, aim }) {
  if (aim === undefined) return ''
  const words = `aim ≤ ${amount(aim, unit)}`
  if (estimate.high <= aim) return `${words}: met`
  if (estimate.low > aim) return `${words}: MISSED`
  return `${words}: ${estimate.value <= aim ? 'met' : 'missed'}, within the noise`
}

/**
 * @param {number} value
 * @param {string} unit
 */
function amount(value, unit) {
  return `${plain(value)} ${unit}`
}

/**
 * Three significant digits, and no more of them than there are.
 * @param {number} value
 */
function plain(value) {
  const rounded = Number(value.toPrecision(3))
  return Math.abs(rounded) >= 1000 ? rounded.toLocaleString('en') : String(rounded)
}
