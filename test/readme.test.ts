import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { published, strayPictures } from '../benchmarks/publish.mjs'
import { dist } from './dist'

const root = fileURLToPath(new URL('../', import.meta.url))
const readme = readFileSync(`${root}README.md`, 'utf8')

test('every figure here and in docs/benchmarks.md is that of a results file in the repository', () => {
  const files = published()
  expect([...files.keys()]).toEqual(expect.arrayContaining(['README.md', 'docs/benchmarks.md']))
  for (const [name, text] of files) {
    const written = existsSync(root + name) ? readFileSync(root + name, 'utf8') : ''
    expect(written, `${name}: node benchmarks/publish.mjs`).toBe(text)
  }
  expect(strayPictures(files)).toEqual([])
})

test('every npm script and every file that it names is there', () => {
  const { scripts } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
    scripts: Record<string, string>
  }
  for (const [, name = ''] of readme.matchAll(/npm (?:run )?(start|test|[a-z:]+)`/g)) {
    if (!['install', 'ci'].includes(name)) expect(Object.keys(scripts)).toContain(name)
  }
  for (const [, file = ''] of readme.matchAll(/\]\(([\w./-]+)\)/g)) readFileSync(`${root}${file}`)
})

test('its table of metrics is that of the package', () => {
  const { metrics } = dist<typeof import('../src/core/metrics')>('core/metrics.js')
  const names: string[] = metrics.filter((metric) => 'go' in metric).map(({ name }) => name)
  const told = [...readme.matchAll(/^\| `(nodejs_\w+)(?:\{kind\})?` \|/gm)].map(([, name]) => name)
  expect(told).toEqual(names)
})
