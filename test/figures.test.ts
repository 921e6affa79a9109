import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { readResults, resultsFolder, SUITE } from '../benchmarks/harness/results.mjs'
import { recomputed } from '../benchmarks/publish/recomputed.mjs'
import { suite } from '../benchmarks/suite/suite.mjs'

const root = fileURLToPath(new URL('../', import.meta.url))

/** What stands between marks is written by the benchmarks, and compared with their results elsewhere. */
const MARKED = /<!-- ([\w-]+):[^>]*-->[\s\S]*?<!-- \/\1 -->/g
const CODE = /```[\s\S]*?```/g
const FIGURE =
  /\d[\d,.]*(?:\s?(?:to|–|-)\s?\d[\d,.]*)?\s?(?:ms|µs|ns|MB|%|×)(?!\w)|×\s?\d[\d.]*|\b(?:some|a few|several) (?:micro|nano)seconds/g

/**
 * What is no measurement: settings, limits, thresholds, units of others, and bounds that a test holds. By page. What a
 * benchmark can measure does not belong here.
 */
const CONSTANTS: Readonly<Record<string, readonly string[]>> = {
  'docs/accuracy.md': ['1%', '5%', '2%', '50 µs', '150 µs', '2.5%', '1 ms'],
  'docs/architecture.md': ['50 ms', '20 ms', '100 ms'],
  'docs/event-loop.md': ['2.5%', '100 ms', '10 ms', '20 to 60 ms'],
  'docs/http.md': ['10%', '25%', '1 ms', '10 ms', '100 ms', '5%', '1 MB', '75%', '85%', '70%'],
  'docs/metrics.md': ['2.5%'],
  'docs/page.md': ['2.5%'],
  'docs/processes.md': ['50 ms'],
  'docs/prometheus.md': ['10 ms', '5%', '1 µs'],
  'docs/heap-objects.md': ['300 ns', '0.25 ns', '50 MB'],
  'docs/stalls.md': ['25 ms', '100 ms', '200 ms', '300 ms', '100 to 300 ms', '16 MB'],
}

function pages(): string[] {
  const docs = readdirSync(`${root}docs`).filter((name) => name.endsWith('.md') && name !== 'benchmarks.md')
  return ['README.md', 'SECURITY.md', ...docs.map((name) => `docs/${name}`)]
}

function figuresOf(text: string): string[] {
  const rest = text.replaceAll(MARKED, '').replaceAll(CODE, '')
  return [...rest.matchAll(FIGURE)].map(([figure]) => figure)
}

describe('no figure is written by hand', () => {
  test.each(pages())('in %s', (page) => {
    const known = CONSTANTS[page] ?? []
    const found = new Set(figuresOf(readFileSync(root + page, 'utf8')))
    expect(
      [...found].filter((figure) => !known.includes(figure)),
      'let a benchmark write it; a setting, a limit or the bound of a test belongs into CONSTANTS above',
    ).toEqual([])
    expect(
      known.filter((figure) => !found.has(figure)),
      'no longer on the page',
    ).toEqual([])
  })

  test('and one that is would be found', () => {
    expect(figuresOf('It takes 0.8 µs, some microseconds, 3 – 5 MB, ×1.4 and 12%.')).toEqual([
      '0.8 µs',
      'some microseconds',
      '3 – 5 MB',
      '×1.4',
      '12%',
    ])
    expect(figuresOf('<!-- figures: x -->\n| 5 ms |\n<!-- /figures -->\n```js\nwait(5 ms)\n```')).toEqual([])
  })

  test('and the pages that have some have the marks between which they are written', () => {
    const marks = {
      'README.md': ['figures'],
      'docs/accuracy.md': ['sweeping', 'bytes'],
      'docs/event-loop.md': ['lag', 'resources'],
      'docs/heap-objects.md': ['heap-objects'],
      'docs/stalls.md': ['stalls'],
    }
    for (const [page, names] of Object.entries(marks)) {
      const found = [...readFileSync(root + page, 'utf8').matchAll(MARKED)].map(([, name]) => name)
      expect(found, page).toEqual(names)
    }
  })
})

describe('the results in the repository', () => {
  const files = readdirSync(resultsFolder).filter((name) => name.endsWith('.json'))
  // Of an older suite the page shows what it had; it can't be worked out again by this one.
  const ours = files.map(readResults).filter((results) => results.suite === SUITE)

  test('have the figures that their raw data give', () => {
    expect(ours.length, 'no results of this suite').toBeGreaterThan(0)
    for (const results of ours) {
      for (const { name, stored, again } of recomputed(results)) {
        expect(again, `${results.file}, ${name}`).toEqual(stored)
      }
    }
  })

  test('have every benchmark, where they are those of all', () => {
    const everything = suite.filter(({ apart }) => !apart).map(({ name }) => name)
    const full = ours.filter(({ file }) => /^\d{4}-\d\d-\d\d-node\d+\.json$/.test(file))
    expect(full.length, 'no results of all benchmarks').toBeGreaterThan(0)
    for (const { file, benchmarks } of full) {
      expect(
        benchmarks.map(({ name }) => name),
        file,
      ).toEqual(everything)
    }
  })
})
