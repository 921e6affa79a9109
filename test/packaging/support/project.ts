import { copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { nodeFor, supported } from '../../../scripts/nodes.mjs'
import { type Ended, run } from './run.ts'

/** The supported releases of Node.js: [major, its binary]. */
export const NODES = supported.map((major): [number, string] => [major, nodeFor(major).bin])

/** What fixtures/uses.cjs tells. */
export interface Told {
  readonly node: string
  readonly arch: string
  readonly source: string
  readonly cycles: number
  readonly pauseNs: number
  readonly heapUsed: number
  readonly heapObjects?: number
}

const FIXTURES = fileURLToPath(new URL('../fixtures', import.meta.url))

/** An application of somebody else's, in a folder of its own. */
export class Project {
  readonly folder = mkdtempSync(join(tmpdir(), 'offloop-project-'))
  readonly offloop = join(this.folder, 'node_modules', 'offloop')

  constructor() {
    writeFileSync(join(this.folder, 'package.json'), '{ "name": "shop", "version": "1.0.0" }')
    copyFileSync(join(FIXTURES, 'uses.cjs'), join(this.folder, 'uses.cjs'))
    copyFileSync(join(FIXTURES, 'preloaded.cjs'), join(this.folder, 'preloaded.cjs'))
  }

  /** As it comes out of the tarball, with no package manager. */
  unpack(from: string): this {
    mkdirSync(dirname(this.offloop), { recursive: true })
    cpSync(from, this.offloop, { recursive: true })
    return this
  }

  run(
    command: string,
    args: readonly string[],
    env: Record<string, string | undefined> = {},
  ): Promise<Ended> {
    return run(command, args, { cwd: this.folder, env: { ...cleanEnvironment(), ...env } })
  }

  /** The same, with that Node.js as `node`. */
  runWith(
    node: string,
    command: string,
    args: readonly string[],
    env: Record<string, string | undefined> = {},
  ) {
    return this.run(command, args, { PATH: `${dirname(node)}${delimiter}${process.env.PATH}`, ...env })
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Of a user who has configured nothing, and does not know of the npm that runs this. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|NODE_OPTIONS$|OFFLOOP_|VITEST|NODE_ENV$|CI$)/i.test(name),
  )
  return Object.fromEntries(kept)
}

/** What uses.cjs told, which must have gone well but for what is on stderr. */
export function told({ code, stdout, stderr }: Ended): Told & { stderr: string } {
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: expect.stringMatching(/^\{.*\}\n$/), stderr })
  return { ...(JSON.parse(stdout) as Told), stderr }
}

/** That the figures came from the addon, by itself. */
export function expectNative(
  { stderr, ...figures }: Told & { stderr: string },
  abi: string,
  arch = 'x64',
): void {
  expect({ ...figures, stderr }).toMatchObject({ stderr: '', source: 'native', node: abi, arch })
  expect(figures.cycles).toBeGreaterThanOrEqual(5)
  expect(figures.pauseNs).toBeGreaterThan(0)
  expect(figures.heapUsed).toBeGreaterThan(1_000_000)
  expect(figures.heapObjects).toBeGreaterThan(1_000)
}
