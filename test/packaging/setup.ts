// Before the packaging tests: the tools, the tarball, one project that has it installed.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TestProject } from 'vitest/node'
import { arm64NodeFor, nodeFor, supported } from '../../scripts/nodes.mjs'
import { must } from './support/run.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** What `npm pack` made. */
    readonly tarball: string
    /** The package as it is in the tarball. Not to be changed. */
    readonly unpacked: string
  }
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** What this suite takes from Debian, and `.ci/run` installs. */
const TOOLS = [
  { tool: 'qemu-aarch64', from: 'qemu-user' },
  { tool: 'aarch64-linux-gnu-g++', from: 'g++-aarch64-linux-gnu' },
  { tool: 'aarch64-linux-gnu-objdump', from: 'binutils-aarch64-linux-gnu' },
  { tool: 'musl-gcc', from: 'musl-tools' },
  { tool: 'g++', from: 'g++' },
  { tool: 'objdump', from: 'binutils' },
]

export default function setUp(project: TestProject): () => void {
  // No test is skipped for want of a tool: what was not run was not shown.
  const missing = TOOLS.filter(({ tool }) => spawnSync(tool, ['--version']).error !== undefined)
  if (missing.length > 0) {
    const names = missing.map(({ tool }) => tool).join(', ')
    const packages = missing.map(({ from }) => from).join(' ')
    throw new Error(`the packaging tests need ${names}: apt-get install ${packages}`)
  }
  const folder = mkdtempSync(join(tmpdir(), 'offloop-packaging-'))
  const packed = join(folder, 'packed')
  mkdirSync(packed)
  must('npm', ['pack', '--pack-destination', packed], { cwd: ROOT })
  const tarball = join(packed, readdirSync(packed)[0] as string)
  must('tar', ['-xzf', tarball, '-C', folder])
  // Downloaded now, so that no test waits for it.
  for (const major of supported) {
    nodeFor(major)
    arm64NodeFor(major)
  }
  project.provide('tarball', tarball)
  project.provide('unpacked', join(folder, 'package'))
  return () => rmSync(folder, { recursive: true, force: true })
}
