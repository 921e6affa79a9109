/** One element of an `Accept` or `Accept-Encoding` header, lower-case. */
interface Range {
  readonly value: string
  readonly version: string | undefined
  readonly q: number
}

const TEXT = 'text/plain'
const TEXT_VERSION = '0.0.4'
const OPEN_METRICS = 'application/openmetrics-text'
const OPEN_METRICS_VERSION = '1.0.0'

export const TEXT_TYPE = `${TEXT}; version=${TEXT_VERSION}; charset=utf-8`
export const OPEN_METRICS_TYPE = `${OPEN_METRICS}; version=${OPEN_METRICS_VERSION}; charset=utf-8`

/**
 * Whether `accept` asks for OpenMetrics. Everything else gets the text format, even where `accept` excludes it: what a
 * client can read, it rather has than a 406.
 */
export function wantsOpenMetrics(accept: string | undefined): boolean {
  const ranges = parse(accept)
  const open = best(ranges, OPEN_METRICS, OPEN_METRICS_VERSION)
  const text = best(ranges, TEXT, TEXT_VERSION)
  // A wildcard asks for nothing in particular.
  if (open === undefined || open.q === 0 || open.value === '*/*') return false
  return open.q >= (text?.q ?? 0)
}

/** Whether `acceptEncoding` takes gzip, and rather than nothing. */
export function wantsGzip(acceptEncoding: string | undefined): boolean {
  const ranges = parse(acceptEncoding)
  const quality = (coding: string): number | undefined => ranges.find(({ value }) => value === coding)?.q
  const gzip = quality('gzip') ?? quality('x-gzip') ?? quality('*') ?? 0
  return gzip > 0 && gzip >= (quality('identity') ?? 0)
}

/** The most specific range that covers `type`; one for another version does not. */
function best(ranges: readonly Range[], type: string, version: string): Range | undefined {
  const of = (value: string, wanted?: string): Range | undefined =>
    ranges.find((range) => range.value === value && range.version === wanted)
  return of(type, version) ?? of(type) ?? of(`${type.split('/')[0]}/*`) ?? of('*/*')
}

function parse(header = ''): Range[] {
  // A comma or semicolon between quotes separates nothing.
  const elements = header.toLowerCase().match(/(?:[^,"]|"(?:[^"\\]|\\.)*"?)+/g) ?? []
  return elements.map((element) => {
    const [value = '', ...parameters] = (element.match(/(?:[^;"]|"(?:[^"\\]|\\.)*"?)+/g) ?? []).map((part) =>
      part.trim(),
    )
    const parameter = (name: string): string | undefined =>
      parameters
        .find((part) => part.startsWith(`${name}=`))
        ?.slice(name.length + 1)
        .replace(/^"(.*)"$/, '$1')
    const q = Number(parameter('q') ?? 1)
    return { value, version: parameter('version'), q: q >= 0 && q <= 1 ? q : 0 }
  })
}
