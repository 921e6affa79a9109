import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { NAMES, pageFile, publishedPage } from '../benchmarks/publish-event-loop.mjs'

test.each(NAMES)(
  'every figure of a benchmark in docs/%s.md is that of a results file in the repository',
  (name) => {
    expect(readFileSync(pageFile(name), 'utf8')).toBe(publishedPage(name))
  },
)
