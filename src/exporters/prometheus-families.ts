import type { Batch, Description, Histogram, Metric, MetricType } from '../core/batch'
import { labelPairs } from './prometheus-text'

/** What the two formats say differently about names. */
export interface Naming {
  /** The type without rules: one name, any value. */
  readonly untyped: string
  /** Ends a counter's name, and not that of its family. */
  readonly counterEnding: string
  /** What follows a family's name in the names that it claims: nothing else may be called so. */
  readonly endings: Readonly<Record<MetricType, readonly string[]>>
  bound(le: number): string
}

export interface Sample {
  readonly name: string
  /** Rendered, without the braces. */
  readonly labels: string
  readonly value: number
}

export interface Family {
  readonly name: string
  readonly type: string
  readonly description: Description
  readonly samples: readonly Sample[]
}

const NOT_DESCRIBED: Description = { type: 'gauge', unit: '', description: '' }

interface WantedFamily extends Family {
  /** Whether the type allows all of its names and values. */
  readonly sound: boolean
  readonly claims: readonly string[]
}

/**
 * The families of `batch` by name, their series by labels.
 *
 * Names and values are anybody's, so some families cannot have their type: a counter without `_total` or below zero,
 * `foo_total` beside a gauge `foo`, a histogram `foo` beside a gauge `foo_count`. Their samples are exposed all the
 * same, each name a family without a type: Prometheus stores the same series either way.
 */
export function families(batch: Batch, naming: Naming): Family[] {
  const wanted = [...groupBy(batch.metrics, (metric) => metric.name)].map(([name, metrics]) =>
    wantedFamily(name, metrics, batch.descriptions[name] ?? NOT_DESCRIBED, naming),
  )
  const claims = groupBy(
    wanted.flatMap((family) => family.claims),
    (name) => name,
  )
  // A family that claims one name cannot do with less: the other one gives way.
  const fits = ({ sound, claims: own }: WantedFamily): boolean =>
    sound && (own.length === 1 || own.every((name) => claims.get(name)?.length === 1))

  const exposed = new Map<string, Family>()
  for (const family of wanted) if (fits(family)) exposed.set(family.name, family)
  // Histograms last: of a series that is there twice, the one stays whose metric has that very name.
  const others = wanted
    .filter((family) => !fits(family))
    .sort((a, b) => Number(a.type === 'histogram') - Number(b.type === 'histogram'))
  for (const family of others) expose(exposed, family, naming.untyped)
  return [...exposed.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Adds the samples of `family`, each name as a family of type `untyped`, to what is exposed already. */
function expose(exposed: Map<string, Family>, { description, samples }: Family, untyped: string): void {
  for (const [name, ofName] of groupBy(samples, (sample) => sample.name)) {
    const there = exposed.get(name)
    // The last one of the same labels stays, and that is the one that was there.
    const unique = new Map([...ofName, ...(there?.samples ?? [])].map((sample) => [sample.labels, sample]))
    exposed.set(name, { description, ...there, name, type: untyped, samples: [...unique.values()] })
  }
}

function wantedFamily(
  name: string,
  metrics: readonly Metric[],
  description: Description,
  naming: Naming,
): WantedFamily {
  const { type } = description
  const ending = type === 'counter' ? naming.counterEnding : ''
  const family = name.endsWith(ending) ? name.slice(0, name.length - ending.length) : ''
  const sound = family !== '' && metrics.every((metric) => isSound(metric.value, type))

  // One series reported twice would have the whole scrape refused: the first report counts.
  const series = new Map([...metrics].reverse().map((metric) => [labelPairs(metric.labels), metric.value]))
  const samples = [...series]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([labels, value]) =>
      typeof value === 'number' ? { name, labels, value } : histogramSamples(name, labels, value, naming),
    )
  const claims = sound
    ? naming.endings[type].map((end) => family + end)
    : [...new Set(samples.map((sample) => sample.name))]
  return { name: family, type, description, samples, sound, claims }
}

function histogramSamples(name: string, labels: string, histogram: Histogram, naming: Naming): Sample[] {
  const { count, sum, buckets } = histogram
  const others = labels === '' ? '' : `${labels},`
  return [
    ...buckets.map((bucket) => ({
      name: `${name}_bucket`,
      labels: `${others}le="${naming.bound(bucket.le)}"`,
      value: bucket.count,
    })),
    { name: `${name}_bucket`, labels: `${others}le="+Inf"`, value: count },
    { name: `${name}_sum`, labels, value: sum },
    { name: `${name}_count`, labels, value: count },
  ]
}

function isSound(value: number | Histogram, type: MetricType): boolean {
  if (type === 'histogram') return typeof value !== 'number' && isCumulative(value)
  return typeof value === 'number' && (type === 'gauge' || value >= 0)
}

// A sum can only be a counter where nothing negative is observed: OpenMetrics refuses it otherwise.
function isCumulative({ count, sum, buckets }: Histogram): boolean {
  let below = { le: -Infinity, count: 0 }
  for (const bucket of [...buckets, { le: Infinity, count }]) {
    if (!(bucket.le >= 0 && bucket.le > below.le)) return false
    if (!(Number.isInteger(bucket.count) && bucket.count >= below.count)) return false
    below = bucket
  }
  return sum >= 0
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groups.get(key(item))
    if (group === undefined) groups.set(key(item), [item])
    else group.push(item)
  }
  return groups
}
