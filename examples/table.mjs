// A batch as a table for people.

/** @type {[number, string][]} */
const UNITS = [
  [1024 ** 3, 'GiB'],
  [1024 ** 2, 'MiB'],
  [1024, 'KiB'],
]

/** @param {import('offloop').Batch} batch */
export function table(batch) {
  const rows = batch.metrics
    .filter(({ name, value }) => !name.startsWith('offloop_') && typeof value === 'number')
    .map(({ name, labels, value }) => [name, ownLabels(labels), readable(name, Number(value))])
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column].length)))
  const lines = rows.map(
    ([name, labels, value]) => `  ${name.padEnd(widths[0])}  ${labels.padEnd(widths[1])}  ${value}`,
  )
  return [
    `#${batch.sequence}  ${new Date(batch.timestamp).toISOString()}  ${batch.service}`,
    ...lines,
    '',
  ].join('\n')
}

function ownLabels(labels) {
  return Object.entries(labels)
    .filter(([name]) => name !== 'service')
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')
}

function readable(name, value) {
  if (name === 'process_start_time_seconds') return new Date(value * 1000).toISOString()
  if (name === 'nodejs_heap_objects') return `${Math.round(value).toLocaleString('en')} (estimate)`
  if (name.includes('_seconds')) return `${(value * 1000).toFixed(3)} ms`
  if (!name.endsWith('_bytes')) return value.toLocaleString('en')
  const [size, unit] = UNITS.find(([least]) => value >= least) ?? [1, 'B']
  return `${(value / size).toFixed(1)} ${unit}`
}
