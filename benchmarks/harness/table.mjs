// Figures for people, on a terminal.
import { amount, plain, verdict } from './words.mjs'

/** @typedef {import('./benchmark.mjs').Figure} Figure */

/** @param {readonly Figure[]} figures */
export function table(figures) {
  const rows = figures.map((figure) => [
    figure.name,
    figure.estimate === null ? 'not available' : amount(figure.estimate.value, figure.unit),
    figure.estimate === null ? '' : interval(figure.estimate),
    ratios(figure),
    verdict(figure),
    figure.missing ?? figure.note ?? '',
  ])
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column].length))) ?? []
  const lines = rows.map(([name, value, range, times, aim, note]) =>
    [
      `  ${name.padEnd(widths[0])}`,
      value.padStart(widths[1]),
      range.padEnd(widths[2]),
      times.padEnd(widths[3]),
      aim.padEnd(widths[4]),
      note,
    ]
      .join('  ')
      .trimEnd(),
  )
  return lines.join('\n')
}

/** @param {Figure} figure */
function ratios({ ratios = {} }) {
  return Object.entries(ratios)
    .flatMap(([reference, ratio]) =>
      ratio === null ? [] : [`${plain(ratio.value)} × ${reference} ${interval(ratio)}`],
    )
    .join('; ')
}

/** @param {import('./statistics.mjs').Estimate} estimate */
function interval({ low, high }) {
  return `[${plain(low)} – ${plain(high)}]`
}
