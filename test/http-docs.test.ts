import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Verdict } from '../src/core/status'
import { dist } from './dist'
import { send } from './support/http'
import { serving } from './support/serving'

const { Evidence } = dist<typeof import('../src/server/evidence')>('server/evidence.js')
const { WORDS } = dist<typeof import('../src/core/status')>('core/status.js')
const { verdicts } = dist<typeof import('../src/server/verdicts')>('server/verdicts.js')

const page = readFileSync(new URL('../docs/http.md', import.meta.url), 'utf8')
/** First and second cells of the tables, without backquotes. */
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) => line.split('|').map((cell) => cell.replaceAll('`', '').trim()))

test('docs/http.md has every path, and no other', async () => {
  const { body } = await send(`${await serving()}/nothing`)
  const { error } = JSON.parse(body.toString()) as { error: string }
  const served = error.split('there are ')[1]?.split(', ') ?? []
  expect(served.length).toBeGreaterThan(5)
  const described = rows.map(([, path = '']) => path).filter((path) => path.startsWith('/'))
  expect(described.sort()).toEqual(served.sort())
})

test('docs/http.md has the parameters that each path takes', async () => {
  const url = await serving()
  for (const [, path = '', parameters = ''] of rows.filter(([, cell]) => cell?.startsWith('/v1/'))) {
    const { status, body } = await send(`${url}${path}?stranger=1`)
    expect(status, path).toBe(400)
    const { error } = JSON.parse(body.toString()) as { error: string }
    expect(error, path).toContain(parameters === '' ? 'there are none here' : `there are ${parameters}`)
  }
})

test('docs/http.md has every verdict', () => {
  const ids = verdicts(new Evidence([], 'main', 0)).map(({ id }) => id)
  const described = rows.map(([, id]) => id as Verdict['id']).filter((id) => !id.startsWith('/'))
  expect(described).toEqual(ids)
  const told = rows.filter(([, id]) => id !== undefined && id in WORDS)
  expect(told.map(([, id, words]) => [id, words?.split(', ')])).toEqual(
    Object.entries(WORDS).map(([id, words]) => [id, words.filter((word) => word !== 'unknown')]),
  )
})
