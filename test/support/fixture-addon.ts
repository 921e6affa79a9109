import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { nodeFor } from '../../scripts/nodes.mjs'

/** Builds test/fixtures/`name`.cc for the Node.js that runs, in a folder that is the caller's to remove. */
export function buildFixtureAddon(name: string): { readonly file: string; readonly remove: () => void } {
  const folder = mkdtempSync(path.join(tmpdir(), `offloop-${name}-`))
  const source = fileURLToPath(new URL(`../fixtures/${name}.cc`, import.meta.url))
  const { prefix } = nodeFor(Number(process.versions.node.split('.')[0]))
  const file = path.join(folder, `${name}.node`)
  const headers = ['-isystem', path.join(prefix, 'include/node')]
  const options = ['-std=gnu++20', '-shared', '-fPIC', '-fno-exceptions', '-fno-rtti', '-Wall', '-Wextra']
  execFileSync(process.env.CXX ?? 'g++', [...options, ...headers, '-o', file, source], { stdio: 'pipe' })
  return { file, remove: () => rmSync(folder, { recursive: true }) }
}
