import { metrics } from '../core/metrics'
import type { Unit } from './format'
import type { Colour, Dash } from './palette'
import type { Description, Labels, Series } from './series'

/** One line of a chart. */
export interface Line {
  readonly label: string
  readonly metric: string
  readonly labels?: Labels
  /** Its growth a second. */
  readonly rate?: true
  /** Its growth for each by which these grew: a share, or a mean. All series that have the labels count together. */
  readonly per?: readonly string[]
  /** Its growth for each by which this one of the same labels grew; nothing where that did not grow. */
  readonly meanOf?: string
  readonly colour: Colour
  readonly dash?: Dash
  /** The space below it is tinted. */
  readonly area?: true
  /** Only in the legend: it would squash the others. */
  readonly aside?: true
}

/** One chart. Lines without any points are left out, and a chart without lines. */
export interface Panel {
  readonly id: string
  readonly section: string
  readonly title: string
  /** What one sees, in a sentence. */
  readonly note: string
  readonly unit: Unit
  /** Of the chosen thread; otherwise of the process. */
  readonly thread?: true
  readonly lines: readonly Line[]
  /** In place of `lines`: one for each series of a metric, which this label names where it is the only one. */
  readonly each?: Pick<Line, 'metric' | 'rate' | 'meanOf'> & { readonly label?: string }
  /** It has twice the room where there is any. */
  readonly wide?: true
  /** The axis goes at least to here. */
  readonly top?: number
  /** Lines from the lowest to the highest, with the space between them tinted. */
  readonly fan?: true
  /** Each step of the axis is ten times the one below: one long turn would flatten all others. */
  readonly log?: true
  /** Without it as long as all of it is 0. */
  readonly rare?: true
  /** Growths of this counter are marked. */
  readonly marks?: { readonly metric: string; readonly labels: Labels; readonly label: string }
}

const MAJOR = { metric: 'nodejs_gc_cycles_total', labels: { kind: 'major' }, label: 'major collection' }

/** Quantiles and the longest of the last minute. */
function spread(metric: string, longest: string, labels: Labels = {}): Panel['lines'] {
  return [
    { label: 'p50', metric, labels: { ...labels, quantile: '0.5' }, colour: 'blue' },
    { label: 'p90', metric, labels: { ...labels, quantile: '0.9' }, colour: 'blue', dash: 'long' },
    { label: 'p99', metric, labels: { ...labels, quantile: '0.99' }, colour: 'blue', dash: 'short' },
    { label: 'max', metric: longest, labels, colour: 'orange', dash: 'dots' },
  ]
}

function pauses(kind: 'minor' | 'major', note: string): Panel {
  return {
    id: `pauses-${kind}`,
    section: 'Garbage collection',
    title: `Pauses, ${kind}`,
    note,
    unit: 'seconds',
    thread: true,
    fan: true,
    log: true,
    lines: spread('nodejs_gc_pause_quantile_seconds', 'nodejs_gc_longest_pause_seconds', { kind }),
  }
}

/** The charts that offloop's own metrics have, in their order. */
export const PANELS: readonly Panel[] = [
  {
    id: 'heap',
    section: 'Heap',
    title: 'Heap',
    note: 'A sawtooth is healthy. The live heap, what a major collection leaves, rises only where something is kept.',
    unit: 'bytes',
    thread: true,
    wide: true,
    marks: MAJOR,
    lines: [
      { label: 'used', metric: 'nodejs_heap_size_used_bytes', colour: 'blue', area: true },
      { label: 'total', metric: 'nodejs_heap_size_total_bytes', colour: 'grey', dash: 'long' },
      { label: 'live', metric: 'nodejs_heap_live_bytes', colour: 'green', dash: 'short' },
      { label: 'limit', metric: 'nodejs_heap_size_limit_bytes', colour: 'grey', aside: true },
    ],
  },
  {
    id: 'allocation',
    section: 'Heap',
    title: 'Allocation',
    note: 'What the code asks of the heap, and what collections give back. Less allocation is fewer collections.',
    unit: 'bytes/s',
    thread: true,
    lines: [
      {
        label: 'allocated',
        metric: 'nodejs_heap_allocated_bytes_total',
        rate: true,
        colour: 'blue',
        area: true,
      },
      {
        label: 'reclaimed',
        metric: 'nodejs_heap_reclaimed_bytes_total',
        rate: true,
        colour: 'green',
        dash: 'long',
      },
    ],
  },
  {
    id: 'objects',
    section: 'Heap',
    title: 'Heap objects',
    note: 'An estimate, rather too low than too high. Rising together with the live heap, it is objects that are kept.',
    unit: 'number',
    thread: true,
    lines: [{ label: 'objects', metric: 'nodejs_heap_objects', colour: 'blue', area: true }],
  },
  {
    id: 'spaces',
    section: 'Heap',
    title: 'Heap by space',
    note: 'New objects are young; what survives is old. Large objects have a space of their own.',
    unit: 'bytes',
    thread: true,
    lines: [],
    each: { metric: 'nodejs_heap_space_size_used_bytes', label: 'space' },
  },
  {
    id: 'external',
    section: 'Heap',
    title: 'Outside the heap',
    note: 'Buffers and what else objects hold outside of it, as V8 is told.',
    unit: 'bytes',
    thread: true,
    lines: [
      { label: 'external', metric: 'nodejs_external_memory_bytes', colour: 'blue', area: true },
      { label: 'malloced', metric: 'nodejs_malloced_memory_bytes', colour: 'green', dash: 'long' },
    ],
  },
  {
    id: 'contexts',
    section: 'Heap',
    title: 'Detached contexts',
    note: 'Contexts that are gone and not collected yet: one that stays is a leak.',
    unit: 'number',
    thread: true,
    rare: true,
    lines: [{ label: 'detached', metric: 'nodejs_detached_contexts', colour: 'blue', area: true }],
  },
  {
    id: 'gc-share',
    section: 'Garbage collection',
    title: 'Time in collections',
    note: 'Share of time that the collector had the thread: pauses, and the steps of incremental marking.',
    unit: 'ratio',
    thread: true,
    wide: true,
    marks: MAJOR,
    lines: [
      {
        label: 'all',
        metric: 'nodejs_gc_main_thread_seconds_total',
        per: ['nodejs_thread_seconds_total'],
        colour: 'blue',
        area: true,
      },
      {
        label: 'minor pauses',
        metric: 'nodejs_gc_pause_seconds_total',
        labels: { kind: 'minor' },
        per: ['nodejs_thread_seconds_total'],
        colour: 'green',
        dash: 'long',
      },
      {
        label: 'major pauses',
        metric: 'nodejs_gc_pause_seconds_total',
        labels: { kind: 'major' },
        per: ['nodejs_thread_seconds_total'],
        colour: 'orange',
        dash: 'short',
      },
    ],
  },
  {
    id: 'collections',
    section: 'Garbage collection',
    title: 'Collections',
    note: 'Minor ones clear the young objects, and are cheap. Major ones go through all of the heap.',
    unit: 'number/s',
    thread: true,
    lines: [
      {
        label: 'minor',
        metric: 'nodejs_gc_cycles_total',
        labels: { kind: 'minor' },
        rate: true,
        colour: 'blue',
        area: true,
      },
      {
        label: 'major',
        metric: 'nodejs_gc_cycles_total',
        labels: { kind: 'major' },
        rate: true,
        colour: 'orange',
        dash: 'short',
      },
    ],
  },
  pauses('minor', 'How long minor collections of the last minute stopped the thread.'),
  pauses('major', 'How long major collections of the last minute stopped the thread.'),
  {
    id: 'reasons',
    section: 'Garbage collection',
    title: 'Collections by reason',
    note: 'Why V8 collected, in its own words.',
    unit: 'number/s',
    thread: true,
    lines: [],
    each: { metric: 'nodejs_gc_reasons_total', rate: true, label: 'reason' },
  },
  {
    id: 'utilization',
    section: 'Event loop',
    title: 'Loop utilization',
    note: 'Share of time that the loop did not wait. Near 100% everything queues.',
    unit: 'ratio',
    thread: true,
    top: 1,
    // Not nodejs_eventloop_utilization, which is of five seconds or more and flattens a stall.
    lines: [
      {
        label: 'busy',
        metric: 'nodejs_eventloop_active_seconds_total',
        per: ['nodejs_eventloop_active_seconds_total', 'nodejs_eventloop_idle_seconds_total'],
        colour: 'blue',
        area: true,
      },
    ],
  },
  {
    id: 'turns',
    section: 'Event loop',
    title: 'Loop turns',
    note: 'Turns of the last minute: the longest is how late a timer or a request could be.',
    unit: 'seconds',
    thread: true,
    fan: true,
    log: true,
    lines: spread('nodejs_eventloop_turn_quantile_seconds', 'nodejs_eventloop_longest_turn_seconds'),
  },
  {
    id: 'delay',
    section: 'Event loop',
    title: 'Loop delay',
    note: 'How long something that was ready had to wait for the loop in the last minute: long turns weigh more.',
    unit: 'seconds',
    thread: true,
    fan: true,
    log: true,
    lines: [
      { label: 'p50', metric: 'nodejs_eventloop_delay_p50_seconds', colour: 'blue' },
      { label: 'p90', metric: 'nodejs_eventloop_delay_p90_seconds', colour: 'blue', dash: 'long' },
      { label: 'p99', metric: 'nodejs_eventloop_delay_p99_seconds', colour: 'blue', dash: 'short' },
      { label: 'max', metric: 'nodejs_eventloop_delay_max_seconds', colour: 'orange', dash: 'dots' },
    ],
  },
  {
    id: 'resources',
    section: 'Event loop',
    title: 'Active resources',
    note: 'Handles and requests that keep the loop alive. More and more of them is a leak.',
    unit: 'number',
    thread: true,
    lines: [{ label: 'active', metric: 'nodejs_active_resources_total', colour: 'blue', area: true }],
  },
  {
    id: 'resource-types',
    section: 'Event loop',
    title: 'Active resources by type',
    note: 'Of the main thread, in the words of Node.js: the type that rises says what to look for.',
    unit: 'number',
    thread: true,
    lines: [],
    each: { metric: 'nodejs_active_resources', label: 'type' },
  },
  {
    id: 'cpu',
    section: 'Process',
    title: 'CPU',
    note: 'Of all threads together: 100% is one processor.',
    unit: 'cores',
    lines: [
      { label: 'all', metric: 'process_cpu_seconds_total', rate: true, colour: 'blue', area: true },
      { label: 'user', metric: 'process_cpu_user_seconds_total', rate: true, colour: 'green', dash: 'long' },
      {
        label: 'system',
        metric: 'process_cpu_system_seconds_total',
        rate: true,
        colour: 'orange',
        dash: 'short',
      },
    ],
  },
  {
    id: 'memory',
    section: 'Process',
    title: 'Memory',
    note: 'What the process has in RAM, and what its container uses, page cache included.',
    unit: 'bytes',
    lines: [
      { label: 'resident', metric: 'process_resident_memory_bytes', colour: 'blue', area: true },
      { label: 'container', metric: 'nodejs_container_memory_usage_bytes', colour: 'green', dash: 'long' },
      { label: 'limit', metric: 'nodejs_container_memory_limit_bytes', colour: 'grey', aside: true },
    ],
  },
  {
    id: 'descriptors',
    section: 'Process',
    title: 'File descriptors',
    note: 'Open files and sockets.',
    unit: 'number',
    lines: [
      { label: 'open', metric: 'process_open_fds', colour: 'blue', area: true },
      { label: 'limit', metric: 'process_max_fds', colour: 'grey', aside: true },
    ],
  },
]

export const SECTIONS = [
  'Heap',
  'Garbage collection',
  'Event loop',
  'Process',
  'Pools',
  'Your metrics',
] as const

const BUILTIN = new Set<string>(metrics.map(({ name }) => name))
const MAX_LINES = 6
const COLOURS: readonly Colour[] = ['blue', 'orange', 'green', 'purple']
const DASHES: readonly (Dash | undefined)[] = [undefined, 'long', 'short', 'dots']

/** Names that charts need. */
export function metricsOf(panels: readonly Panel[]): string[] {
  const names = panels.flatMap(({ lines, each, marks }) => [
    ...lines.flatMap(({ metric, per = [] }) => [metric, ...per]),
    each?.metric,
    marks?.metric,
  ])
  return [...new Set(names.filter((name) => name !== undefined))]
}

/** Pools' metrics, and those that come from collectors of yours. */
export function isExtra(name: string): boolean {
  return name.startsWith('nodejs_pool_') || !BUILTIN.has(name)
}

/** A chart for a metric that has none among `PANELS`. A histogram has two: of its count, and of its sum. */
export function extraPanel(name: string, { type, unit, description }: Description): Panel {
  const panel = {
    id: `metric-${name}`,
    section: BUILTIN.has(name) ? 'Pools' : 'Your metrics',
    title: name,
    note: description,
    unit: unitOf(name, unit, type === 'counter'),
    lines: [],
    each: { metric: name },
  }
  if (type === 'gauge') return panel
  const rate = {
    ...panel,
    note: `Growth a second. ${description}`,
    each: { metric: name, rate: true as const },
  }
  if (type === 'counter') return rate
  const whole = name.replace(/_[a-z]+$/, '')
  if (name.endsWith('_count'))
    return { ...rate, title: `${whole}, rate`, note: `How many a second. ${description}`, unit: 'number/s' }
  return {
    ...panel,
    title: `${whole}, mean`,
    note: `The mean of what came between two samples. ${description}`,
    unit: unitOf(whole, unit, false),
    each: { metric: name, meanOf: `${whole}_count` },
  }
}

export function largest({ v }: Pick<Series, 'v'>): number {
  return v.reduce<number>((most, value) => Math.max(most, Math.abs(value ?? 0)), 0)
}

/** The lines of a panel that has one for each series: the largest, told apart by the labels in which they differ. */
export function linesFor({ each, lines }: Panel, series: readonly Series[]): readonly Line[] {
  if (each === undefined) return lines
  const shown = series
    .map((one) => ({ labels: one.labels, size: largest(one) }))
    .filter(({ size }) => size > 0 || series.length <= MAX_LINES)
    .sort((a, b) => b.size - a.size)
    .slice(0, MAX_LINES)
    .map(({ labels }) => ({ labels, name: nameAmong(labels, series) }))
    // In an order that stays, so that colours do.
    .sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))
  const { metric, rate, meanOf } = each
  return shown.map(({ labels, name }, i) => {
    const dash = DASHES[(i + Math.floor(i / COLOURS.length)) % DASHES.length]
    return {
      label: name || labels[each.label ?? ''] || (rate ? 'rate' : meanOf ? 'mean' : 'value'),
      metric,
      labels,
      ...(rate && { rate }),
      ...(meanOf && { meanOf }),
      ...(shown.length === 1 && { area: true as const }),
      colour: COLOURS[i % COLOURS.length] as Colour,
      ...(dash && { dash }),
    }
  })
}

/** What all series have in common tells them apart in nothing. */
function nameAmong(labels: Labels, series: readonly Series[]): string {
  return Object.keys(labels)
    .filter((label) => series.some((other) => other.labels[label] !== labels[label]))
    .map((label) => labels[label] ?? '')
    .join(', ')
    .replaceAll('_', ' ')
}

function unitOf(name: string, unit: string, rate: boolean): Unit {
  const is = (word: string) => unit === word || new RegExp(`_${word}(_total)?$`).test(name)
  if (is('bytes')) return rate ? 'bytes/s' : 'bytes'
  if (is('seconds')) return rate ? 'ratio' : 'seconds'
  if (is('ratio') || is('utilization')) return rate ? 'number/s' : 'ratio'
  return rate ? 'number/s' : 'number'
}
