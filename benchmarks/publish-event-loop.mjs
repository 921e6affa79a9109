// Writes the newest figures of the benchmarks `lag` and `resources` into docs/event-loop.md, and those of `stalls` into
// docs/stalls.md, between their marks:
//
//   npm run bench -- --only lag && npm run bench -- --only resources && npm run bench -- --only stalls
//   node benchmarks/publish-event-loop.mjs
//
// The tables by version of docs/accuracy.md and docs/heap-objects.md are made here too, by the scripts that measure them.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { readResults, resultsFolder } from './harness/results.mjs'

/** What each page shows, by the name of the results. @type {Record<string, Record<string, (results: any) => string[]>>} */
const PAGES = {
  'event-loop': { lag: figures(lagTable), resources: figures(resourcesTable) },
  stalls: { stalls: figures(stallsTable) },
  accuracy: {
    sweeping: byVersion(
      'way to allocate',
      ({ workload }) => workload,
      ({ countedMs, sweepingMs }) => (sweepingMs / countedMs) * 100,
      (value) => `${value.toFixed(1)}%`,
    ),
    bytes: byVersion(
      'pattern',
      ({ pattern, thread }) => `${PATTERNS[pattern]}${thread === 'main' ? '' : ', in a worker'}`,
      ({ truth, allocated }) => (allocated / truth - 1) * 100,
      (value) => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(1)}%`,
    ),
  },
  'heap-objects': {
    'heap-objects': byVersion(
      'workload',
      ({ workload }) => `${WORKLOADS[workload]}`,
      ({ estimate, objects }) => estimate / objects,
      (value) => value.toFixed(2),
    ),
  },
}
export const NAMES = Object.keys(PAGES)

const SOURCES = ['truth', 'offloop', 'monitorEventLoopDelay']
const FIGURES = ['mean', 'p50', 'p90', 'p99', 'max']
/** What the fixtures call so. @type {Record<string, string>} */
const PATTERNS = {
  'small objects': 'objects of 40 bytes',
  survivors: 'arrays of 208 bytes, nearly all of which survive',
  arrays: 'arrays of 848 bytes',
  strings: 'strings of 120 bytes',
  'KB arrays': 'arrays of 8 KB',
  '100 KB arrays': 'arrays of 96 KB',
  'MB arrays': 'arrays of 1 MB',
}
/** @type {Record<string, string>} */
const WORKLOADS = {
  fresh: 'a fresh heap',
  json: 'parsed JSON: small objects, arrays, strings',
  rows: 'parsed JSON: rows of 20 columns',
  maps: 'a Map of strings',
  strings: 'strings of 13 to 400 characters',
  buffers: 'buffers of 100 bytes',
  wide: 'objects of 20 fields',
  literals: 'nested literals in a hot loop',
  closures: 'closures',
  classes: 'class instances with an array of objects',
  doubles: 'class instances with five doubles',
}

/** @param {string} name */
export function pageFile(name) {
  return fileURLToPath(new URL(`../docs/${name}.md`, import.meta.url))
}

/** A page of docs/ as it should be, from the newest results. @param {string} name */
export function publishedPage(name) {
  return Object.entries(PAGES[name] ?? {}).reduce(
    (page, [results, table]) => put(page, results, table),
    readFileSync(pageFile(name), 'utf8'),
  )
}

/** @param {string} name */
export function publishPage(name) {
  writeFileSync(pageFile(name), publishedPage(name))
}

/** @param {string} page @param {string} name @param {(results: any) => string[]} table with a last line that says of what */
function put(page, name, table) {
  const file = readdirSync(resultsFolder)
    .filter((one) => new RegExp(`^\\d{4}-\\d\\d-\\d\\d-(node20-)?${name}\\.json$`).test(one))
    .sort()
    .at(-1)
  if (file === undefined)
    throw new Error(`no results: npm run bench -- --only ${name}, or node benchmarks/${name}.mjs`)
  const lines = table(readResults(file))
  const source = `${lines.pop()} on a machine that others used: [raw data](../benchmarks/results/${file}).`
  const between = new RegExp(`(<!-- ${name}:[^>]*-->\n)[\\s\\S]*(<!-- /${name} -->)`)
  return page.replace(between, (_, begin, end) => [begin, ...lines, '', source, '', end].join('\n'))
}

/** @typedef {ReadonlyMap<string, number>} Values by the name of the figure */

/** Of what \`npm run bench\` wrote. @param {(values: Values) => string[]} table */
function figures(table) {
  /** @param {import('./harness/results.mjs').Results} results */
  return ({ machine, benchmarks }) => {
    const values = new Map(
      benchmarks[0]?.figures.flatMap(({ name, estimate }) =>
        estimate === null ? [] : [/** @type {const} */ ([name, estimate.value])],
      ),
    )
    return [...table(values), `Medians of three rounds, with Node.js ${machine.node}`]
  }
}

/**
 * Of what support/every-node.mjs wrote: least and most of the runs of each case on each version.
 * @param {string} heading
 * @param {(run: any) => string} label of its case
 * @param {(run: any) => number} value
 * @param {(value: number) => string} text
 */
function byVersion(heading, label, value, text) {
  /** @param {{ runs: { version: string }[] }} results */
  return ({ runs }) => {
    const versions = [...new Set(runs.map(({ version }) => version))]
    const labels = [...new Set(runs.map(label))]
    const cells = (/** @type {string} */ one) =>
      versions.map((version) => {
        const values = runs.filter((run) => run.version === version && label(run) === one).map(value)
        return [...new Set([Math.min(...values), Math.max(...values)].map(text))].join(' – ')
      })
    return [
      `| ${[heading, ...versions].join(' | ')} |`,
      `|---|${'---|'.repeat(versions.length)}`,
      ...labels.map((one) => `| ${[one, ...cells(one)].join(' | ')} |`),
      `Least and most of ${runs.length / versions.length / labels.length} runs each`,
    ]
  }
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
  for (const name of NAMES) publishPage(name)
}
