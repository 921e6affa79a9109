// Writes the figures of the newest run of all benchmarks into README.md, between its two marks, and into
// docs/benchmarks.md with its pictures:
//
//   node benchmarks/publish.mjs
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { fullRuns, readResults } from './harness/results.mjs'
import { page } from './publish/page.mjs'
import { readmeWith } from './publish/readme.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const pictures = path.join(root, 'docs/benchmarks')

/** All that is published, by path from the root, from the newest results of a run of all benchmarks on Node.js 20. */
export function published() {
  const file = fullRuns('20').at(-1)
  if (file === undefined) throw new Error('no results: npm run bench')
  const results = readResults(file)
  const readme = readFileSync(path.join(root, 'README.md'), 'utf8')
  const pages = [...page(results, newestOfOthers())].map(
    ([name, text]) => /** @type {[string, string]} */ ([`docs/${name}`, text]),
  )
  return new Map([['README.md', readmeWith(readme, results)], ...pages])
}

/** Pictures in docs/ that nothing made. @param {ReadonlyMap<string, string>} files */
export function strayPictures(files) {
  if (!existsSync(pictures)) return []
  return readdirSync(pictures)
    .map((name) => `docs/benchmarks/${name}`)
    .filter((name) => !files.has(name))
}

export function publish() {
  const files = published()
  for (const name of strayPictures(files)) rmSync(path.join(root, name))
  mkdirSync(pictures, { recursive: true })
  for (const [name, text] of files) writeFileSync(path.join(root, name), text)
}

/** The newest file of each other major. */
function newestOfOthers() {
  const newest = new Map(fullRuns().map((name) => [/node(\d+)/.exec(name)?.[1], name]))
  newest.delete('20')
  return [...newest.values()]
}

if (process.argv[1] === fileURLToPath(import.meta.url)) publish()
