// Makes the pictures of the page that README.md and docs/ show, by the tests that open it in a browser, and notes of
// which sources they are:
//
//   npm run pictures
//
// Some minutes on a quiet machine: what they show is measured. test/pictures.test.ts says when they are old.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { transformSync } from 'esbuild'
import { fail, root } from './tools.mjs'

export const NOTE = path.join(root, 'docs/images/sources.sha256')
/** The tests that make them, each with the part of its name. */
const MAKERS = [
  ['test/page/page.test.ts', 'is readable in'],
  ['test/scenarios.test.ts', 'a leak|pressure on the collector|a stall'],
]
/** The sentences on the cards, and figures. */
const SENTENCES = [
  'src/core/figures.ts',
  'src/core/words.ts',
  'src/server/heap-verdict.ts',
  'src/server/verdicts.ts',
]

/** Of what changes how the page looks: not of comments, nor of how code is laid out. */
export function hashOfSources() {
  const hash = createHash('sha256')
  const page = readdirSync(path.join(root, 'src/page')).map((file) => `src/page/${file}`)
  for (const file of [...page, ...SENTENCES].sort()) {
    const loader = /** @type {import('esbuild').Loader | 'html'} */ (path.extname(file).slice(1))
    if (loader === 'json') continue
    const text = readFileSync(path.join(root, file), 'utf8')
    hash.update(`${file}\n`)
    hash.update(loader === 'html' ? text : transformSync(text, { loader, minify: true }).code)
  }
  return hash.digest('hex')
}

function make() {
  for (const [file = '', name = ''] of MAKERS) {
    const { status } = spawnSync('npx', ['vitest', 'run', file, '-t', name], {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, OFFLOOP_PICTURES: '1' },
    })
    if (status !== 0) fail(`${file} failed: the pictures of before may be there in part`)
  }
  writeFileSync(NOTE, `${hashOfSources()}\n`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) make()
