/** What `protoc --decode` prints, as objects: every field is a list, and numbers stay text. */
export interface Message {
  readonly [field: string]: readonly (string | Message)[]
}

/** Reads protobuf's text format. Strings come as the bytes that they stand for. */
export function parseProtoText(text: string): Message {
  const lines = text.split('\n')
  let at = 0
  const message = (): Message => {
    const fields: Record<string, (string | Message)[]> = {}
    for (; at < lines.length; at++) {
      const line = (lines[at] as string).trim()
      if (line === '') continue
      if (line === '}') return fields
      const opened = /^(\w+) \{$/.exec(line)
      if (opened !== null) {
        at++
        const name = opened[1] as string
        fields[name] = [...(fields[name] ?? []), message()]
        continue
      }
      const [, name = '', value = ''] = /^(\w+): (.*)$/.exec(line) ?? []
      if (name === '') throw new Error(`not the text format: ${line}`)
      fields[name] = [...(fields[name] ?? []), value.startsWith('"') ? unquoted(value) : value]
    }
    return fields
  }
  return message()
}

const ESCAPES: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, '"': 34, "'": 39, '\\': 92 }

function unquoted(quoted: string): string {
  const bytes: number[] = []
  const pattern = /\\([0-7]{3}|.)|[^\\]/gsu
  for (const [char, code] of quoted.slice(1, -1).matchAll(pattern)) {
    if (code === undefined) bytes.push(...Buffer.from(char))
    else bytes.push(code.length === 3 ? Number.parseInt(code, 8) : (ESCAPES[code] as number))
  }
  return Buffer.from(bytes).toString('utf8')
}
