import type { Batch } from '../core/batch'
import { type Family, families, type Naming } from './prometheus-families'
import { canonical, escapeHelp, escapeQuoted, number } from './prometheus-text'

const TEXT: Naming = {
  untyped: 'untyped',
  counterEnding: '',
  endings: { gauge: [''], counter: [''], histogram: ['', '_bucket', '_sum', '_count'] },
  bound: number,
}

const OPEN_METRICS: Naming = {
  untyped: 'unknown',
  counterEnding: '_total',
  endings: {
    gauge: [''],
    counter: ['', '_total', '_created'],
    histogram: ['', '_bucket', '_sum', '_count', '_created'],
  },
  bound: canonical,
}

/** The Prometheus text format, 0.0.4. */
export function renderPrometheus(batch: Batch): string {
  let text = ''
  for (const family of families(batch, TEXT)) {
    const { name, type } = family
    const { description } = family.description
    if (description !== '') text += `# HELP ${name} ${escapeHelp(description)}\n`
    text += `# TYPE ${name} ${type}\n${samples(family)}`
  }
  return text
}

/** OpenMetrics 1.0.0. */
export function renderOpenMetrics(batch: Batch): string {
  let text = ''
  for (const family of families(batch, OPEN_METRICS)) {
    const { name, type } = family
    const { unit, description } = family.description
    text += `# TYPE ${name} ${type}\n`
    if (unit !== '' && name.endsWith(`_${unit}`)) text += `# UNIT ${name} ${unit}\n`
    if (description !== '') text += `# HELP ${name} ${escapeQuoted(description)}\n`
    text += samples(family)
  }
  return `${text}# EOF\n`
}

function samples(family: Family): string {
  return family.samples
    .map(({ name, labels, value }) => `${name}${labels === '' ? '' : `{${labels}}`} ${number(value)}\n`)
    .join('')
}
