// Writes the newest figures of the benchmark `lag` into docs/event-loop.md, between its two marks:
//
//   npm run bench -- --only lag && node benchmarks/publish-event-loop.mjs
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const PAGE = fileURLToPath(new URL('../docs/event-loop.md', import.meta.url))
const results = fileURLToPath(new URL('results/', import.meta.url))
const BETWEEN = /(<!-- lag:[^>]*-->\n)[\s\S]*(<!-- \/lag -->)/

const SOURCES = ['truth', 'offloop', 'monitorEventLoopDelay']
const FIGURES = ['mean', 'p50', 'p90', 'p99', 'max']

/** docs/event-loop.md as it should be, from the newest results on Node.js 20. */
export function publishedPage() {
  const file = readdirSync(results)
    .filter((name) => /^\d{4}-\d\d-\d\d-node20-lag\.json$/.test(name))
    .sort()
    .at(-1)
  if (file === undefined) throw new Error('no results: npm run bench -- --only lag')
  /** @type {{ machine: Record<string, string>, benchmarks: { figures: { name: string, estimate: { value: number } }[] }[] }} */
  const { machine, benchmarks } = JSON.parse(readFileSync(results + file, 'utf8'))
  const values = new Map(benchmarks[0]?.figures.map(({ name, estimate }) => [name, estimate.value]))
  const lengths = [...new Set([...values.keys()].map((name) => name.slice(0, name.indexOf(','))))]
  const text = [
    '',
    `| blocks of | | ${FIGURES.join(' | ')} |`,
    `|---|---|${'---|'.repeat(FIGURES.length)}`,
    ...lengths.flatMap((length) =>
      SOURCES.map((source, at) => {
        const cells = FIGURES.map((figure) => plain(values.get(`${length}, ${figure}, ${source}`)))
        return `| ${at === 0 ? length : ''} | ${source} | ${cells.join(' | ')} |`
      }),
    ),
    '',
    `Medians of three processes, with Node.js ${machine.node}: [raw data](../benchmarks/results/${file}).`,
    '',
  ].join('\n')
  return readFileSync(PAGE, 'utf8').replace(BETWEEN, (_, begin, end) => `${begin}${text}${end}`)
}

/** @param {number | undefined} ms */
function plain(ms = Number.NaN) {
  return ms.toLocaleString('en', { maximumSignificantDigits: 3 })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(PAGE, publishedPage())
