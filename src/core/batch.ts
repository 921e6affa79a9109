/** Label names and values of one series. */
export type Labels = Readonly<Record<string, string>>

export type MetricType = 'gauge' | 'counter' | 'histogram'

/** `buckets` are cumulative and ascending by `le`, their upper bound; the bound of +Inf is left out. */
export interface Histogram {
  readonly count: number
  readonly sum: number
  readonly buckets: readonly { readonly le: number; readonly count: number }[]
}

/** One value of one series. Units are in the name (`_bytes`, `_seconds`), as Prometheus has it. */
export interface Metric {
  readonly name: string
  readonly type: MetricType
  /** A `Histogram` where `type` is `'histogram'`, else a finite number. Counters are cumulative. */
  readonly value: number | Histogram
  readonly labels: Labels
}

export interface Description {
  readonly type: MetricType
  readonly unit: string
  readonly description: string
}

/** One sampling instant. Plain data: it crosses threads by structured clone, and processes as JSON. */
export interface Batch {
  /** 1 for the first sample of a sampler, then one more each. A gap is a batch that was dropped. */
  readonly sequence: number
  /** Milliseconds since the epoch. */
  readonly timestamp: number
  readonly service: string
  /** Every metric carries the label `service`; those of a thread carry `thread`. */
  readonly metrics: readonly Metric[]
  /** By metric name; every name in `metrics` is here. */
  readonly descriptions: Readonly<Record<string, Description>>
}

/**
 * The same for the same name and labels, whatever the order of the labels, and another one for all others: each text is
 * preceded by its length.
 */
export function seriesKey(name: string, labels: Labels): string {
  let key = `${name.length}:${name}`
  for (const label of Object.keys(labels).sort()) {
    const value = labels[label] as string
    key += `${label.length}:${label}${value.length}:${value}`
  }
  return key
}

/** Whether two of the same name are one series. Allocates nothing. */
export function sameLabels(one: Labels, other: Labels): boolean {
  let more = 0
  for (const label in one) {
    if (one[label] !== other[label]) return false
    more++
  }
  for (const _ in other) more--
  return more === 0
}
