// Parts of a JSON text, found without making anything of the rest. Where the text is not JSON they are nonsense, which whoever
// parses them finds out, or an error.

const [QUOTE, BACKSLASH, COLON, COMMA] = codes('"\\:,')
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_ARRAY, CLOSE_ARRAY] = codes('{}[]')

/** The values of an object, by key. */
export function membersOf(json: Buffer): ReadonlyMap<string, Buffer> {
  const members = new Map<string, Buffer>()
  for (const part of partsOf(json, OPEN_OBJECT)) {
    const start = afterSpace(part, 0)
    const end = afterString(part, start)
    const colon = afterSpace(part, end)
    if (part[colon] !== COLON) throw new Error('a member without a value')
    members.set(JSON.parse(part.toString('utf8', start, end)), part.subarray(colon + 1))
  }
  return members
}

export function elementsOf(json: Buffer): Generator<Buffer> {
  return partsOf(json, OPEN_ARRAY)
}

/** What commas part. */
function* partsOf(json: Buffer, open: number | undefined): Generator<Buffer> {
  let start = afterSpace(json, 0)
  if (json[start] !== open) throw new Error('neither object nor array')
  start++
  for (let at = start, depth = 1; depth > 0; at++) {
    if (at >= json.length) throw new Error('no end')
    const code = json[at]
    if (code === QUOTE) at = afterString(json, at) - 1
    else if (code === OPEN_OBJECT || code === OPEN_ARRAY) depth++
    else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) depth--
    if (depth === 0 || (depth === 1 && code === COMMA)) {
      if (afterSpace(json, start) < at) yield json.subarray(start, at)
      start = at + 1
    }
  }
}

function afterString(json: Buffer, at: number): number {
  for (let end = at + 1; end < json.length; end++) {
    if (json[end] === QUOTE) return end + 1
    if (json[end] === BACKSLASH) end++
  }
  throw new Error('no end')
}

function afterSpace(json: Buffer, at: number): number {
  let after = at
  while (after < json.length && (json[after] as number) <= 32) after++
  return after
}

function codes(text: string): (number | undefined)[] {
  return [...Buffer.from(text)]
}
