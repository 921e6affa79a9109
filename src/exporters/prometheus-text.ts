import type { Labels } from '../core/batch'

/** A number as both formats read it. */
export function number(value: number): string {
  if (value === Infinity) return '+Inf'
  return value === -Infinity ? '-Inf' : String(value)
}

/**
 * A bucket's bound as OpenMetrics wants it, so that one number is one label value everywhere: as Go's `%g` writes it,
 * but never without a point or exponent (`0.005`, `1.0`, `1e+06`).
 */
export function canonical(value: number): string {
  const [digits = '', power = ''] = value.toExponential().split('e')
  const exponent = Number(power)
  if (exponent < -4 || exponent > 5) {
    return `${digits}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
  }
  return Number.isInteger(value) ? `${value}.0` : String(value)
}

/** `a="1",b="2"`, by name. An empty value is the same as no label to Prometheus, so it is none here. */
export function labelPairs(labels: Labels): string {
  return Object.entries(labels)
    .filter(([, value]) => value !== '')
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}="${escapeQuoted(value)}"`)
    .join(',')
}

/** For label values, and for the HELP of OpenMetrics. */
export function escapeQuoted(text: string): string {
  return backslashed(text, /[\\\n"]/g)
}

/** For the HELP of the text format, which leaves quotes alone. */
export function escapeHelp(text: string): string {
  return backslashed(text, /[\\\n]/g)
}

function backslashed(text: string, special: RegExp): string {
  return text.replace(special, (char) => (char === '\n' ? '\\n' : `\\${char}`))
}
