import type { Batch } from './batch'
import { type DogStatsDOptions, type DogStatsDSettings, targetFrom, unixPath } from './dogstatsd-options'
import { messageOf } from './errors'
import { labelNameFault, MAX_LABELS, RESERVED_LABELS } from './format'
import { type ModuleOptions, type ModuleSettings, resolveModule } from './module-options'
import {
  array,
  boolean,
  headerValue,
  httpUrl,
  InvalidRange,
  InvalidType,
  integer,
  known,
  labelValue,
  meant,
  oneOf,
  record,
  shortened,
  show,
  text,
  unknown,
} from './option-values'
import {
  OTLP_PACKAGES,
  type OtlpOptions,
  type OtlpProtocol,
  type OtlpSettings,
  otlpDefaults,
  serviceInstanceId,
} from './otlp'
import { findPeer, notInstalled } from './peers'
import type { Sharing } from './sharing'
import { type StallOptions, type StallSettings, stallSettings } from './stall-options'

/** Under whose names metrics are shown: offloop's own, those of TinyObs for Go, or those of prom-client's defaults. */
export type Names = 'canonical' | 'go' | 'prom-client'

/** Pushes to a TinyObs server, from the sampling thread. */
export interface TinyObsOptions {
  readonly type: 'tinyobs'
  /** The server's ingest URL, such as `http://localhost:8080/v1/ingest`. */
  readonly url: string
  /** Sent as `Authorization: Bearer`. */
  readonly key?: string
  /** For one request. Default 10,000. */
  readonly timeoutMs?: number
  /** `'go'` sends the six metrics that TinyObs has for Go under their names there. Default `'canonical'`. */
  readonly names?: Exclude<Names, 'prom-client'>
}

/** Runs in the sampling thread: it goes on while the event loop is blocked. */
export type ExporterOptions = TinyObsOptions | OtlpOptions | DogStatsDOptions | ModuleOptions

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
  readonly exporters?: readonly (ExporterOptions | ExporterFunction)[]
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

/** What `countHeapObjects()` will take, as far as that can be told before. Upper bounds for ordinary heaps. */
export interface HeapCountEstimate {
  readonly estimatedPauseMs: number
  /** Memory that V8 needs meanwhile, outside its heap. */
  readonly estimatedBytes: number
}

export interface HeapCountOptions {
  /** Refuse where the thread would be stopped for longer, 1 to 3,600,000. No limit by default. */
  readonly maxPauseMs?: number
  /** Called before the count starts, in place of the line on stderr. What it throws ends the call. */
  readonly onEstimate?: (estimate: HeapCountEstimate) => void
}

/** Options, checked and complete: plain data, so that they can be posted to the sampling thread. */
export interface Settings {
  readonly service: string
  readonly intervalMs: number
  readonly serve: ServeSettings | undefined
  readonly exporters: readonly ExporterSettings[]
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

export interface TinyObsSettings {
  readonly type: 'tinyobs'
  readonly url: string
  readonly key: string | undefined
  readonly timeoutMs: number
  readonly names: Names
}

export type ExporterSettings = TinyObsSettings | OtlpSettings | DogStatsDSettings | ModuleSettings

export const DEFAULT_HOST = '127.0.0.1'
export const DEFAULT_PORT = 9464

const PROTOCOLS = Object.keys(OTLP_PACKAGES) as readonly OtlpProtocol[]
/** 108 with the byte that ends it; 104 on macOS, whose call says so. */
const MAX_SOCKET_PATH = 107

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
  const exporters: ExporterSettings[] = []
  array(given.exporters ?? [], 'exporters').forEach((exporter, index) => {
    if (typeof exporter === 'function') functions.push(exporter as ExporterFunction)
    else exporters.push(exporterSettings(exporter, `exporters[${index}]`))
  })
  const intervalMs = integer(given.intervalMs ?? 10_000, 'intervalMs', 100, 3_600_000)
  const collectorTimeoutMs = integer(given.collectorTimeoutMs ?? 1_000, 'collectorTimeoutMs', 10, 60_000)
  const settings = {
    service: labelValue(given.service ?? defaultService(), 'service'),
    intervalMs,
    serve: serveSettings(given.serve ?? false),
    exporters,
    labels: labels(given.labels ?? {}),
    store: storeSettings(given.store ?? {}),
    heapObjects: boolean(given.heapObjects ?? true, 'heapObjects'),
    heapAccounting: boolean(given.heapAccounting ?? true, 'heapAccounting'),
    resourcesByType: boolean(given.resourcesByType ?? false, 'resourcesByType'),
    exitFlushMs: integer(given.exitFlushMs ?? 500, 'exitFlushMs', 0, 10_000),
    collectorTimeoutMs: Math.min(collectorTimeoutMs, intervalMs / 2),
    stall: stallSettings(given.stall ?? {}),
  }
  return { settings, functions }
}

function storeSettings(value: unknown): Settings['store'] {
  const store = record(value, 'store')
  known(store, 'store', ['maxBytes'])
  return { maxBytes: integer(store.maxBytes ?? 2 * 2 ** 20, 'store.maxBytes', 64 * 2 ** 10, 2 ** 30) }
}

function serveSettings(value: unknown): ServeSettings | undefined {
  if (value === false) return undefined
  const serve = record(value === true ? {} : value, 'serve', 'a boolean or an object')
  known(serve, 'serve', ['host', 'port', 'hosts', 'token', 'names', 'share'])
  const port = integer(serve.port ?? DEFAULT_PORT, 'serve.port', 0, 65_535)
  const share = serve.share === undefined ? undefined : boolean(serve.share, 'serve.share')
  if (share === true && port === 0) {
    throw new InvalidRange(
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

/** Checks the options of `countHeapObjects()`, and throws as `resolveOptions` does. */
export function resolveHeapCountOptions(options: unknown): HeapCountOptions {
  const given = record(options ?? {}, 'options')
  known(given, '', ['maxPauseMs', 'onEstimate'])
  const { maxPauseMs, onEstimate } = given
  if (onEstimate !== undefined && typeof onEstimate !== 'function') {
    throw new InvalidType('onEstimate', `must be a function, and is ${show(onEstimate)}`)
  }
  return {
    ...(maxPauseMs === undefined ? {} : { maxPauseMs: integer(maxPauseMs, 'maxPauseMs', 1, 3_600_000) }),
    ...(onEstimate === undefined
      ? {}
      : { onEstimate: onEstimate as NonNullable<HeapCountOptions['onEstimate']> }),
  }
}

const EXPORTERS: Readonly<
  Record<string, (given: Record<string, unknown>, path: string) => ExporterSettings>
> = {
  tinyobs(given, path) {
    known(given, path, ['type', 'url', 'key', 'timeoutMs', 'names'])
    return {
      type: 'tinyobs',
      url: httpUrl(given.url, `${path}.url`),
      key: given.key === undefined ? undefined : headerValue(given.key, `${path}.key`),
      timeoutMs: integer(given.timeoutMs ?? 10_000, `${path}.timeoutMs`, 100, 120_000),
      names: oneOf(given.names ?? 'canonical', `${path}.names`, ['canonical', 'go']),
    }
  },
  otlp(given, path) {
    const names = [
      'type',
      'url',
      'protocol',
      'headers',
      'temporality',
      'compression',
      'timeoutMs',
      'resource',
    ]
    known(given, path, names)
    const defaults = otlpDefaults(process.env)
    const pick = (name: keyof typeof defaults) => given[name] ?? defaults[name]
    // A fault of the environment is told from one of the options.
    const named = (name: keyof typeof defaults) =>
      `${path}.${name}${given[name] === undefined ? ' (from OTEL_EXPORTER_OTLP_*)' : ''}`
    const protocol = oneOf(pick('protocol'), named('protocol'), PROTOCOLS)
    return {
      type: 'otlp',
      url:
        given.url === undefined
          ? httpUrl(defaults.url, named('url'))
          : withPath(httpUrl(given.url, `${path}.url`), '/v1/metrics'),
      protocol,
      module: needed(path, OTLP_PACKAGES[protocol]),
      headers: headers(given.headers ?? {}, `${path}.headers`),
      temporality: oneOf(pick('temporality'), named('temporality'), ['cumulative', 'delta']),
      compression: oneOf(pick('compression'), named('compression'), ['none', 'gzip']),
      timeoutMs: integer(pick('timeoutMs'), named('timeoutMs'), 100, 120_000),
      resource: { 'service.instance.id': serviceInstanceId(), ...attributes(given.resource, path) },
    }
  },
  dogstatsd(given, path) {
    known(given, path, ['type', 'host', 'port', 'path', 'prefix', 'tags'])
    if (given.path !== undefined && (given.host !== undefined || given.port !== undefined)) {
      throw new InvalidType(`${path}.path`, 'stands instead of host and port, not beside them')
    }
    needed(path, 'hot-shots')
    return {
      type: 'dogstatsd',
      ...dogStatsDTarget(given, path),
      prefix: given.prefix === undefined ? '' : statsPrefix(given.prefix, `${path}.prefix`),
      tags: tags(given.tags ?? {}, `${path}.tags`),
    }
  },
  module(given, path) {
    known(given, path, ['type', 'path', 'options', 'timeoutMs'])
    const timeoutMs = integer(given.timeoutMs ?? 10_000, `${path}.timeoutMs`, 100, 120_000)
    return {
      type: 'module',
      ...moduleFile(given.path, `${path}.path`),
      options: plainData(given.options, `${path}.options`),
      timeoutMs,
    }
  },
}

/** `url`, or where it has no path of its own that one. */
function withPath(url: string, path: string): string {
  const made = new URL(url)
  if (made.pathname === '/') made.pathname = path
  return made.href
}

/** The file of an optional peer, found without being loaded. */
function needed(path: string, name: string): string {
  const file = findPeer(name)
  if (file === undefined) throw new InvalidRange(`${path}.type`, notInstalled(name))
  return file
}

function headers(value: unknown, path: string): Readonly<Record<string, string>> {
  const given = record(value, path)
  const checked: Record<string, string> = {}
  for (const [name, text] of Object.entries(given)) {
    const option = `${path}.${shortened(name)}`
    if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name)) throw new InvalidRange(option, "is no header's name")
    if (typeof text !== 'string')
      throw new InvalidType(option, `must be a string, and is of type ${typeof text}`)
    if (!/^[\x20-\x7e]+$/.test(text)) throw new InvalidRange(option, 'must be printable ASCII')
    checked[name] = text
  }
  return checked
}

function attributes(value: unknown, path: string): Readonly<Record<string, string | number | boolean>> {
  const given = record(value ?? {}, `${path}.resource`)
  for (const [name, one] of Object.entries(given)) {
    if (typeof one === 'string' || typeof one === 'boolean' || Number.isFinite(one)) continue
    throw new InvalidType(
      `${path}.resource.${shortened(name)}`,
      `must be a string, a finite number or a boolean, and is ${show(one)}`,
    )
  }
  return given as Record<string, string | number | boolean>
}

function exporterSettings(value: unknown, path: string): ExporterSettings {
  const given = record(value, path, 'a function or an object')
  if (given.type === undefined) {
    // Which names are known is up to the type, so a misspelt `type` itself is looked for here.
    const near = Object.keys(given).find((name) => name !== 'type' && meant(name, ['type']) !== '')
    if (near !== undefined) throw unknown(near, path, ['type'])
  }
  const type = text(given.type, `${path}.type`)
  const resolve = Object.hasOwn(EXPORTERS, type) ? EXPORTERS[type] : undefined
  if (resolve === undefined) {
    const types = Object.keys(EXPORTERS)
    throw new InvalidRange(
      `${path}.type`,
      `is ${show(type)}, and must be one of ${types.join(', ')}${meant(type, types)}`,
    )
  }
  return resolve(given, path)
}

function labels(value: unknown): Readonly<Record<string, string>> {
  const given = record(value, 'labels')
  const names = Object.keys(given)
  // The other places are for service, thread, a metric's own label, and le of a histogram's buckets.
  const most = MAX_LABELS - 4
  if (names.length > most) {
    throw new InvalidRange('labels', `has ${names.length} labels, and may have ${most}`)
  }
  const checked: Record<string, string> = {}
  for (const name of names) {
    const path = `labels.${shortened(name)}`
    const fault = labelNameFault(name)
    if (fault !== undefined) throw new InvalidRange(path, `has a name that ${fault}`)
    if (RESERVED_LABELS.has(name)) throw new InvalidRange(path, 'has a name that offloop uses itself')
    checked[name] = labelValue(given[name], path)
  }
  return checked
}

function dogStatsDTarget(
  given: Record<string, unknown>,
  path: string,
): Pick<DogStatsDSettings, 'host' | 'port' | 'path'> {
  const isGiven = ['host', 'port', 'path'].some((name) => given[name] !== undefined)
  const { from, target } = targetFrom(process.env)
  const where = (name: string) => (isGiven ? `${path}.${name}` : `${path}.${name} (from ${from})`)
  const found: Readonly<Record<string, unknown>> | undefined = isGiven ? given : target
  // Not shown: it may hold a password.
  if (found === undefined)
    throw new InvalidRange(where('path'), 'must be udp://host:port, unix:///path or unixgram:///path')
  return {
    host: found.host === undefined ? undefined : text(found.host, where('host')),
    port: found.port === undefined ? undefined : integer(found.port, where('port'), 1, 65_535),
    path: found.path === undefined ? undefined : socketPath(found.path, where('path')),
  }
}

function socketPath(value: unknown, option: string): string {
  const given = text(value, option)
  const path = unixPath(given) ?? given
  if (!path.startsWith('/'))
    throw new InvalidRange(option, 'must be absolute, such as /run/datadog/dsd.socket')
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH) {
    throw new InvalidRange(option, `must have at most ${MAX_SOCKET_PATH} bytes, as the path of a socket`)
  }
  return path
}

function statsPrefix(value: unknown, option: string): string {
  const given = text(value, option)
  if (/^[a-zA-Z][a-zA-Z0-9_.]{0,99}$/.test(given)) return given
  throw new InvalidRange(option, 'must start with a letter and have at most 100 letters, digits, _ and .')
}

function tags(value: unknown, option: string): Readonly<Record<string, string>> {
  const given = record(value, option)
  const names = Object.keys(given)
  if (names.length > MAX_LABELS)
    throw new InvalidRange(option, `has ${names.length}, and may have ${MAX_LABELS}`)
  const checked: Record<string, string> = {}
  for (const name of names) {
    const path = `${option}.${shortened(name)}`
    if (!/^[a-zA-Z][a-zA-Z0-9_./-]*$/.test(name)) {
      throw new InvalidRange(path, 'has a name that is not a letter and then letters, digits, and _ . / -')
    }
    checked[name] = labelValue(given[name], path)
  }
  return checked
}

function moduleFile(value: unknown, option: string): { name: string; path: string } {
  const given = text(value, option)
  try {
    return resolveModule(given)
  } catch {
    // The reason that Node.js gives has a path in each line.
    throw new InvalidRange(option, `names no module: ${show(given)}, from the working directory`)
  }
}

function plainData(value: unknown, option: string): unknown {
  try {
    return structuredClone(value)
  } catch (error) {
    throw new InvalidType(option, `must be plain data: ${shortened(messageOf(error))}`)
  }
}
