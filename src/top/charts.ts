import type { Series } from './parse'
import { scaleOf, sparkline, thinned } from './sparkline'
import * as units from './units'

interface Chart {
  readonly label: string
  readonly metric: string
  /** Of a counter: its growth a second. */
  readonly rate: boolean
  readonly show: (value: number) => string
  readonly pick: 'last' | 'greatest'
  readonly low?: number
  readonly high?: number
}

/** The most telling first: a low window has no room for the others. */
const CHARTS: readonly Chart[] = [
  {
    label: 'loop busy',
    metric: 'nodejs_eventloop_utilization',
    rate: false,
    show: units.share,
    pick: 'last',
    low: 0,
    high: 1,
  },
  {
    label: 'GC share',
    metric: 'nodejs_gc_main_thread_seconds_total',
    rate: true,
    show: units.share,
    pick: 'greatest',
    low: 0,
  },
  { label: 'heap used', metric: 'nodejs_heap_size_used_bytes', rate: false, show: units.bytes, pick: 'last' },
  { label: 'live heap', metric: 'nodejs_heap_live_bytes', rate: false, show: units.bytes, pick: 'last' },
  {
    label: 'allocation',
    metric: 'nodejs_heap_allocated_bytes_total',
    rate: true,
    show: units.bytesPerSecond,
    pick: 'last',
    low: 0,
  },
  {
    label: 'longest turn',
    metric: 'nodejs_eventloop_longest_turn_seconds',
    rate: false,
    show: units.seconds,
    pick: 'greatest',
    low: 0,
  },
  {
    label: 'resources',
    metric: 'nodejs_active_resources_total',
    rate: false,
    show: units.count,
    pick: 'last',
  },
  { label: 'memory', metric: 'process_resident_memory_bytes', rate: false, show: units.bytes, pick: 'last' },
  {
    label: 'CPU',
    metric: 'process_cpu_seconds_total',
    rate: true,
    show: units.share,
    pick: 'greatest',
    low: 0,
  },
]

/** What the charts are made of. */
export const METRICS: readonly string[] = CHARTS.map(({ metric }) => metric)

export interface Row {
  readonly label: string
  readonly points: string
  readonly value: string
  /** From the least to the greatest of what is shown. */
  readonly range: string
}

/** A row for each chart that there are figures for. */
export function chartRows(series: readonly Series[], columns: number, unicode: boolean): Row[] {
  return CHARTS.flatMap((chart) => {
    const found = seriesOf(series, chart.metric)
    if (found === undefined) return []
    const values = chart.rate ? rates(found) : [...found.v]
    const shown = thinned(values, columns, chart.pick)
    const known = shown.filter((value) => value !== null)
    const last = shown.at(-1)
    if (known.length === 0) return []
    const [least, greatest] = [Math.min(...known), Math.max(...known)]
    const fixed = {
      ...(chart.low === undefined ? {} : { low: chart.low }),
      ...(chart.high === undefined ? {} : { high: chart.high }),
    }
    return {
      label: chart.label,
      points: sparkline(shown, scaleOf(shown, fixed), unicode),
      value: last === null || last === undefined ? '-' : chart.show(last),
      range: `${chart.show(least)} to ${chart.show(greatest)}`,
    }
  })
}

/** Of the process, or of its main thread; of its first thread where the main one is not measured. */
function seriesOf(series: readonly Series[], metric: string): Series | undefined {
  const named = series.filter(({ name }) => name === metric)
  return named.find(({ labels }) => (labels.thread ?? 'main') === 'main') ?? named[0]
}

function rates({ t, v }: Series): (number | null)[] {
  return v.slice(1).map((value, index) => {
    const before = v[index] ?? null
    const ms = (t[index + 1] ?? 0) - (t[index] ?? 0)
    // One that fell began anew.
    return value === null || before === null || ms <= 0 || value < before
      ? null
      : ((value - before) * 1000) / ms
  })
}
