import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll } from 'vitest'
import { nodeFor } from '../../scripts/nodes.mjs'

/** Has test/fixtures/`name`.cc built, for the Node.js that runs, while the tests of a file run. */
export function fixtureAddon(name: string): { readonly file: string } {
  let built: ReturnType<typeof build> | undefined
  // A compiler on a machine that does much else.
  beforeAll(() => {
    built = build(name)
  }, 300_000)
  afterAll(() => built?.remove())
  return {
    get file() {
      if (built === undefined) throw new Error(`${name} is not built before the tests`)
      return built.file
    },
  }
}

/** In a folder that is the caller's to remove. */
function build(name: string): { readonly file: string; readonly remove: () => void } {
  const folder = mkdtempSync(path.join(tmpdir(), `offloop-${name}-`))
  const source = fileURLToPath(new URL(`../fixtures/${name}.cc`, import.meta.url))
  const { prefix } = nodeFor(Number(process.versions.node.split('.')[0]))
  const file = path.join(folder, `${name}.node`)
  const headers = ['-isystem', path.join(prefix, 'include/node')]
  const options = ['-std=gnu++20', '-shared', '-fPIC', '-fno-exceptions', '-fno-rtti', '-Wall', '-Wextra']
  execFileSync(process.env.CXX ?? 'g++', [...options, ...headers, '-o', file, source], { stdio: 'pipe' })
  return { file, remove: () => rmSync(folder, { recursive: true }) }
}
