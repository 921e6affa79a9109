// A strict reader of HTTP answers, for what comes back on a raw connection.
import { gunzipSync } from 'node:zlib'

export interface Response {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  /** Unzipped. */
  readonly body: string
}

const STATUS_LINE = /^HTTP\/1\.1 ([1-5]\d\d) [\x20-\x7e]+$/
const HEADER = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+): ?([\t\x20-\x7e]*)$/

/**
 * The answers in `bytes`, which ended with the connection. `head`: the request may have been a HEAD, whose answer has
 * the length of a body that does not come.
 *
 * @throws where it is not well-formed.
 */
export function parseResponses(bytes: Buffer, { head = false } = {}): readonly Response[] {
  const responses: Response[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf('\r\n\r\n', at)
    if (end === -1) throw new Error(`headers without end: ${show(bytes, at)}`)
    const [statusLine = '', ...lines] = bytes.toString('latin1', at, end).split('\r\n')
    const status = Number(STATUS_LINE.exec(statusLine)?.[1])
    if (Number.isNaN(status)) throw new Error(`no status line: ${statusLine}`)
    const headers = new Map<string, string>()
    for (const line of lines) {
      const [, name, value = ''] = HEADER.exec(line) ?? []
      if (name === undefined) throw new Error(`no header: ${line}`)
      if (headers.has(name.toLowerCase())) throw new Error(`twice: ${line}`)
      headers.set(name.toLowerCase(), value)
    }
    at = end + 4
    const without = head && (at === bytes.length || bytes.toString('latin1', at, at + 9) === 'HTTP/1.1 ')
    const { raw, next } = without ? { raw: Buffer.alloc(0), next: at } : bodyOf(bytes, at, headers)
    const zipped = !without && headers.get('content-encoding') === 'gzip'
    responses.push({ status, headers, body: (zipped ? gunzipSync(raw) : raw).toString() })
    at = next
  }
  return responses
}

function bodyOf(bytes: Buffer, at: number, headers: Response['headers']): { raw: Buffer; next: number } {
  const length = headers.get('content-length')
  const encoding = headers.get('transfer-encoding')
  if (length !== undefined) {
    if (encoding !== undefined) throw new Error(`a length and ${encoding}`)
    const next = at + Number(length)
    if (!/^\d+$/.test(length) || next > bytes.length) {
      throw new Error(`${bytes.length - at} of ${length} bytes: ${show(bytes, at)}`)
    }
    return { raw: bytes.subarray(at, next), next }
  }
  // Node's own refusals: without a body, or with an empty one in chunks.
  if (encoding === 'chunked' && bytes.toString('latin1', at, at + 5) === '0\r\n\r\n') {
    return { raw: Buffer.alloc(0), next: at + 5 }
  }
  if (encoding !== undefined || headers.get('connection') !== 'close')
    throw new Error('a body without an end')
  if (at !== bytes.length) throw new Error(`a body without a length: ${show(bytes, at)}`)
  return { raw: Buffer.alloc(0), next: at }
}

function show(bytes: Buffer, at: number): string {
  return JSON.stringify(bytes.toString('latin1', at, at + 200))
}
