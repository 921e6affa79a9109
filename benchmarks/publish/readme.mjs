// The figures in README.md: the dozen that matter to somebody who chooses.
import { amount, plain } from '../harness/words.mjs'

/** @typedef {import('../harness/results.mjs').Results} Results */
/** @typedef {import('../harness/benchmark.mjs').Figure} Figure */

const BEGIN = /(<!-- figures:[^>]*-->\n)[\s\S]*(<!-- \/figures -->)/
const COLUMNS = ['offloop', 'prom-client', 'OpenTelemetry', 'Datadog', 'New Relic', 'gc-stats', 'nothing']

/** Figures of contenders, by what follows the contender in their names. */
const ROWS = [
  { what: 'p99 of a service, light requests', benchmark: 'http', figure: 'light requests, p99' },
  { what: 'p99 of a service, much garbage', benchmark: 'http', figure: 'heavy requests, p99' },
  {
    what: 'CPU a request, much garbage',
    benchmark: 'http',
    figure: 'heavy requests, process, CPU a request',
  },
  {
    what: 'of GC time seen, a growing heap',
    benchmark: 'accuracy',
    figure: 'all of its time, a growing heap',
  },
  { what: 'of GC time seen, one long turn', benchmark: 'accuracy', figure: 'all of its time, one long turn' },
  {
    what: 'samples that arrive in a 10 s block, of 10',
    benchmark: 'continuity',
    figure: 'by JavaScript, samples that arrive, of 10',
  },
  {
    what: 'main-thread CPU a collection, small heap',
    benchmark: 'gc-cpu',
    figure: 'small heap, CPU a collection, more',
  },
  {
    what: 'main-thread CPU a sample, working process',
    benchmark: 'sample',
    figure: 'working process, main thread, CPU a sample',
  },
  {
    what: 'CPU a sample, all threads, working process',
    benchmark: 'sample',
    figure: 'working process, process, CPU a sample',
  },
  { what: '`require` and start', benchmark: 'start', figure: 'both' },
  {
    what: 'CPU of an idle process, 4 to 14 s after its start',
    benchmark: 'idle',
    figure: '4 to 14 s, CPU of the process',
  },
  { what: 'CPU of 10 idle seconds after that', benchmark: 'idle', figure: '14 to 24 s, CPU of the process' },
  {
    what: "the main thread's wake-ups in them",
    benchmark: 'idle',
    figure: '14 to 24 s, main thread wakes up',
  },
  { what: 'wake-ups of all threads', benchmark: 'idle', figure: '14 to 24 s, all threads wake up' },
  { what: 'private memory, more, at rest', benchmark: 'idle', figure: 'private memory, more, at 80 s' },
]

/** README.md as it should be. @param {string} readme @param {Results} results */
export function readmeWith(readme, { file, machine, benchmarks }) {
  /** @param {string} benchmark @param {string} figure */
  const find = (benchmark, figure) =>
    benchmarks.find(({ name }) => name === benchmark)?.figures.find(({ name }) => name === figure)
  const rows = ROWS.flatMap(({ what, benchmark, figure }) => {
    const cells = COLUMNS.map((contender) => cell(find(benchmark, `${contender}, ${figure}`)))
    // Results of an older suite may not have it.
    return cells.every((text) => text === '') ? [] : [`| ${[what, ...cells].join(' | ')} |`]
  })
  const text = [
    '',
    `| | ${COLUMNS.join(' | ')} |`,
    `|---|${'---|'.repeat(COLUMNS.length)}`,
    ...rows,
    '',
    `Medians of fresh processes, with 95% intervals, on ${machine.cpu} with Node.js ${machine.node}: [raw data](benchmarks/results/${file}). All others, and where we lose: [benchmarks](docs/benchmarks.md).`,
    '',
  ].join('\n')
  return readme.replace(BEGIN, (_, begin, end) => `${begin}${text}${end}`)
}

/** @param {Figure | undefined} figure */
function cell(figure) {
  if (figure === undefined) return ''
  const { estimate, unit } = figure
  if (estimate === null) return 'not available'
  return `${amount(estimate.value, unit)} <sub>${plain(estimate.low)} – ${plain(estimate.high)}</sub>`
}
