/** What an answer of success says of it (`ExportMetricsServiceResponse.partial_success`). */
export interface PartialSuccess {
  /** Data points that were not stored. */
  readonly rejected: number
  /** Why; a warning where none was rejected. */
  readonly message: string
}

/** Undefined where it says nothing. The official exporter only logs it. */
export function partialSuccessIn(body: Buffer, contentType: string): PartialSuccess | undefined {
  try {
    const said = /json/i.test(contentType) ? fromJson(body) : fromProtobuf(body)
    return said.rejected === 0 && said.message === '' ? undefined : said
  } catch {
    // The protocol takes a success by its status.
    return undefined
  }
}

function fromJson(body: Buffer): PartialSuccess {
  const { partialSuccess } = JSON.parse(body.toString('utf8')) as {
    partialSuccess?: { rejectedDataPoints?: string | number; errorMessage?: string }
  }
  return {
    rejected: Number(partialSuccess?.rejectedDataPoints ?? 0),
    message: partialSuccess?.errorMessage ?? '',
  }
}

/** Field 1 is the message; in it 1 is the number, and 2 the text. */
function fromProtobuf(body: Buffer): PartialSuccess {
  const partial = fields(body).get(1)
  const inner = partial instanceof Buffer ? fields(partial) : new Map<number, number | Buffer>()
  return { rejected: Number(inner.get(1) ?? 0), message: String(inner.get(2) ?? '') }
}

/** The numbers and the bytes of a message, by their field. */
function fields(message: Buffer): Map<number, number | Buffer> {
  const found = new Map<number, number | Buffer>()
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = message[at++]
      if (byte === undefined) throw new RangeError('cut short')
      value += (byte & 127) * factor
      if (byte < 128) return value
    }
  }
  while (at < message.length) {
    const tag = varint()
    const kind = tag & 7
    const field = Math.floor(tag / 8)
    if (kind === 0) found.set(field, varint())
    else if (kind === 2) {
      const length = varint()
      found.set(field, message.subarray(at, at + length))
      at += length
    } else at += kind === 1 ? 8 : 4
  }
  return found
}
