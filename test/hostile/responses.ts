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
  if (encoding === 'chunked') return chunks(bytes, at)
  if (encoding !== undefined || headers.get('connection') !== 'close')
    throw new Error('a body without an end')
  // It ends with the connection, as HTTP/1.0 has it; Node's own refusals have none.
  return { raw: bytes.subarray(at), next: bytes.length }
}

function chunks(bytes: Buffer, from: number): { raw: Buffer; next: number } {
  const parts: Buffer[] = []
  for (let at = from; ; ) {
    const end = bytes.indexOf('\r\n', at)
    const size = bytes.toString('latin1', at, end)
    const next = end + 2 + Number.parseInt(size, 16)
    if (end < 0 || !/^[0-9a-f]+$/i.test(size) || bytes.toString('latin1', next, next + 2) !== '\r\n') {
      throw new Error(`no chunk: ${show(bytes, at)}`)
    }
    if (next === end + 2) return { raw: Buffer.concat(parts), next: next + 2 }
    parts.push(bytes.subarray(end + 2, next))
    at = next + 2
  }
}

function show(bytes: Buffer, at: number): string {
  return JSON.stringify(bytes.toString('latin1', at, at + 200))
}
