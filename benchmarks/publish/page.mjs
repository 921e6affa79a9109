// docs/benchmarks.md and its pictures, from the results of a run of all benchmarks.
import { argsOf } from '../harness/benchmark.mjs'
import { told } from '../harness/disturbance.mjs'
import { LEAST_ROUNDS } from '../harness/statistics.mjs'
import { amount, plain, verdict } from '../harness/words.mjs'
import { DESCRIPTIONS, isPeer, NOTHING } from '../suite/contenders.mjs'
import { suite } from '../suite/suite.mjs'
import { beatsUs, losses } from './losses.mjs'
import { plot, plotLines } from './plot.mjs'

/** @typedef {import('../harness/benchmark.mjs').Figure} Figure */
/** @typedef {import('../harness/results.mjs').Outcome} Outcome */
/** @typedef {import('../harness/results.mjs').Results} Results */

/**
 * The page and its pictures, by path from docs/.
 * @param {Results} results
 * @param {readonly string[]} otherRuns files of runs with other versions of Node.js
 * @returns {Map<string, string>}
 */
export function page(results, otherRuns) {
  /** @type {Map<string, string>} */
  const files = new Map()
  const sections = results.benchmarks.map((outcome) => section(outcome, files))
  files.set('benchmarks.md', [...head(results, otherRuns), ...sections].join('\n'))
  return files
}

/** @param {Results} results @param {readonly string[]} otherRuns */
function head({ file, measuredAt, machine, peers = {} }, otherRuns) {
  const versions = Object.entries(peers).map(([name, version]) => `${name} ${version}`)
  const used = suite
    .flatMap(({ variants }) => variants.flatMap((variant) => argsOf(variant, 0)))
    .filter((name) => name in DESCRIPTIONS)
  const contenders = Object.keys(DESCRIPTIONS).filter((name) => used.includes(name))
  return [
    '# Benchmarks',
    '',
    '<!-- Written by `npm run bench`, from its results. Checked by test/readme.test.ts. -->',
    '',
    `Measured on ${measuredAt.slice(0, 10)}: Node.js ${machine.node}, ${machine.cpu}, ${machine.cores} cores, ${machine.kernel}. [Raw data](../benchmarks/results/${file})${otherRuns.map((name) => `, [${/node\d+/.exec(name)?.[0]}](../benchmarks/results/${name})`).join('')}. \`npm run bench\` makes all of it anew.`,
    '',
    `Every trial is a process of its own; rounds are interleaved, each in an order by chance. A figure is the median over the rounds; the interval is that of two of its rounds, exact for any distribution, and holds the median with at least 95% (of fewer than ${LEAST_ROUNDS} rounds it is their range, and decides nothing). × is how many times ours it is, or, where the table says so, the same without any tool: the interval of the rounds' ratios. ∞: ours vanishes in the noise. **Bold**: better than ours, outside the noise. Where we lose is listed under each table; a reason that begins with “presumably” was not measured apart.`,
    '',
    '| | what runs |',
    '|---|---|',
    ...contenders.map((name) => `| ${name} | ${DESCRIPTIONS[name]} |`),
    '',
    ...(versions.length > 0 ? [`Versions: ${versions.join(', ')}.`, ''] : []),
  ]
}

/** @param {Outcome} outcome @param {Map<string, string>} files that pictures are put into */
function section({ name, question, rounds, disturbance, figures }, files) {
  const {
    method = [],
    plots = [],
    lines = [],
    reasons = {},
  } = suite.find((benchmark) => benchmark.name === name) ?? {}
  const compared = figures.filter(({ contender }) => contender !== undefined)
  const groups = [...new Set(compared.map(({ group }) => group))]
  const pictures = plots.flatMap(({ file, title, measure, group, log = false }) => {
    const bars = compared.filter((figure) => figure.measure === measure && figure.group === group)
    if (bars.length === 0) return []
    files.set(`benchmarks/${file}.svg`, plot(title, bars, { log, ours: isOurs }))
    return [`![${title}](benchmarks/${file}.svg)`, '']
  })
  const curves = lines.flatMap(({ file, title, across, points, group }) => {
    const found = points.flatMap(({ at, measure }) =>
      compared
        .filter((figure) => figure.measure === measure && figure.group === group)
        .map((figure) => ({ at, figure })),
    )
    if (found.length === 0) return []
    files.set(`benchmarks/${file}.svg`, plotLines(title, across, found, isOurs))
    return [`![${title}](benchmarks/${file}.svg)`, '']
  })
  const lost = losses(figures, reasons)
  return [
    `## ${name}`,
    '',
    `${question[0]?.toUpperCase()}${question.slice(1)}.`,
    '',
    ...method.flatMap((paragraph) => [paragraph, '']),
    `${rounds} ${rounds === 1 ? 'round' : 'rounds'}${disturbance === undefined ? '' : `; ${told(disturbance)}`}.`,
    '',
    ...pictures,
    ...curves,
    ...groups.flatMap((group) =>
      comparison(
        group,
        compared.filter((figure) => figure.group === group),
      ),
    ),
    ...list(figures.filter(({ contender }) => contender === undefined)),
    ...(lost.length > 0
      ? ['Where we lose:', '', ...lost.map(({ what, reason }) => `- ${what}: ${reason}.`), '']
      : []),
  ].join('\n')
}

/** @param {string} contender */
function isOurs(contender) {
  return contender.startsWith('offloop')
}

/** Contenders down, measures across. @param {string | undefined} group @param {readonly Figure[]} figures */
function comparison(group, figures) {
  const contenders = [...new Set(figures.map(({ contender = '' }) => contender))]
  const measures = [...new Set(figures.map(({ measure = '' }) => measure))]
  const rows = contenders.map((contender) => {
    const cells = measures.map((measure) => {
      const figure = figures.find((one) => one.contender === contender && one.measure === measure)
      return figure === undefined ? '' : cell(figure)
    })
    return `| ${[contender, ...cells].join(' | ')} |`
  })
  const toNothing = figures.some(({ ratios = {} }) => NOTHING in ratios)
  const title = [group, toNothing ? '× without any tool' : undefined].filter(Boolean).join(', ')
  return [`| ${[title, ...measures].join(' | ')} |`, `|${'---|'.repeat(measures.length + 1)}`, ...rows, '']
}

/** @param {Figure} figure */
function cell(figure) {
  const { estimate, unit, ratios = {}, contender = '', missing } = figure
  if (estimate === null) return `not available: ${text(missing ?? '')}`
  const words = amount(estimate.value, unit)
  const judged = verdict(figure)
  const value = `${beatsUs(figure) ? `**${words}**` : words} <sub>${range(estimate)}</sub>${judged === '' ? '' : `<br>${judged}`}`
  const ratio = NOTHING in ratios ? ratios[NOTHING] : isPeer(contender) ? Object.values(ratios)[0] : undefined
  return ratio == null ? value : `${value}<br>× ${plain(ratio.value)} <sub>${range(ratio)}</sub>`
}

/** What compares with nothing else. @param {readonly Figure[]} figures */
function list(figures) {
  if (figures.length === 0) return []
  const rows = figures.map((figure) => {
    const { name, estimate, unit, note = '', missing = '' } = figure
    const cells =
      estimate === null
        ? [`not available: ${text(missing)}`, '', '', '']
        : [amount(estimate.value, unit), range(estimate), verdict(figure), text(note)]
    return `| ${[text(name), ...cells].join(' | ')} |`
  })
  return ['| | measured | 95% interval | aim | |', '|---|---|---|---|---|', ...rows, '']
}

/** @param {import('../harness/statistics.mjs').Estimate} estimate */
function range({ low, high }) {
  return `${plain(low)} – ${plain(high)}`
}

/** @param {string} words that may come from an error */
function text(words) {
  return words.replaceAll('|', '\\|').replaceAll('<', '&lt;')
}
