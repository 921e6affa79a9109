import { SourceMap } from 'node:module'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dist } from '../dist'

const reader = dist<typeof import('../../src/sampler/source-map-reader')>('sampler/source-map-reader.js')

/** `map` as a text, in one of the ways to write it. */
function originalsIn(map: unknown, wanted: Parameters<typeof reader.originalsIn>[1], indent = 0) {
  return reader.originalsIn(Buffer.from(JSON.stringify(map, null, indent)), wanted)
}

interface Segment {
  /** From the segment before, which may be none. */
  readonly step: number
  readonly original?: { readonly source: number; readonly line: number; readonly column: number }
  readonly name?: number
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

function vlq(value: number): string {
  let rest = value < 0 ? -value * 2 + 1 : value * 2
  let text = ''
  do {
    const digit = rest % 32
    rest = Math.floor(rest / 32)
    text += DIGITS[rest > 0 ? digit + 32 : digit]
  } while (rest > 0)
  return text
}

function mappingsOf(lines: readonly (readonly Segment[])[]): string {
  const last = { source: 0, line: 0, column: 0, name: 0 }
  const differ = (field: keyof typeof last, value: number) => {
    const text = vlq(value - last[field])
    last[field] = value
    return text
  }
  return lines
    .map((segments) =>
      segments
        .map(({ step, original, name }) => {
          if (original === undefined) return vlq(step)
          const { source, line, column } = original
          const place = differ('source', source) + differ('line', line) + differ('column', column)
          return vlq(step) + place + (name === undefined ? '' : differ('name', name))
        })
        .join(','),
    )
    .join(';')
}

const SOURCES = ['a.ts', 'b/c.ts', '../d.ts']
const original = fc.record({
  source: fc.nat(SOURCES.length - 1),
  line: fc.oneof(fc.nat(50), fc.nat(2 ** 27)),
  column: fc.oneof(fc.nat(50), fc.nat(2 ** 27)),
})
const segment: fc.Arbitrary<Segment> = fc.record(
  { step: fc.oneof(fc.nat(5), fc.nat(1_000)), original, name: fc.nat(3) },
  { requiredKeys: ['step'] },
)
const lines = fc.array(fc.array(segment, { maxLength: 8 }), { maxLength: 6 })
const positions = fc.array(fc.record({ line: fc.nat(7), column: fc.oneof(fc.nat(30), fc.nat(3_000)) }), {
  maxLength: 10,
})

function mapOf(given: readonly (readonly Segment[])[]) {
  return {
    version: 3,
    file: '',
    sourceRoot: '',
    sources: SOURCES,
    sourcesContent: ['a \\"; }], ', '\\\\'],
    names: ['a', '"mappings":"', 'c', 'd'],
    mappings: mappingsOf(given),
  }
}

/** What Node.js finds. Where a line has nothing so far to the left it takes the last of a line before, which says nothing. */
function byNode(map: SourceMap, line: number, column: number) {
  const entry = map.findEntry(line, column)
  if (!('originalSource' in entry) || entry.originalSource === undefined) return undefined
  if (entry.generatedLine !== line) return undefined
  return { source: entry.originalSource, line: entry.originalLine, column: entry.originalColumn }
}

test('finds what Node.js finds', () => {
  fc.assert(
    fc.property(lines, positions, (given, wanted) => {
      const map = mapOf(given)
      // It takes a last segment for a whole one, unless something follows.
      const theirs = new SourceMap({ ...map, mappings: `${map.mappings};` })
      expect(originalsIn(map, wanted, given.length % 3)).toEqual(
        wanted.map(({ line, column }) => byNode(theirs, line, column)),
      )
    }),
    { numRuns: 2_000 },
  )
})

test('in an index of maps too', () => {
  const offset = fc.record({ line: fc.nat(3), column: fc.nat(40) })
  fc.assert(
    fc.property(fc.array(fc.tuple(offset, lines), { maxLength: 4 }), positions, (given, wanted) => {
      let line = 0
      const sections = given.map(([at, content]) => {
        line += at.line + 1
        return { offset: { line, column: at.column }, map: mapOf(content) }
      })
      const whole = { version: 3, sections }
      for (const position of wanted) {
        const section = sections.findLast(
          ({ offset: { line, column } }) =>
            line < position.line || (line === position.line && column <= position.column),
        )
        const expected =
          section &&
          byNode(
            new SourceMap({ ...section.map, mappings: `${section.map.mappings};` }),
            position.line - section.offset.line,
            position.column - (position.line === section.offset.line ? section.offset.column : 0),
          )
        expect(originalsIn(whole, [position])).toEqual([expected])
      }
      expect(originalsIn(whole, wanted)).toEqual(wanted.flatMap((one) => originalsIn(whole, [one])))
    }),
  )
})

describe('what is no map is an error', () => {
  test.each([
    ['nothing', null],
    ['without mappings', { sources: [] }],
    ['a digit that is none', { sources: ['a'], mappings: 'AA*A' }],
    ['a number that does not end', { sources: ['a'], mappings: 'AAAg' }],
    ['an index without places', { sections: [{}] }],
    ['a source that is not there', { sources: [], mappings: 'AAAA' }, true],
  ])('%s', (_, map, silently = false) => {
    const read = () => originalsIn(map, [{ line: 0, column: 0 }])
    if (silently) expect(read()).toEqual([undefined])
    else expect(read).toThrow()
  })
})

test('a large map costs no more than its text', () => {
  const count = 2_000_000
  const names = Array.from({ length: 200_000 }, (_, i) => `name${i}`)
  const map = { sources: ['a.ts'], names, mappings: 'AAAA,IACC,'.repeat(count / 2) }
  const text = Buffer.from(JSON.stringify(map))
  globalThis.gc?.()
  const before = process.memoryUsage().heapUsed
  const [found] = reader.originalsIn(text, [{ line: 0, column: 4 * count }])
  expect(found).toEqual({ source: 'a.ts', line: count / 2, column: count / 2 })
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(16e6)
})
