import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { hashOfSources, NOTE } from '../scripts/pictures.mjs'

const read = (file: string) => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8')

test('the pictures of the page show the page as it is', () => {
  const noted = existsSync(NOTE) ? readFileSync(NOTE, 'utf8').trim() : ''
  expect(noted, 'docs/images are of another page: npm run pictures').toBe(hashOfSources())
})

test('every picture of the page is shown somewhere', () => {
  const shown = ['README.md', 'docs/page.md', 'docs/reading-the-charts.md'].map(read).join('\n')
  for (const name of ['page-light', 'page-dark', 'leak', 'thrash', 'stall']) {
    expect(shown).toContain(`images/${name}.png`)
  }
})
