import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { PAGE, publishedPage } from '../benchmarks/publish-event-loop.mjs'

test('every figure on the page about the event loop is that of a results file in the repository', () => {
  expect(readFileSync(PAGE, 'utf8')).toBe(publishedPage())
})
