import { messageOf } from './errors'
import type { ExporterOptions } from './exporter-options'
import { type Options, resolveOptions } from './options'
import { type Environment, flag, InvalidVariable } from './variables'

const PARSERS: Readonly<Record<string, (value: string, env: Environment) => Options>> = {
  OFFLOOP_SERVICE: (service) => ({ service }),
  OFFLOOP_INTERVAL_MS: (value) => ({ intervalMs: wholeNumber('OFFLOOP_INTERVAL_MS', value) }),
  OFFLOOP_SERVE: (value, env) => ({ serve: sharing(address(value), env.OFFLOOP_SERVE_SHARE) }),
  OFFLOOP_EXPORT: (value, env) => ({
    exporters: list(value).map((part, index) => exporter(part, env, index)),
  }),
  OFFLOOP_LABELS: (value) => ({ labels: Object.fromEntries(list(value).map(label)) }),
  OFFLOOP_STORE_MAX_BYTES: (value) => ({
    store: { maxBytes: wholeNumber('OFFLOOP_STORE_MAX_BYTES', value) },
  }),
  OFFLOOP_HEAP_OBJECTS: (value) => ({ heapObjects: flag('OFFLOOP_HEAP_OBJECTS', value) }),
  OFFLOOP_HEAP_ACCOUNTING: (value) => ({ heapAccounting: flag('OFFLOOP_HEAP_ACCOUNTING', value) }),
  OFFLOOP_RESOURCES_BY_TYPE: (value) => ({ resourcesByType: flag('OFFLOOP_RESOURCES_BY_TYPE', value) }),
  OFFLOOP_STALL_MS: (value, env) => {
    const thresholdMs = wholeNumber('OFFLOOP_STALL_MS', value)
    return { stall: thresholdMs === 0 ? false : { thresholdMs, ...stallWorkers(env) } }
  },
  // Beside a threshold it is part of that.
  OFFLOOP_STALL_WORKERS: (_, env) => (env.OFFLOOP_STALL_MS ? {} : { stall: stallWorkers(env) }),
}

/**
 * Options from `OFFLOOP_*`, for a start without code.
 *
 * @throws {TypeError} with `code: 'ERR_OFFLOOP_INVALID_OPTION'` and `option`, the variable's name.
 */
export function optionsFromEnvironment(env: Environment): Options {
  let options: Options = {}
  for (const [name, parse] of Object.entries(PARSERS)) {
    const value = env[name]
    if (value !== undefined && value !== '') options = { ...options, ...accepted(name, parse(value, env)) }
  }
  return options
}

/** What the options themselves refuse, in the name of the variable that the user has set. */
function accepted(variable: string, options: Options): Options {
  try {
    resolveOptions(options, () => 'service')
    return options
  } catch (error) {
    const { option } = error as { option: string }
    const reason = messageOf(error).replace('offloop: ', '')
    const isKey = variable === 'OFFLOOP_EXPORT' && option.endsWith('.key')
    throw new InvalidVariable(isKey ? 'OFFLOOP_TINYOBS_KEY' : variable, `is refused: ${reason}`)
  }
}

function list(value: string): string[] {
  return value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

function label(part: string): [string, string] {
  const at = part.indexOf('=')
  if (at < 1)
    throw new InvalidVariable('OFFLOOP_LABELS', `has ${JSON.stringify(part)} where name=value is wanted`)
  return [part.slice(0, at), part.slice(at + 1)]
}

function exporter(part: string, env: Environment, index: number): ExporterOptions {
  const at = part.indexOf('=')
  const type = at === -1 ? '' : part.slice(0, at)
  const target = part.slice(at + 1)
  if (part === 'dogstatsd') return { type: part }
  if (type === 'dogstatsd') return { type, ...dogStatsD(target, index) }
  if (type === 'module') return { type, path: target }
  if (type === 'otlp') return { type, ...(target === '' ? {} : { url: target }) }
  // Not shown: what was pasted into the wrong place may be a URL with a password.
  if (type !== 'tinyobs') {
    const wanted = 'tinyobs=URL, otlp=URL, dogstatsd=host:port, dogstatsd=unix:path or module=path'
    throw new InvalidVariable('OFFLOOP_EXPORT', `must have ${wanted} as part ${index + 1}`)
  }
  const key = env.OFFLOOP_TINYOBS_KEY
  return { type, url: target, ...(key === undefined || key === '' ? {} : { key }) }
}

/** `host:port`, `[::1]:port`, `host`, or `unix:/path`. */
function dogStatsD(target: string, index: number): { host: string; port?: number } | { path: string } {
  if (target.startsWith('unix:')) return { path: target }
  const match = /^(?:\[([^\]]+)\]|([^:/@]+))(?::(\d+))?$/.exec(target)
  const host = match?.[1] ?? match?.[2]
  if (host === undefined) {
    throw new InvalidVariable(
      'OFFLOOP_EXPORT',
      `must have host:port or unix:path after dogstatsd=, in part ${index + 1}`,
    )
  }
  return match?.[3] === undefined ? { host } : { host, port: Number(match[3]) }
}

function wholeNumber(variable: string, value: string): number {
  if (!/^\d+$/.test(value))
    throw new InvalidVariable(variable, `must be a whole number, and is ${JSON.stringify(value)}`)
  return Number(value)
}

function stallWorkers({ OFFLOOP_STALL_WORKERS: workers }: Environment): { workers?: boolean } {
  return workers ? { workers: flag('OFFLOOP_STALL_WORKERS', workers) } : {}
}

/** `OFFLOOP_SERVE_SHARE` says whether the port of `OFFLOOP_SERVE` is shared. */
function sharing(serve: NonNullable<Options['serve']>, share = ''): NonNullable<Options['serve']> {
  if (share === '' || serve === false) return serve
  return { ...(serve === true ? {} : serve), share: flag('OFFLOOP_SERVE_SHARE', share) }
}

/** `host:port`, `[::1]:port`, `:port` or `port`, or `off`; `1` and `0` are yes and no, since nobody listens on ports 0 and 1. */
function address(value: string): NonNullable<Options['serve']> {
  if (value === 'true' || value === '1') return true
  if (value === 'off' || value === 'false' || value === '0') return false
  const match = /^(?:(?:\[([^\]]+)\]|([^:]*)):)?(\d+)$/.exec(value)
  if (match === null) {
    throw new InvalidVariable('OFFLOOP_SERVE', `must be host:port or off, and is ${JSON.stringify(value)}`)
  }
  const host = match[1] ?? match[2]
  return { port: Number(match[3]), ...(host === undefined || host === '' ? {} : { host }) }
}
