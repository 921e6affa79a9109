/**
 * What an answer of success says against it (`ExportMetricsServiceResponse.partial_success`); undefined where all was
 * stored. The official exporter only logs it.
 */
export function rejectionIn(body: Buffer, contentType: string): string | undefined {
  try {
    const { rejected, message } = /json/i.test(contentType) ? fromJson(body) : fromProtobuf(body)
    return rejected === 0 ? undefined : `rejected ${rejected} data points: ${message}`
  } catch {
    // The protocol takes a success by its status.
    return undefined
  }
}

interface Rejection {
  readonly rejected: number
  readonly message: string
}

function fromJson(body: Buffer): Rejection {
  const { partialSuccess } = JSON.parse(body.toString('utf8')) as {
    partialSuccess?: { rejectedDataPoints?: string | number; errorMessage?: string }
  }
  return {
    rejected: Number(partialSuccess?.rejectedDataPoints ?? 0),
    message: partialSuccess?.errorMessage ?? '',
  }
}

/** Field 1 is the message; in it 1 is the number, and 2 the text. */
function fromProtobuf(body: Buffer): Rejection {
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
