// Writes docs/metrics.md from the compiled table of metrics:
//
//   npm run docs
import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { root, say } from './tools.mjs'

/** @typedef {import('../src/core/metrics').MetricDefinition} MetricDefinition */

export const PAGE = path.join(root, 'docs/metrics.md')

/** A metric belongs to the first group whose pattern its name matches. */
const GROUPS = [
  { title: 'Garbage collection', about: '', names: /^nodejs_(process_)?gc_/ },
  {
    title: 'Heap and memory of V8',
    about: '',
    names: /^nodejs_((process_)?heap_|(external|malloced)_memory_|(native|detached)_contexts$)/,
  },
  { title: 'Event loop', about: '', names: /^nodejs_(eventloop|active)_/ },
  {
    title: 'Process',
    about:
      "Of the whole process, so without `thread`. What a platform does not tell is absent; the names are prom-client's.",
    names: /^(process_|nodejs_version_info$)/,
  },
  {
    title: 'Container',
    about:
      'Of the cgroup of the process, v1 or v2, whether a container has made it or not. Absent where there is none, or\nwhere it cannot be seen.',
    names: /^nodejs_container_/,
  },
  { title: 'Threads', about: '', names: /^nodejs_(threads?(_|$)|\w*pool_)/ },
  { title: 'Self', about: 'What the sampler tells of itself.', names: /^offloop_/ },
]

/**
 * docs/metrics.md as it should be.
 * @param {readonly MetricDefinition[]} metrics
 */
export function metricsPage(metrics) {
  for (const { name } of metrics) {
    if (groupOf(name) === undefined) throw new Error(`${name} is in no group of scripts/docs.mjs`)
  }
  const goNames = metrics.flatMap(({ name, go }) => (go === undefined ? [] : [[code(name), code(go)]]))
  return [
    '<!-- Written by `npm run docs` from src/core/metrics.ts. -->',
    '',
    '# Metrics',
    '',
    'Everything that offloop reports by itself, under the names that `/metrics` and `/v1/query` have. Every series has the',
    'label `service`, and those that `labels` of `start()` adds; the column has the others. `thread` is `main`, or the name',
    "and id of a worker. Counters count from the start of what they count and never reset. What isn't known is absent,",
    'never 0.',
    '',
    ...GROUPS.flatMap(({ title, about }) =>
      section(
        title,
        about,
        metrics.filter(({ name }) => groupOf(name)?.title === title),
      ),
    ),
    "## Names of TinyObs's `runtime` package for Go",
    '',
    ...table(['metric', 'for Go'], goNames),
  ].join('\n')
}

/** @param {string} name */
function groupOf(name) {
  return GROUPS.find(({ names }) => names.test(name))
}

/** @param {string} title @param {string} about @param {readonly MetricDefinition[]} metrics */
function section(title, about, metrics) {
  if (metrics.length === 0) return []
  const rows = metrics.map(({ name, type, unit, labels, description, source }) => [
    code(name),
    type,
    unit,
    labels.map(code).join(', '),
    description,
    source,
  ])
  const heading = [`## ${title}`, '', ...(about === '' ? [] : [about, ''])]
  return [...heading, ...table(['metric', 'type', 'unit', 'labels', 'what it is', 'source'], rows)]
}

/** @param {string[]} head @param {string[][]} rows */
function table(head, rows) {
  const line = (/** @type {string[]} */ cells) => `| ${cells.map(escaped).join(' | ')} |`
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line), '']
}

/** @param {string} cell */
function escaped(cell) {
  return cell.replace(/[|<]/g, '\\$&')
}

/** @param {string} text */
function code(text) {
  return `\`${text}\``
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { metrics } = createRequire(import.meta.url)('../dist/core/metrics.js')
  writeFileSync(PAGE, metricsPage(metrics))
  say(`${path.relative(root, PAGE)} has ${metrics.length} metrics`)
}
