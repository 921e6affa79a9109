import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { buildSync } from 'esbuild'
import { describe, expect, onTestFinished, test } from 'vitest'
import { dist } from '../dist'

const { SourceMaps } = dist<typeof import('../../src/sampler/source-maps')>('sampler/source-maps.js')

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'offloop-maps-'))
  onTestFinished(() => rmSync(made, { recursive: true }))
  mkdirSync(join(made, 'src'))
  return made
}

const SOURCE = `interface Nothing {
  readonly at: string
}

export function spin(given: Nothing): never {
  for (;;) console.log(given)
}
`

function built(sourcemap: 'inline' | 'linked', sourceRoot?: string): { file: string; source: string } {
  const made = folder()
  const source = join(made, 'src/spin.ts')
  const file = join(made, 'out/spin.js')
  writeFileSync(source, SOURCE)
  buildSync({
    entryPoints: [source],
    outfile: file,
    sourcemap,
    format: 'cjs',
    logLevel: 'silent',
    ...(sourceRoot === undefined ? {} : { sourceRoot }),
  })
  return { file, source }
}

/** Where `text` stands. */
function placeOf(file: string, text: string): { file: string; line: number; column: number } {
  const lines = readFileSync(file, 'utf8').split('\n')
  const line = lines.findIndex((one) => one.includes(text))
  return { file, line: line + 1, column: (lines[line] as string).indexOf(text) + 1 }
}

describe('a place is where it was written', () => {
  test.each(['inline', 'linked'] as const)('by a map that is %s', (sourcemap) => {
    const { file, source } = built(sourcemap)
    const maps = new SourceMaps()
    const place = placeOf(file, 'console.log')
    const original = placeOf(source, 'console.log')
    const url = { ...place, file: pathToFileURL(file).href }
    expect([...maps.originals([place, url])]).toEqual([
      [place, original],
      [url, original],
    ])
  })

  test('below the root that the map names', () => {
    const { file } = built('linked', 'webpack://app/')
    const [original] = new SourceMaps().originals([placeOf(file, 'console.log')]).values()
    expect(original?.file).toMatch(/^webpack:\/\/app\/.*spin\.ts$/)
  })
})

test('a file is read once for its places, and they are kept', () => {
  const { file, source } = built('linked')
  const maps = new SourceMaps()
  const places = [placeOf(file, 'console.log'), placeOf(file, 'for (; ; )')]
  expect([...maps.originals(places).values()]).toEqual([
    placeOf(source, 'console.log'),
    placeOf(source, 'for (;;)'),
  ])
  rmSync(file)
  expect(maps.originals(places).size).toBe(2)
})

describe('there is none, and no error', () => {
  test.each([
    ['without a map', 'spin()\n'],
    ['with one that is missing', 'spin()\n//# sourceMappingURL=none.map\n'],
    ['with one that is elsewhere', 'spin()\n//# sourceMappingURL=https://example.com/a.map\n'],
    ['with one that is no JSON', 'spin()\n//# sourceMappingURL=data:application/json,nonsense\n'],
    ['with one that is no map', 'spin()\n//# sourceMappingURL=data:application/json;base64,e30=\n'],
  ])('of a file %s', (_, text) => {
    const file = join(folder(), 'a.js')
    writeFileSync(file, text)
    expect(new SourceMaps().originals([{ file, line: 1, column: 1 }]).size).toBe(0)
  })

  test.each([
    'node:internal/timers',
    'wasm://wasm/1',
    'evalmachine.<anonymous>',
    '/none.js',
    'file:///none.js',
  ])('of %s', (file) => {
    expect(new SourceMaps().originals([{ file, line: 1, column: 1 }]).size).toBe(0)
  })
})
