import { type DogStatsDOptions, type DogStatsDSettings, targetFrom, unixPath } from './dogstatsd-options'
import { messageOf, shortened } from './errors'
import { MAX_LABELS } from './format'
import { type ModuleOptions, type ModuleSettings, resolveModule } from './module-options'
import { faults, headerValue, integer, known, labelValue, oneOf, record, text } from './option-values'
import {
  OTLP_PACKAGES,
  type OtlpOptions,
  type OtlpProtocol,
  type OtlpSettings,
  otlpDefaults,
  serviceInstanceId,
} from './otlp'
import { findPeer, notInstalled } from './peers'
import type { TinyObsOptions, TinyObsSettings } from './tinyobs-options'

/** Runs in the sampling thread: it goes on while the event loop is blocked. */
export type ExporterOptions = TinyObsOptions | OtlpOptions | DogStatsDOptions | ModuleOptions

export type ExporterSettings = TinyObsSettings | OtlpSettings | DogStatsDSettings | ModuleSettings

const PROTOCOLS = Object.keys(OTLP_PACKAGES) as readonly OtlpProtocol[]
/** 108 with the byte that ends it; 104 on macOS, whose call says so. */
const MAX_SOCKET_PATH = 107

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
      throw faults().invalidType(`${path}.path`, 'stands instead of host and port, not beside them')
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
  if (file === undefined) throw faults().invalidRange(`${path}.type`, notInstalled(name))
  return file
}

function headers(value: unknown, path: string): Readonly<Record<string, string>> {
  const given = record(value, path)
  const checked: Record<string, string> = {}
  for (const [name, text] of Object.entries(given)) {
    const option = `${path}.${shortened(name)}`
    if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name)) throw faults().invalidRange(option, "is no header's name")
    if (typeof text !== 'string')
      throw faults().invalidType(option, `must be a string, and is of type ${typeof text}`)
    if (!/^[\x20-\x7e]+$/.test(text)) throw faults().invalidRange(option, 'must be printable ASCII')
    checked[name] = text
  }
  return checked
}

function attributes(value: unknown, path: string): Readonly<Record<string, string | number | boolean>> {
  const given = record(value ?? {}, `${path}.resource`)
  for (const [name, one] of Object.entries(given)) {
    if (typeof one === 'string' || typeof one === 'boolean' || Number.isFinite(one)) continue
    throw faults().wrongType(
      `${path}.resource.${shortened(name)}`,
      'a string, a finite number or a boolean',
      one,
    )
  }
  return given as Record<string, string | number | boolean>
}

/**
 * Checks what `exporters` has at `path`.
 *
 * @throws as `resolveOptions` does.
 */
export function exporterSettings(value: unknown, path: string): ExporterSettings {
  const given = record(value, path, 'a function or an object')
  if (given.type === undefined) {
    // Which names are known is up to the type, so a misspelt `type` itself is looked for here.
    const near = Object.keys(given).find((name) => name !== 'type' && faults().meant(name, ['type']) !== '')
    if (near !== undefined) throw faults().unknown(near, path, ['type'])
  }
  const type = text(given.type, `${path}.type`)
  const resolve = Object.hasOwn(EXPORTERS, type) ? EXPORTERS[type] : undefined
  if (resolve === undefined) throw faults().noChoice(`${path}.type`, type, Object.keys(EXPORTERS))
  return resolve(given, path)
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
    throw faults().invalidRange(where('path'), 'must be udp://host:port, unix:///path or unixgram:///path')
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
    throw faults().invalidRange(option, 'must be absolute, such as /run/datadog/dsd.socket')
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH) {
    throw faults().invalidRange(option, `must have at most ${MAX_SOCKET_PATH} bytes, as the path of a socket`)
  }
  return path
}

function statsPrefix(value: unknown, option: string): string {
  const given = text(value, option)
  if (/^[a-zA-Z][a-zA-Z0-9_.]{0,99}$/.test(given)) return given
  throw faults().invalidRange(
    option,
    'must start with a letter and have at most 100 letters, digits, _ and .',
  )
}

function tags(value: unknown, option: string): Readonly<Record<string, string>> {
  const given = record(value, option)
  const names = Object.keys(given)
  if (names.length > MAX_LABELS)
    throw faults().invalidRange(option, `has ${names.length}, and may have ${MAX_LABELS}`)
  const checked: Record<string, string> = {}
  for (const name of names) {
    const path = `${option}.${shortened(name)}`
    if (!/^[a-zA-Z][a-zA-Z0-9_./-]*$/.test(name)) {
      throw faults().invalidRange(
        path,
        'has a name that is not a letter and then letters, digits, and _ . / -',
      )
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
    throw faults().invalidRange(
      option,
      `names no module: ${faults().show(given)}, from the working directory`,
    )
  }
}

function plainData(value: unknown, option: string): unknown {
  try {
    return structuredClone(value)
  } catch (error) {
    throw faults().invalidType(option, `must be plain data: ${shortened(messageOf(error))}`)
  }
}

function httpUrl(value: unknown, option: string): string {
  const given = text(value, option)
  let url: URL
  try {
    url = new URL(given)
  } catch {
    throw faults().invalidRange(option, 'must be an absolute URL, such as http://localhost:8080/v1/ingest')
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw faults().invalidRange(
      option,
      `must start with http:// or https://, and starts with ${url.protocol}`,
    )
  }
  if (url.username !== '' || url.password !== '') {
    throw faults().invalidRange(option, 'must not hold a user name or password')
  }
  return url.href
}
