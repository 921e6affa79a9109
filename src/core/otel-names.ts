import type { Batch, Labels, Metric } from './batch'
import type { Attributes } from './otel-data'

/** An instrument of OpenTelemetry; `updown` is a sum that may fall, which is what it has for sizes. */
export type Instrument = 'counter' | 'updown' | 'gauge' | 'histogram'

export interface OtelName {
  readonly name: string
  readonly unit: string
  readonly instrument: Instrument
  /** Where several of our metrics are this one. */
  readonly description?: string
}

/** OpenTelemetry's name for one of our metrics, and the attributes that take the place of its labels. */
interface Convention extends OtelName {
  /** Attribute by label. */
  readonly labels?: ReadonlyMap<string, string>
  readonly attributes?: Attributes
  /** What a label's value is called there. */
  readonly value?: (value: string) => string
}

const SPACE = {
  unit: 'By',
  instrument: 'updown',
  labels: byName({ space: 'v8js.heap.space.name' }),
  value: (space: string) => `${space}_space`,
} as const

const SIZE = { unit: 'By', instrument: 'updown' } as const

/**
 * Semantic conventions 1.45, by our names. Where a convention demands what we don't know, our own name stays: the heap
 * as a whole (v8js.memory.heap.used wants the space), and the sum of active resources (v8js.resource.active wants types,
 * which are there with `resourcesByType`).
 */
const CONVENTIONS: ReadonlyMap<string, Convention> = byName<Convention>({
  nodejs_gc_duration_seconds: {
    name: 'v8js.gc.duration',
    unit: 's',
    instrument: 'histogram',
    labels: byName({ kind: 'v8js.gc.type' }),
  },
  nodejs_heap_space_size_used_bytes: { name: 'v8js.memory.heap.used', ...SPACE },
  nodejs_heap_space_size_total_bytes: { name: 'v8js.memory.heap.space.size', ...SPACE },
  nodejs_heap_space_size_available_bytes: { name: 'v8js.memory.heap.space.available_size', ...SPACE },
  nodejs_heap_space_physical_bytes: { name: 'v8js.memory.heap.space.physical_size', ...SPACE },
  nodejs_active_resources: {
    name: 'v8js.resource.active',
    unit: '{resource}',
    instrument: 'updown',
    labels: byName({ type: 'v8js.resource.type' }),
  },
  nodejs_eventloop_utilization: { name: 'nodejs.eventloop.utilization', unit: '1', instrument: 'gauge' },
  nodejs_eventloop_active_seconds_total: loopTime('active'),
  nodejs_eventloop_idle_seconds_total: loopTime('idle'),
  ...Object.fromEntries(
    ['min', 'max', 'mean', 'stddev', 'p50', 'p90', 'p99'].map((figure) => [
      `nodejs_eventloop_delay_${figure}_seconds`,
      { name: `nodejs.eventloop.delay.${figure}`, unit: 's', instrument: 'gauge' } as const,
    ]),
  ),
  process_cpu_user_seconds_total: cpuTime('user'),
  process_cpu_system_seconds_total: cpuTime('system'),
  process_resident_memory_bytes: { name: 'process.memory.usage', ...SIZE },
  process_virtual_memory_bytes: { name: 'process.memory.virtual', ...SIZE },
  process_open_fds: {
    name: 'process.unix.file_descriptor.count',
    unit: '{file_descriptor}',
    instrument: 'updown',
  },
})

/** A Map, since a metric or a label may be called `constructor`. */
function byName<T>(entries: Readonly<Record<string, T>>): ReadonlyMap<string, T> {
  return new Map(Object.entries(entries))
}

function loopTime(state: string): Convention {
  const attributes = { 'nodejs.eventloop.state': state }
  const description = 'Time that the event loop has spent, by whether it had something to do.'
  return { name: 'nodejs.eventloop.time', unit: 's', instrument: 'counter', description, attributes }
}

function cpuTime(mode: string): Convention {
  const description = 'CPU time of the process, by who spent it.'
  const attributes = { 'cpu.mode': mode }
  return { name: 'process.cpu.time', unit: 's', instrument: 'counter', description, attributes }
}

const UNITS = byName({ bytes: 'By', seconds: 's' })
const MAX_NAME_LENGTH = 255

/** What `metric` is called in OpenTelemetry, or why it cannot be said there. */
export function otelName(metric: Metric, batch: Batch): OtelName | string {
  const convention = CONVENTIONS.get(metric.name)
  // A custom collector's metric of the same name may be of another kind.
  if (convention !== undefined && fits(convention, metric)) return convention
  const name = legal(metric.name)
  if (name.length > MAX_NAME_LENGTH) return `has a name of more than ${MAX_NAME_LENGTH} characters`
  const unit = UNITS.get(batch.descriptions[metric.name]?.unit ?? '') ?? ''
  return { name, unit, instrument: metric.type }
}

export function otelDescription({ name }: Metric, named: OtelName, batch: Batch): string {
  return named.description ?? batch.descriptions[name]?.description ?? ''
}

/** `service` is the resource's, unless a metric says otherwise. */
export function otelAttributes({ name, labels, type }: Metric, service: string): Attributes {
  const convention = CONVENTIONS.get(name)
  const known = convention !== undefined && fits(convention, { type }) ? convention : undefined
  const attributes: Attributes = {}
  for (const [label, value] of Object.entries(labels) as Iterable<[string, Labels[string]]>) {
    if (label === 'service' && value === service) continue
    const attribute = known?.labels?.get(label)
    if (attribute !== undefined) attributes[attribute] = known?.value?.(value) ?? value
    else attributes[label === 'thread' ? 'thread.name' : label] = value
  }
  return { ...attributes, ...known?.attributes }
}

function fits({ instrument }: Convention, { type }: Pick<Metric, 'type'>): boolean {
  return (instrument === 'updown' ? 'gauge' : instrument) === type
}

// OpenTelemetry knows no colon, and begins with a letter. No name of ours has a dot, so two never become one.
function legal(name: string): string {
  const dotted = name.replaceAll(':', '.')
  return /^[a-zA-Z]/.test(dotted) ? dotted : `offloop.${dotted}`
}
