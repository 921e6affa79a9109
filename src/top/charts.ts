import { count, figure, type Unit } from '../core/figures'
import type { Series } from './parse'
import { inColumns, type Span, scaleOf, sparkline } from './sparkline'

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

const as = (unit: Unit) => (value: number) => figure(value, unit)

export const MOST_MS = 5 * 60_000
const LEAST_MS = 60_000

/** The most telling first: a low window has no room for the others. */
const CHARTS: readonly Chart[] = [
  {
    label: 'loop busy',
    // Not its utilization, which is of the last minute: a stall is to be seen while it lasts.
    metric: 'nodejs_eventloop_active_seconds_total',
    rate: true,
    // The clocks of two samples may make a hair more of it.
    show: (value) => figure(Math.min(1, value), 'ratio'),
    pick: 'greatest',
    low: 0,
    high: 1,
  },
  {
    label: 'GC share',
    metric: 'nodejs_gc_main_thread_seconds_total',
    rate: true,
    show: as('ratio'),
    pick: 'greatest',
    low: 0,
  },
  { label: 'heap used', metric: 'nodejs_heap_size_used_bytes', rate: false, show: as('bytes'), pick: 'last' },
  { label: 'live heap', metric: 'nodejs_heap_live_bytes', rate: false, show: as('bytes'), pick: 'last' },
  {
    label: 'allocation',
    metric: 'nodejs_heap_allocated_bytes_total',
    rate: true,
    show: as('bytes/s'),
    pick: 'greatest',
    low: 0,
  },
  {
    label: 'longest turn',
    metric: 'nodejs_eventloop_longest_turn_seconds',
    rate: false,
    show: as('seconds'),
    pick: 'greatest',
    low: 0,
  },
  {
    label: 'resources',
    metric: 'nodejs_active_resources_total',
    rate: false,
    show: count,
    pick: 'last',
  },
  { label: 'memory', metric: 'process_resident_memory_bytes', rate: false, show: as('bytes'), pick: 'last' },
  {
    label: 'CPU',
    metric: 'process_cpu_seconds_total',
    rate: true,
    show: as('ratio'),
    pick: 'greatest',
    low: 0,
  },
]

/** What the charts are made of. */
export const METRICS: readonly string[] = CHARTS.map(({ metric }) => metric)

export interface Row {
  readonly label: string
  readonly points: string
  /** The newest. */
  readonly value: string
  /** From the least to the greatest, whatever there is room for. */
  readonly range: string
}

export interface Charts {
  readonly rows: readonly Row[]
  /** What their width stands for. */
  readonly spanMs: number
}

/** A row for each chart that there are figures for, of the process `pid` where several share a port. */
export function chartsOf(
  series: readonly Series[],
  pid: number | undefined,
  columns: number,
  unicode: boolean,
): Charts {
  const own = series.filter(({ labels }) => labels.pid === undefined || labels.pid === String(pid))
  const found = CHARTS.flatMap((chart) => {
    const one = seriesOf(own, chart.metric)
    return one === undefined || one.t.length === 0 ? [] : { chart, series: one }
  })
  const span = { ...spanOf(found.map(({ series }) => series)), columns }
  return {
    rows: found.flatMap(({ chart, series }) => rowOf(chart, series, span, unicode) ?? []),
    spanMs: span.to - span.from,
  }
}

/** Five minutes; of a younger process what there is, from a minute on, as the page has it. */
function spanOf(series: readonly Series[]): { from: number; to: number } {
  const to = Math.max(...series.map(({ t }) => t.at(-1) as number))
  // A first sample is of the time before it as well.
  const first = Math.min(...series.map(({ t: [one = 0, next = one] }) => one - (next - one)))
  return { from: Math.max(to - MOST_MS, Math.min(first, to - LEAST_MS)), to }
}

function rowOf(chart: Chart, series: Series, span: Span, unicode: boolean): Row | undefined {
  const values = chart.rate ? rates(series) : series.v
  // Of a counter that was thinned the rate is that of the time between, and has no other least or greatest.
  const { min = values, max = values } = chart.rate ? {} : series
  const lows = known(values.map((value, index) => min[index] ?? value))
  const highs = values.map((value, index) => max[index] ?? value)
  if (lows.length === 0) return undefined
  const [least, greatest] = [Math.min(...lows), Math.max(...known(highs))]
  const last = values.at(-1) ?? null
  const shown = inColumns(series.t, chart.pick === 'greatest' ? highs : values, span, chart.pick)
  const { show, low, high } = chart
  const fixed = { ...(low === undefined ? {} : { low }), ...(high === undefined ? {} : { high }) }
  return {
    label: chart.label,
    points: sparkline(shown, scaleOf([least, greatest], fixed), unicode),
    value: last === null ? '-' : show(last),
    range: `${show(least)} to ${show(greatest)}`,
  }
}

const known = (values: readonly (number | null)[]) => values.filter((value) => value !== null)

/** Of the process, or of its main thread; of its first thread where the main one is not measured. */
function seriesOf(series: readonly Series[], metric: string): Series | undefined {
  const named = series.filter(({ name }) => name === metric)
  return named.find(({ labels }) => (labels.thread ?? 'main') === 'main') ?? named[0]
}

/** As many as there are points: none at the first, and none where a counter began anew. */
function rates({ t, v }: Series): (number | null)[] {
  return v.map((value, index) => {
    const before = v[index - 1] ?? null
    const ms = (t[index] ?? 0) - (t[index - 1] ?? 0)
    return value === null || before === null || ms <= 0 || value < before
      ? null
      : ((value - before) * 1000) / ms
  })
}
