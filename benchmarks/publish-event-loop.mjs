// Writes the newest figures of the benchmarks `lag` and `resources` into docs/event-loop.md, and those of `stalls` into
// docs/stalls.md, between their marks:
//
//   npm run bench -- --only lag && npm run bench -- --only resources && npm run bench -- --only stalls
//   node benchmarks/publish-event-loop.mjs
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** What each page shows of which benchmark. @type {Record<string, Record<string, (values: Values) => string[]>>} */
const PAGES = {
  'event-loop': { lag: lagTable, resources: resourcesTable },
  stalls: { stalls: stallsTable },
}
export const NAMES = Object.keys(PAGES)
const results = fileURLToPath(new URL('results/', import.meta.url))

const SOURCES = ['truth', 'offloop', 'monitorEventLoopDelay']
const FIGURES = ['mean', 'p50', 'p90', 'p99', 'max']

/** @param {string} name */
export function pageFile(name) {
  return fileURLToPath(new URL(`../docs/${name}.md`, import.meta.url))
}

/** A page of docs/ as it should be, from the newest results on Node.js 20. @param {string} name */
export function publishedPage(name) {
  return Object.entries(PAGES[name] ?? {}).reduce(
    (page, [benchmark, table]) => put(page, benchmark, table),
    readFileSync(pageFile(name), 'utf8'),
  )
}

/** @typedef {ReadonlyMap<string, number>} Values by the name of the figure */

/** @param {string} page @param {string} benchmark @param {(values: Values) => string[]} table */
function put(page, benchmark, table) {
  const file = readdirSync(results)
    .filter((name) => new RegExp(`^\\d{4}-\\d\\d-\\d\\d-node20-${benchmark}\\.json$`).test(name))
    .sort()
    .at(-1)
  if (file === undefined) throw new Error(`no results: npm run bench -- --only ${benchmark}`)
  /** @type {{ machine: Record<string, string>, benchmarks: { figures: { name: string, estimate: { value: number } }[] }[] }} */
  const { machine, benchmarks } = JSON.parse(readFileSync(results + file, 'utf8'))
  const values = new Map(benchmarks[0]?.figures.map(({ name, estimate }) => [name, estimate.value]))
  const source = `Medians of three rounds, with Node.js ${machine.node} on a machine that others used: [raw data](../benchmarks/results/${file}).`
  const between = new RegExp(`(<!-- ${benchmark}:[^>]*-->\n)[\\s\\S]*(<!-- /${benchmark} -->)`)
  return page.replace(between, (_, begin, end) => [begin, ...table(values), '', source, '', end].join('\n'))
}

/** @param {Values} values */
function lagTable(values) {
  return [
    `| blocks of | | ${FIGURES.join(' | ')} |`,
    `|---|---|${'---|'.repeat(FIGURES.length)}`,
    ...firstParts(values).flatMap((length) =>
      SOURCES.map((source, at) => {
        const cells = FIGURES.map((figure) => plain(values.get(`${length}, ${figure}, ${source}`)))
        return `| ${at === 0 ? length : ''} | ${source} | ${cells.join(' | ')} |`
      }),
    ),
  ]
}

/** @param {Values} values */
function resourcesTable(values) {
  const counts = firstParts(values).filter((name) => name.endsWith(' sockets'))
  return [
    '| | the sum | by type |',
    '|---|---|---|',
    ...counts.map((count) => {
      const cells = ['the sum, as by default', 'by type'].map((way) => plain(values.get(`${count}, ${way}`)))
      return `| ${Number.parseInt(count, 10).toLocaleString('en')} sockets | ${cells[0]} µs | ${cells[1]} µs |`
    }),
    '',
    `Of the sockets ${plain(values.get('of these, connections at most'))} were connections at most, as many as a process might have open there.`,
  ]
}

/** @param {Values} values */
function stallsTable(values) {
  return [
    '| | |',
    '|---|---|',
    ...[...values].map(([name, value]) => {
      const unit = name.startsWith('a turn') ? ' ns' : '% of a core'
      return `| ${name} | ${plain(value)}${unit} |`
    }),
  ]
}

/** @param {Values} values */
function firstParts(values) {
  return [...new Set([...values.keys()].map((name) => name.slice(0, name.indexOf(','))))]
}

/** @param {number | undefined} value */
function plain(value = Number.NaN) {
  return value.toLocaleString('en', { maximumSignificantDigits: 3 })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const name of NAMES) writeFileSync(pageFile(name), publishedPage(name))
}
