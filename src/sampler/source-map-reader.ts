// Reads of a source map what is asked for, and keeps nothing else. https://tc39.es/ecma426/

import { elementsOf, membersOf } from './json-parts'

/** Of a member that becomes objects: names of sources. */
const MAX_PARSED_BYTES = 2 * 1024 * 1024

/** Counts from 0, as in a map. */
export interface MapPosition {
  readonly line: number
  readonly column: number
}

export interface MapOriginal extends MapPosition {
  readonly source: string
}

const DIGITS = new Int8Array(128).fill(-1)
for (const [value, digit] of [
  ...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/',
].entries()) {
  DIGITS[digit.charCodeAt(0)] = value
}
const MORE = 32
const QUOTE = 34
const COMMA = 44
const SEMICOLON = 59

/**
 * Where each of `wanted` was written, undefined where the map says nothing of it. `map` is its text: of that only what is needed
 * becomes objects, since the rest, the sources themselves and names, is most of it.
 *
 * @throws {Error} where it is no map.
 */
export function originalsIn(map: Buffer, wanted: readonly MapPosition[]): (MapOriginal | undefined)[] {
  const members = membersOf(map)
  const sections = members.get('sections')
  return sections === undefined ? inPlain(members, wanted) : inSections(sections, wanted)
}

/** A section goes to where the next one begins; its map counts from where it begins itself. */
function inSections(json: Buffer, wanted: readonly MapPosition[]) {
  const found: (MapOriginal | undefined)[] = wanted.map(() => undefined)
  const sections = [...elementsOf(json)].map((section) => {
    const members = membersOf(section)
    return { offset: parsed<MapPosition>(members, 'offset'), map: members.get('map') }
  })
  for (const [at, { offset, map }] of sections.entries()) {
    const next = sections[at + 1]?.offset
    const here = wanted.flatMap((position, index) =>
      order(position, offset) >= 0 && (next === undefined || order(position, next) < 0) ? index : [],
    )
    if (map === undefined || here.length === 0) continue
    const originals = originalsIn(
      map,
      here.map((index) => {
        const { line, column } = wanted[index] as MapPosition
        return { line: line - offset.line, column: line === offset.line ? column - offset.column : column }
      }),
    )
    for (const [i, index] of here.entries()) found[index] = originals[i]
  }
  return found
}

function parsed<T>(members: ReadonlyMap<string, Buffer>, name: string): T {
  const json = members.get(name)
  if (json === undefined || json.length > MAX_PARSED_BYTES) throw new Error(`no ${name}`)
  return JSON.parse(json.toString())
}

/** Everything is a difference to the segment before it, so all are added up, as far as the last line that is wanted. */
function inPlain(members: ReadonlyMap<string, Buffer>, wanted: readonly MapPosition[]) {
  const sources = parsed<readonly (string | null)[]>(members, 'sources')
  const sourceRoot = members.has('sourceRoot') ? (parsed<string | null>(members, 'sourceRoot') ?? '') : ''
  const quoted = members.get('mappings')
  if (quoted === undefined) throw new Error('no mappings')
  const start = quoted.indexOf(QUOTE)
  const mappings = quoted.subarray(start + 1, quoted.indexOf(QUOTE, start + 1))
  const found: (MapOriginal | undefined)[] = wanted.map(() => undefined)
  const root = sourceRoot === '' || sourceRoot.endsWith('/') ? sourceRoot : `${sourceRoot}/`
  const indexes = [...wanted.keys()].sort((a, b) => order(wanted[a] as MapPosition, wanted[b] as MapPosition))
  const last = wanted[indexes.at(-1) ?? 0]?.line ?? -1
  let at = 0
  let source = 0
  let line = 0
  let column = 0
  /** Whether the newest segment names a source. */
  let named = false

  function number(): number {
    let value = 0
    for (let shift = 0; ; shift += 5) {
      const digit = DIGITS[mappings[at++] ?? 0] ?? -1
      if (digit < 0) throw new Error('no digit')
      value |= (digit & (MORE - 1)) << shift
      if (digit < MORE) return (value & 1) === 1 ? -(value >>> 1) : value >>> 1
    }
  }
  function ended(): boolean {
    const code = mappings[at]
    return code === undefined || code === COMMA || code === SEMICOLON
  }
  /** What is wanted of this line before `end` is what the newest segment says. */
  function settle(generatedLine: number, end: number): void {
    for (;;) {
      const [index] = indexes
      const position = index === undefined ? undefined : wanted[index]
      if (index === undefined || position === undefined) return
      if (position.line > generatedLine || position.column >= end) return
      const name = sources[source]
      if (named && typeof name === 'string') found[index] = { source: `${root}${name}`, line, column }
      indexes.shift()
    }
  }

  for (let generatedLine = 0; generatedLine <= last && at < mappings.length; generatedLine++) {
    let generatedColumn = 0
    named = false
    while (mappings[at] !== SEMICOLON && at < mappings.length) {
      if (mappings[at] === COMMA) {
        at++
        continue
      }
      const step = number()
      if (step < 0) throw new Error('segments that are not in order')
      generatedColumn += step
      settle(generatedLine, generatedColumn)
      named = !ended()
      if (!named) continue
      source += number()
      line += number()
      column += number()
      // A name, which the stack has itself.
      if (!ended()) number()
    }
    settle(generatedLine, Number.POSITIVE_INFINITY)
    at++
  }
  return found
}

function order(a: MapPosition, b: MapPosition): number {
  return a.line - b.line || a.column - b.column
}
