/** What the formats that we speak allow, in one place: the strictest of Prometheus, OpenMetrics and TinyObs. */

export const MAX_NAME_LENGTH = 256
/** Bytes of UTF-8, as TinyObs counts. */
export const MAX_LABEL_VALUE_BYTES = 1024
export const MAX_LABELS = 20

/** Labels that offloop, or a format, gives a meaning of its own. */
export const RESERVED_LABELS: ReadonlySet<string> = new Set(['service', 'thread', 'le', 'quantile'])

const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/

/** Why `name` cannot be a metric's name; undefined where it can. */
export function metricNameFault(name: string): string | undefined {
  if (!METRIC_NAME.test(name)) return `must match ${METRIC_NAME.source}`
  if (name.length > MAX_NAME_LENGTH) return `must have at most ${MAX_NAME_LENGTH} characters`
  return undefined
}

/** Why `name` cannot be a label's name; undefined where it can. */
export function labelNameFault(name: string): string | undefined {
  if (!LABEL_NAME.test(name)) return `must match ${LABEL_NAME.source}`
  if (name.startsWith('__')) return 'must not start with __, which Prometheus keeps for itself'
  if (name.length > MAX_NAME_LENGTH) return `must have at most ${MAX_NAME_LENGTH} characters`
  return undefined
}

/** Why `value` cannot be a label's value; undefined where it can. */
export function labelValueFault(value: string): string | undefined {
  if (Buffer.byteLength(value) > MAX_LABEL_VALUE_BYTES) {
    return `must have at most ${MAX_LABEL_VALUE_BYTES} bytes of UTF-8`
  }
  // The types of ES2022 do not know it yet.
  if (!(value as unknown as { isWellFormed(): boolean }).isWellFormed()) return 'must be well-formed Unicode'
  return undefined
}
