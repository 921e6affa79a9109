import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder, nodeFor } from '../../../scripts/nodes.mjs'
import { must } from './run.ts'

export interface Manager {
  readonly name: string
  /** The Node.js that runs it: npm 12 needs 22.22. */
  readonly node: string
  readonly script: string
  readonly install: readonly string[]
}

// Pinned, so that a failure is ours and not a new release's.
const PINNED = [
  {
    name: 'npm',
    version: '11.19.1',
    major: 20,
    entry: 'bin/npm-cli.js',
    install: ['install', '--foreground-scripts'],
  },
  {
    name: 'npm',
    version: '12.2.0',
    major: 24,
    entry: 'bin/npm-cli.js',
    install: ['install', '--foreground-scripts'],
  },
  { name: 'pnpm', version: '10.34.9', major: 20, entry: 'bin/pnpm.cjs', install: ['add'] },
  { name: 'pnpm', version: '12.21.0', major: 20, entry: 'bin/pnpm.mjs', install: ['add'] },
]

/** Package managers as they are in the registry, fetched at first use. */
export const MANAGERS = PINNED.map(({ name, version, major, entry, install }): [string, () => Manager] => [
  `${name} ${version}`,
  () => ({
    name,
    node: nodeFor(major).bin,
    script: join(fetched(name, version), 'node_modules', name, entry),
    install,
  }),
])

export function manager(name: string): Manager {
  const [, find] = MANAGERS.find(([title]) => title.startsWith(name)) ?? []
  if (find === undefined) throw new Error(`no ${name}`)
  return find()
}

function fetched(name: string, version: string): string {
  const folder = join(cacheFolder(), `${name}-${version}`)
  if (existsSync(folder)) return folder
  mkdirSync(cacheFolder(), { recursive: true })
  const partial = mkdtempSync(join(cacheFolder(), 'partial-'))
  must('npm', [
    'install',
    '--prefix',
    partial,
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    `${name}@${version}`,
  ])
  try {
    renameSync(partial, folder)
  } catch (error) {
    rmSync(partial, { recursive: true })
    // Another process was first.
    if (!existsSync(folder)) throw error
  }
  return folder
}
