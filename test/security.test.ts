import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../', import.meta.url))
const promises = readFileSync(`${root}SECURITY.md`, 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| promise') && !line.startsWith('| who'))
  .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '')))
  // Those who are trusted, and with what, are three cells.
  .filter((cells) => cells.length === 2) as [string, string][]

test('SECURITY.md makes promises', () => {
  expect(promises.length).toBeGreaterThan(20)
})

test.each(promises)('%s', (_, shownBy) => {
  const named = [...shownBy.matchAll(/`((?:test|scripts)\/[\w/.-]+)`([^;`]*)/g)]
  expect(named).not.toHaveLength(0)
  for (const [, file = '', titles = ''] of named) {
    const text = readFileSync(`${root}${file}`, 'utf8')
    for (const [, title = ''] of titles.matchAll(/"([^"]+)"/g)) {
      expect(
        [`'${title}'`, `"${title}"`, `\`${title}\``].some((quoted) => text.includes(quoted)),
        `${file}: ${title}`,
      ).toBe(true)
    }
  }
})
