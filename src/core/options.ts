import type { Batch } from './batch'
import { shortened } from './errors'
import type * as Exporters from './exporter-options'
import { labelNameFault, MAX_LABELS, RESERVED_LABELS } from './format'
import {
  array,
  boolean,
  faults,
  headerValue,
  integer,
  known,
  labelValue,
  oneOf,
  record,
  text,
} from './option-values'
import type { Sharing } from './sharing'
import { DEFAULT_STALL, type StallOptions, type StallSettings, stallSettings } from './stall-options'

/** Under whose names metrics are shown: offloop's own, those of TinyObs for Go, or those of prom-client's defaults. */
export type Names = 'canonical' | 'go' | 'prom-client'

/** Runs on the main thread with each batch. May be async; what it throws is counted and reported. */
export type ExporterFunction = (batch: Batch) => unknown

export interface ServeOptions {
  /** Address to listen on. Default `127.0.0.1`. */
  readonly host?: string
  /** Default 9464; 0 takes any free one (`sampler.ready` tells which). */
  readonly port?: number
  /** Host names to answer to, beside `localhost` and IP addresses. */
  readonly hosts?: readonly string[]
  /** Demanded as `Authorization: Bearer` of every request. */
  readonly token?: string
  /** What `/metrics` calls its metrics. Default `'canonical'`. */
  readonly names?: Names
  /**
   * Share the port with all processes of this user that do: one of them serves the metrics of all, told apart by the
   * label `pid`. By default the workers of one `node:cluster` do so; false is for none.
   */
  readonly share?: boolean
}

export interface StoreOptions {
  /** For the values, taken at the start: 65,536 to 1,073,741,824. Default 2,097,152, which is 2 MiB. */
  readonly maxBytes?: number
}

export interface Options {
  /**
   * The label `service` of every metric. Default: `OTEL_SERVICE_NAME`, else `service.name` of
   * `OTEL_RESOURCE_ATTRIBUTES`, else the application's package name.
   */
  readonly service?: string
  /** Time between samples, 100 to 3,600,000. Default 10,000. */
  readonly intervalMs?: number
  /** HTTP from the sampling thread; off unless asked for. `true` is `127.0.0.1:9464`. */
  readonly serve?: boolean | ServeOptions
  readonly exporters?: readonly (Exporters.ExporterOptions | ExporterFunction)[]
  /** Added to every metric. */
  readonly labels?: Readonly<Record<string, string>>
  /** What is kept in memory of the last 24 hours. */
  readonly store?: StoreOptions
  /** Estimate the number of heap objects, which takes V8's one slot for a sampling heap profiler. Default true. */
  readonly heapObjects?: boolean
  /**
   * Count the bytes that are allocated and reclaimed on the V8 heap, which looks at the heap before each
   * collection. Default true.
   */
  readonly heapAccounting?: boolean
  /**
   * Count the main thread's active resources by their type, JavaScript timers included, as
   * `process.getActiveResourcesInfo()` does. It is called on the main thread once a sample, and takes the longer the more
   * there are (docs/event-loop.md). Default false.
   */
  readonly resourcesByType?: boolean
  /**
   * How long the exit of the process may be held up, in all, while exporters in the sampling thread hold batches;
   * 0 to 10,000. Default 500.
   */
  readonly exitFlushMs?: number
  /** How long a custom collector may take, 10 to 60,000; never more than half of `intervalMs`. Default 1,000. */
  readonly collectorTimeoutMs?: number
  /** When an event loop that does not turn is a stall; `false` watches none. Default: 1 s, the main thread's. */
  readonly stall?: StallOptions | false
}

/** Options, checked and complete: plain data, so that they can be posted to the sampling thread. */
export interface Settings {
  readonly service: string
  readonly intervalMs: number
  readonly serve: ServeSettings | undefined
  readonly exporters: readonly Exporters.ExporterSettings[]
  readonly labels: Readonly<Record<string, string>>
  readonly store: { readonly maxBytes: number }
  readonly heapObjects: boolean
  readonly heapAccounting: boolean
  readonly resourcesByType: boolean
  readonly collectorTimeoutMs: number
  readonly exitFlushMs: number
  /** Undefined: nothing is watched. */
  readonly stall: StallSettings | undefined
  /** With whom the port is shared, which the process itself tells and no option. */
  readonly sharing?: Sharing
}

export interface ServeSettings {
  readonly host: string
  readonly port: number
  readonly hosts: readonly string[]
  readonly token: string | undefined
  readonly names: Names
  readonly share: boolean | undefined
}

export const DEFAULT_HOST = '127.0.0.1'
export const DEFAULT_PORT = 9464
const DEFAULT_STORE = { maxBytes: 2 * 2 ** 20 }

/**
 * Checks `options` and completes them. `defaultService` is asked only where no service is given.
 *
 * @throws {TypeError | RangeError} with `code: 'ERR_OFFLOOP_INVALID_OPTION'` and `option`, the option's path.
 */
export function resolveOptions(
  options: unknown,
  defaultService: () => string,
): { settings: Settings; functions: readonly ExporterFunction[] } {
  const given = record(options ?? {}, 'options')
  known(given, '', [
    'service',
    'intervalMs',
    'serve',
    'exporters',
    'labels',
    'store',
    'heapObjects',
    'heapAccounting',
    'resourcesByType',
    'collectorTimeoutMs',
    'exitFlushMs',
    'stall',
  ])
  const functions: ExporterFunction[] = []
  const exporters: Exporters.ExporterSettings[] = []
  either(given.exporters, [], (value) => array(value, 'exporters')).forEach((exporter, index) => {
    if (typeof exporter === 'function') {
      functions.push(exporter as ExporterFunction)
      return
    }
    // Loaded where it is needed: it is as long as all the rest.
    const { exporterSettings } = require('./exporter-options') as typeof Exporters
    exporters.push(exporterSettings(exporter, `exporters[${index}]`))
  })
  const intervalMs = integer(given.intervalMs ?? 10_000, 'intervalMs', 100, 3_600_000)
  const collectorTimeoutMs = integer(given.collectorTimeoutMs ?? 1_000, 'collectorTimeoutMs', 10, 60_000)
  const settings = {
    service: labelValue(given.service ?? defaultService(), 'service'),
    intervalMs,
    serve: either(given.serve, undefined, serveSettings),
    exporters,
    labels: either(given.labels, {}, labels),
    store: either(given.store, DEFAULT_STORE, storeSettings),
    heapObjects: either(given.heapObjects, true, (value) => boolean(value, 'heapObjects')),
    heapAccounting: either(given.heapAccounting, true, (value) => boolean(value, 'heapAccounting')),
    resourcesByType: either(given.resourcesByType, false, (value) => boolean(value, 'resourcesByType')),
    exitFlushMs: integer(given.exitFlushMs ?? 500, 'exitFlushMs', 0, 10_000),
    collectorTimeoutMs: Math.min(collectorTimeoutMs, intervalMs / 2),
    stall: either(given.stall, DEFAULT_STALL, stallSettings),
  }
  return { settings, functions }
}

/** What is not given is not checked: V8 compiles a function at its first call, and a start waits for that. */
function either<T>(value: unknown, otherwise: T, checked: (value: unknown) => T): T {
  return value === undefined || value === null ? otherwise : checked(value)
}

function storeSettings(value: unknown): Settings['store'] {
  const store = record(value, 'store')
  known(store, 'store', ['maxBytes'])
  return {
    maxBytes: integer(store.maxBytes ?? DEFAULT_STORE.maxBytes, 'store.maxBytes', 64 * 2 ** 10, 2 ** 30),
  }
}

function serveSettings(value: unknown): ServeSettings | undefined {
  if (value === false) return undefined
  const serve = record(value === true ? {} : value, 'serve', 'a boolean or an object')
  known(serve, 'serve', ['host', 'port', 'hosts', 'token', 'names', 'share'])
  const port = integer(serve.port ?? DEFAULT_PORT, 'serve.port', 0, 65_535)
  const share = serve.share === undefined ? undefined : boolean(serve.share, 'serve.share')
  if (share === true && port === 0) {
    throw faults().invalidRange(
      'serve.port',
      'must not be 0 with serve.share: each process would take another one',
    )
  }
  return {
    host: text(serve.host ?? DEFAULT_HOST, 'serve.host'),
    port,
    hosts: array(serve.hosts ?? [], 'serve.hosts').map((host, index) => text(host, `serve.hosts[${index}]`)),
    token: serve.token === undefined ? undefined : headerValue(serve.token, 'serve.token'),
    names: oneOf(serve.names ?? 'canonical', 'serve.names', ['canonical', 'go', 'prom-client']),
    share,
  }
}

function labels(value: unknown): Readonly<Record<string, string>> {
  const given = record(value, 'labels')
  const names = Object.keys(given)
  // The other places are for service, thread, a metric's own label, and le of a histogram's buckets.
  const most = MAX_LABELS - 4
  if (names.length > most) {
    throw faults().invalidRange('labels', `has ${names.length} labels, and may have ${most}`)
  }
  const checked: Record<string, string> = {}
  for (const name of names) {
    const path = `labels.${shortened(name)}`
    const fault = labelNameFault(name)
    if (fault !== undefined) throw faults().invalidRange(path, `has a name that ${fault}`)
    if (RESERVED_LABELS.has(name)) throw faults().invalidRange(path, 'has a name that offloop uses itself')
    checked[name] = labelValue(given[name], path)
  }
  return checked
}
