import { freemem, totalmem } from 'node:os'
import { type Batch, type Histogram, type Labels, type Metric, seriesKey } from '../core/batch'
import type { Deltas } from './deltas'

/** One line of the protocol. */
export interface Sample {
  readonly kind: 'gauge' | 'count'
  readonly name: string
  readonly value: number
  readonly tags: Labels
  /** Totals that count as delivered once this is. */
  readonly totals: readonly (readonly [series: string, total: number])[]
}

/**
 * Gauges that dd-trace sends as well, by its names: dashboards made for it go on working. dd-trace measures one thread;
 * `thread:main` is what it would have shown.
 */
const DD_TRACE_GAUGES: Readonly<Record<string, readonly string[]>> = {
  nodejs_heap_size_used_bytes: ['runtime.node.mem.heap_used'],
  nodejs_heap_size_total_bytes: ['runtime.node.mem.heap_total', 'runtime.node.heap.total_heap_size'],
  nodejs_heap_size_limit_bytes: ['runtime.node.heap.heap_size_limit'],
  nodejs_malloced_memory_bytes: ['runtime.node.heap.malloced_memory'],
  nodejs_external_memory_bytes: ['runtime.node.mem.external'],
  nodejs_heap_space_size_total_bytes: ['runtime.node.heap.size.by.space'],
  nodejs_heap_space_size_used_bytes: ['runtime.node.heap.used_size.by.space'],
  nodejs_heap_space_size_available_bytes: ['runtime.node.heap.available_size.by.space'],
  nodejs_heap_space_physical_bytes: ['runtime.node.heap.physical_size.by.space'],
  nodejs_eventloop_utilization: ['runtime.node.event_loop.utilization'],
  process_resident_memory_bytes: ['runtime.node.mem.rss'],
}

const GC_TYPES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    minor: 'scavenge',
    major: 'mark_sweep_compact',
    incremental: 'incremental_marking',
    weakcb: 'process_weak_callbacks',
  }),
)

const CPU: ReadonlyMap<string, string> = new Map(
  Object.entries({
    process_cpu_user_seconds_total: 'runtime.node.cpu.user',
    process_cpu_system_seconds_total: 'runtime.node.cpu.system',
    process_cpu_seconds_total: 'runtime.node.cpu.total',
  }),
)

/**
 * The lines for `batch`: counters as their growth since what `deltas` knows to be delivered, and not at all where they did
 * not grow. Histograms go out as Datadog's own OpenMetrics check sends them: `.count`, `.sum`, and `.bucket` by
 * `upper_bound`. Beside that what dd-trace would say, as far as cumulative figures tell it: no minimum and no maximum.
 */
export function samplesOf(batch: Batch, deltas: Deltas): Sample[] {
  const out = new Samples(deltas)
  for (const metric of batch.metrics) {
    const { name, value, labels } = metric
    if (typeof value !== 'number') out.histogram(name, value, labels)
    else if (metric.type === 'counter') out.count(name, value, labels)
    else if (!Object.hasOwn(DD_TRACE_GAUGES, name)) out.gauge(name, value, labels)
    else for (const other of DD_TRACE_GAUGES[name] ?? []) out.gauge(other, value, ddLabels(labels))
  }
  addPauses(out, batch.metrics)
  addTurns(out, batch.metrics)
  addSums(out, batch.metrics)
  addProcess(out, batch)
  return out.list
}

class Samples {
  readonly list: Sample[] = []
  constructor(readonly deltas: Deltas) {}

  gauge(name: string, value: number, tags: Labels, totals: Sample['totals'] = []): void {
    this.list.push({ kind: 'gauge', name, value, tags, totals })
  }

  count(name: string, total: number, tags: Labels): void {
    const series = seriesKey(name, tags)
    const value = this.deltas.since(series, total)
    // A total that is no number goes on, for whoever counts what cannot be sent.
    if (value !== 0) this.list.push({ kind: 'count', name, value, tags, totals: [[series, total]] })
  }

  histogram(name: string, { count, sum, buckets }: Histogram, tags: Labels): void {
    this.count(`${name}.count`, count, tags)
    this.count(`${name}.sum`, sum, tags)
    for (const { le, count: below } of buckets) {
      this.count(`${name}.bucket`, below, { ...tags, upper_bound: String(le) })
    }
  }

  /** As dd-trace's histograms, in nanoseconds. */
  durations(name: string, { count, sum, buckets }: Histogram, tags: Labels): void {
    const ns = Math.round(sum * 1e9)
    this.count(`${name}.count`, count, tags)
    this.count(`${name}.sum`, ns, tags)
    this.count(`${name}.total`, ns, tags)
    this.quotient(`${name}.avg`, ns, count, tags, true)
    this.quantile(`${name}.median`, 0.5, { count, buckets }, tags)
    this.quantile(`${name}.95percentile`, 0.95, { count, buckets }, tags)
  }

  /**
   * Of what came since it was last delivered: an estimate, as far off as its bucket is wide, and no more than the last bound.
   * Its own totals, as a quotient has.
   */
  quantile(name: string, q: number, { count, buckets }: Omit<Histogram, 'sum'>, tags: Labels): void {
    const all = [...buckets, { le: Number.POSITIVE_INFINITY, count }]
    const totals = all.map((bucket) => [seriesKey(`${name} to ${bucket.le}`, tags), bucket.count] as const)
    const grown = totals.map(([series, total]) => this.deltas.since(series, total))
    const rank = q * (grown.at(-1) ?? 0)
    if (rank === 0) return
    const at = grown.findIndex((below) => below >= rank)
    const [low, high] = [all[at - 1]?.le ?? 0, all[at]?.le ?? 0]
    const [less, more] = [grown[at - 1] ?? 0, grown[at] ?? 0]
    const seconds =
      high === Number.POSITIVE_INFINITY ? low : low + ((high - low) * (rank - less)) / (more - less)
    this.gauge(name, Math.round(seconds * 1e9), tags, totals)
  }

  /**
   * What `total` grew by for each 1 that `divisor` grew by. Its own two totals, since the other lines that grow by them may
   * be delivered in another datagram. `fromZero`: both started at zero where they are new.
   */
  quotient(name: string, total: number, divisor: number, tags: Labels, fromZero: boolean): void {
    const above = seriesKey(`${name} above`, tags)
    const below = seriesKey(`${name} below`, tags)
    const totals = [
      [above, total],
      [below, divisor],
    ] as const
    if (!fromZero && this.deltas.last(below) === undefined) {
      for (const [series, start] of totals) this.deltas.deliver(series, start)
      return
    }
    const grown = this.deltas.since(below, divisor)
    if (grown > 0) this.gauge(name, this.deltas.since(above, total) / grown, tags, totals)
  }
}

/** `runtime.node.gc.pause.by.type`, and `runtime.node.gc.pause` of all types together. */
function addPauses(out: Samples, metrics: readonly Metric[]): void {
  const all = new Map<string, { histogram: Histogram; tags: Labels }>()
  for (const { name, value, labels } of metrics) {
    if (name !== 'nodejs_gc_duration_seconds' || typeof value === 'number') continue
    const { kind = '', ...tags } = labels
    out.durations('runtime.node.gc.pause.by.type', value, {
      ...tags,
      gc_type: GC_TYPES.get(kind) ?? 'unknown',
    })
    const key = seriesKey('', tags)
    const there = all.get(key)?.histogram
    all.set(key, { histogram: there === undefined ? value : together(there, value), tags })
  }
  for (const { histogram, tags } of all.values()) out.durations('runtime.node.gc.pause', histogram, tags)
}

/** Of the same bounds. */
function together(a: Histogram, b: Histogram): Histogram {
  const buckets = a.buckets.map(({ le, count }, index) => ({
    le,
    count: count + (b.buckets[index]?.count ?? 0),
  }))
  return { count: a.count + b.count, sum: a.sum + b.sum, buckets }
}

/** dd-trace's delay is how long a turn lasted without its waiting, and so is ours. */
function addTurns(out: Samples, metrics: readonly Metric[]): void {
  for (const { name, value, labels } of metrics) {
    if (name === 'nodejs_eventloop_turn_seconds' && typeof value !== 'number') {
      out.durations('runtime.node.event_loop.delay', value, labels)
    }
  }
}

/** V8 makes total_physical_size by the same addition. */
function addSums(out: Samples, metrics: readonly Metric[]): void {
  const threads = new Map<string, { sum: number; tags: Labels }>()
  for (const { name, value, labels } of metrics) {
    if (name !== 'nodejs_heap_space_physical_bytes' || typeof value !== 'number') continue
    const { space: _, ...tags } = labels
    const key = seriesKey('', tags)
    threads.set(key, { sum: (threads.get(key)?.sum ?? 0) + value, tags })
  }
  for (const { sum, tags } of threads.values()) out.gauge('runtime.node.heap.total_physical_size', sum, tags)
}

/** CPU in percent of one processor, over the main thread's clock, which no one sets; the uptime in seconds. */
function addProcess(out: Samples, { metrics, timestamp }: Batch): void {
  const seconds = metrics.find(
    ({ name, labels }) => name === 'nodejs_thread_seconds_total' && labels.thread === 'main',
  )?.value
  for (const { name, value, labels } of metrics) {
    if (typeof value !== 'number') continue
    const cpu = CPU.get(name)
    if (cpu !== undefined && typeof seconds === 'number')
      out.quotient(cpu, value * 100, seconds, labels, false)
    if (name === 'process_resident_memory_bytes') {
      // The machine's, as dd-trace has it, in a container too.
      out.gauge('runtime.node.mem.total', totalmem(), labels)
      out.gauge('runtime.node.mem.free', freemem(), labels)
    }
    if (name !== 'process_start_time_seconds') continue
    out.gauge('runtime.node.process.uptime', Math.max(0, Math.round(timestamp / 1_000 - value)), labels)
  }
}

/** dd-trace has the space under another name, and with the ending that V8 gives it. */
function ddLabels({ space, ...labels }: Labels): Labels {
  return space === undefined ? labels : { ...labels, heap_space: `${space}_space` }
}
