// Bars with their intervals, and lines, as SVG. Readable on light and on dark pages: the page decides by the colour scheme, and
// where it tells none the greys in between stand on either.
import { amount, plain } from '../harness/words.mjs'

/** @typedef {import('../harness/benchmark.mjs').Figure} Figure */

const WIDTH = 760
const ROW = 26
const TOP = 46
const LABELS = 190
const VALUES = 130
const PLOT = WIDTH - LABELS - VALUES

/**
 * One bar a contender.
 * @param {string} title
 * @param {readonly Figure[]} figures of one measure
 * @param {{ log?: boolean, ours: (contender: string) => boolean }} how
 */
export function plot(title, figures, { log = false, ours }) {
  const scale = log ? logScale(figures) : linearScale(figures)
  const height = TOP + figures.length * ROW + 12
  const rows = figures.map((figure, i) => bar(figure, TOP + i * ROW, scale, ours(figure.contender ?? '')))
  const unit = figures[0]?.unit ?? ''
  const ticks = scale.ticks.map((value) => {
    const x = round(LABELS + scale.at(value))
    return [
      `<line class="grid" x1="${x}" y1="${TOP - 6}" x2="${x}" y2="${height - 10}"/>`,
      `<text class="tick" x="${x}" y="${TOP - 10}" text-anchor="middle">${plain(value)}</text>`,
    ].join('')
  })
  return framed(title, `${unit}${log ? ' (logarithmic)' : ''}`, height, [...ticks, ...rows])
}

const LINES_HEIGHT = 300
const BOTTOM = LINES_HEIGHT - 40

/**
 * A line a contender, over a number: at equal steps, since it is doubled or more each time.
 * @param {string} title
 * @param {string} across what the number counts
 * @param {readonly { at: number, figure: Figure }[]} points
 * @param {(contender: string) => boolean} ours
 */
export function plotLines(title, across, points, ours) {
  const numbers = [...new Set(points.map(({ at }) => at))].sort((a, b) => a - b)
  const scale = linearScale(points.map(({ figure }) => figure))
  const width = WIDTH - LABELS - 60
  const x = (/** @type {number} */ at) =>
    round(60 + (width * numbers.indexOf(at)) / Math.max(1, numbers.length - 1))
  const y = (/** @type {number} */ value) => round(BOTTOM - ((BOTTOM - TOP) * scale.at(value)) / PLOT)
  const ticks = [
    ...scale.ticks.map(
      (value) =>
        `<line class="grid" x1="60" y1="${y(value)}" x2="${60 + width}" y2="${y(value)}"/><text class="tick" x="54" y="${y(value) + 3}" text-anchor="end">${plain(value)}</text>`,
    ),
    ...numbers.map(
      (at) => `<text class="tick" x="${x(at)}" y="${BOTTOM + 16}" text-anchor="middle">${plain(at)}</text>`,
    ),
    `<text class="tick" x="${60 + width / 2}" y="${BOTTOM + 32}" text-anchor="middle">${escaped(across)}</text>`,
  ]
  const contenders = [...new Set(points.map(({ figure }) => figure.contender ?? ''))]
  let lastLabel = Number.NEGATIVE_INFINITY
  const curves = contenders
    .map((contender) => {
      const own = points.flatMap(({ at, figure: { contender: whose, estimate } }) =>
        whose === contender && estimate !== null ? [{ at, ...estimate }] : [],
      )
      return { contender, own: own.sort((a, b) => a.at - b.at) }
    })
    .filter(({ own }) => own.length > 0)
    .sort((a, b) => y(a.own.at(-1)?.value ?? 0) - y(b.own.at(-1)?.value ?? 0))
    .map(({ contender, own }) => {
      const name = ours(contender) ? 'ours' : 'bar'
      const path = own.map(({ at, value }) => `${x(at)},${y(value)}`).join(' ')
      const marks = own.map(
        ({ at, value, low, high }) =>
          `<line class="interval" x1="${x(at)}" y1="${y(low)}" x2="${x(at)}" y2="${y(high)}"/><circle class="${name}" cx="${x(at)}" cy="${y(value)}" r="3"/>`,
      )
      const last = own.at(-1)
      // Names of lines that end close to each other are not to cover each other.
      lastLabel = Math.max(y(last?.value ?? 0) + 4, lastLabel + 14)
      const label = `<text x="${x(last?.at ?? 0) + 10}" y="${lastLabel}">${escaped(contender)}</text>`
      return `<polyline class="${name}" points="${path}"/>${marks.join('')}${label}`
    })
  return framed(title, points[0]?.figure.unit ?? '', LINES_HEIGHT, [...ticks, ...curves])
}

/** @param {string} title @param {string} unit @param {number} height @param {readonly string[]} inside */
function framed(title, unit, height, inside) {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(title)}">
<title>${escaped(title)}</title>
<style>
text { font: 12px system-ui, sans-serif; fill: #57606a }
.title { font-weight: 600; font-size: 13px }
.tick { font-size: 10px }
.grid { stroke: #8b949e; stroke-opacity: .35 }
.bar { fill: #8b949e }
.ours { fill: #2f81f7 }
polyline { fill: none !important; stroke-width: 2 }
polyline.bar { stroke: #8b949e }
polyline.ours { stroke: #2f81f7 }
.interval { stroke: #57606a; stroke-width: 1.5 }
@media (prefers-color-scheme: dark) { text { fill: #c9d1d9 } .interval { stroke: #c9d1d9 } }
</style>
<text class="title" x="4" y="16">${escaped(title)}, ${escaped(unit)}</text>
${inside.join('\n')}
</svg>
`
}

/**
 * @typedef {object} Scale
 * @property {(value: number) => number} at where in the plot, kept inside
 * @property {readonly number[]} ticks
 */

/**
 * @param {Figure} figure
 * @param {number} y
 * @param {Scale} scale
 * @param {boolean} ours
 */
function bar({ contender = '', estimate, unit, missing }, y, scale, ours) {
  const label = `<text x="${LABELS - 8}" y="${y + 15}" text-anchor="end">${escaped(contender)}</text>`
  const valueX = LABELS + PLOT + 8
  if (estimate === null) {
    return `${label}<text x="${LABELS + 4}" y="${y + 15}">not available: ${escaped(shortened(missing ?? ''))}</text>`
  }
  const zero = scale.at(0)
  const value = scale.at(estimate.value)
  const low = scale.at(estimate.low)
  const high = scale.at(estimate.high)
  const left = Math.min(zero, value)
  const middle = y + 10.5
  return [
    label,
    `<rect class="${ours ? 'ours' : 'bar'}" x="${round(LABELS + left)}" y="${y + 3}" width="${round(Math.max(1, Math.abs(value - zero)))}" height="15" rx="2"/>`,
    `<line class="interval" x1="${round(LABELS + low)}" y1="${middle}" x2="${round(LABELS + high)}" y2="${middle}"/>`,
    ...[low, high].map(
      (end) =>
        `<line class="interval" x1="${round(LABELS + end)}" y1="${middle - 4}" x2="${round(LABELS + end)}" y2="${middle + 4}"/>`,
    ),
    `<text x="${valueX}" y="${y + 15}">${escaped(amount(estimate.value, unit))}</text>`,
  ].join('')
}

/** @param {readonly Figure[]} figures @returns {Scale} */
function linearScale(figures) {
  const ends = figures.flatMap(({ estimate }) => (estimate === null ? [] : [estimate.low, estimate.high]))
  const low = Math.min(0, ...ends)
  const high = Math.max(low + Number.EPSILON, ...ends)
  const step = niceStep((high - low) / 5)
  const from = Math.floor(low / step + 1e-9) * step
  const to = Math.ceil(high / step - 1e-9) * step
  const count = Math.round((to - from) / step)
  return {
    at: (value) => (PLOT * (clamped(value, from, to) - from)) / (to - from),
    ticks: Array.from({ length: count + 1 }, (_, i) => Number((from + i * step).toPrecision(12))),
  }
}

/**
 * Decades. What is not above zero, as costs in the noise are, lies at the left end.
 * @param {readonly Figure[]} figures
 * @returns {Scale}
 */
function logScale(figures) {
  const values = figures.flatMap(({ estimate }) => (estimate === null ? [] : [estimate.value, estimate.high]))
  const positive = values.filter((value) => value > 0)
  if (positive.length === 0) return linearScale(figures)
  // Of a cost that vanishes in the noise a hundredth of a hundredth tells nothing.
  const top = Math.ceil(Math.log10(Math.max(...positive)) - 1e-9)
  const bottom = Math.max(top - 6, Math.floor(Math.log10(Math.min(...positive))))
  const from = Math.min(bottom, top - 1)
  return {
    at: (value) => (value > 0 ? (PLOT * (clamped(Math.log10(value), from, top) - from)) / (top - from) : 0),
    ticks: Array.from({ length: top - from + 1 }, (_, i) => Number((10 ** (from + i)).toPrecision(3))),
  }
}

/** 1, 2 or 5 times a power of ten, at least `least`. @param {number} least */
function niceStep(least) {
  const power = 10 ** Math.floor(Math.log10(least))
  return power * ([1, 2, 5].find((times) => times * power >= least) ?? 10)
}

/** @param {number} value @param {number} low @param {number} high */
function clamped(value, low, high) {
  return Math.min(high, Math.max(low, value))
}

/** @param {number} value */
function round(value) {
  return Math.round(value * 10) / 10
}

/** @param {string} text */
function shortened(text) {
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}

/** @param {string} text */
function escaped(text) {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
