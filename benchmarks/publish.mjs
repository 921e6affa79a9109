// Writes the figures of the newest run of all benchmarks into README.md, between its two marks:
//
//   node benchmarks/publish.mjs
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const readme = fileURLToPath(new URL('../README.md', import.meta.url))
const results = fileURLToPath(new URL('results/', import.meta.url))

const BEGIN = /(<!-- figures:[^>]*-->\n)[\s\S]*(<!-- \/figures -->)/

/**
 * As harness/benchmark.mjs has it.
 * @typedef {{ name: string, unit: string, aim?: number, estimate: { value: number, low: number, high: number } }} Figure
 */

/** README.md as it should be, from the newest results of a run of all benchmarks on Node.js 20. */
export function publishedReadme() {
  const file = readdirSync(results)
    .filter((name) => /^\d{4}-\d\d-\d\d-node20\.json$/.test(name))
    .sort()
    .at(-1)
  if (file === undefined) throw new Error('no results: npm run bench')
  /** @type {{ machine: Record<string, string>, benchmarks: { name: string, figures: Figure[] }[] }} */
  const { machine, benchmarks } = JSON.parse(readFileSync(`${results}${file}`, 'utf8'))
  const rows = benchmarks.flatMap(({ name, figures }) =>
    figures
      .filter((figure) => figure.aim !== undefined || figure.name.includes('prom-client'))
      .map((figure) => row(name, figure)),
  )
  const text = [
    '',
    '| | measured | 95% interval | aim |',
    '|---|---|---|---|',
    ...rows,
    '',
    `Medians of fresh processes, on ${machine.cpu} with Node.js ${machine.node}: [raw data](benchmarks/results/${file}).`,
    '',
  ].join('\n')
  return readFileSync(readme, 'utf8').replace(BEGIN, (_, begin, end) => `${begin}${text}${end}`)
}

/** @param {string} benchmark @param {Figure} figure */
function row(benchmark, { name, estimate, unit, aim }) {
  const { value, low, high } = estimate
  return `| ${benchmark}: ${name} | ${plain(value)} ${unit} | ${plain(low)} – ${plain(high)} | ${aim === undefined ? '' : `≤ ${aim} ${unit}`} |`
}

/** @param {number} value */
function plain(value) {
  return value.toLocaleString('en', { maximumSignificantDigits: 3 })
}

export function publish() {
  writeFileSync(readme, publishedReadme())
}

if (process.argv[1] === fileURLToPath(import.meta.url)) publish()
