import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'

// A binary of 100 MB for one platform: installed here and not as a dependency.
const PACKAGE = '@oven/bun-linux-x64@1.4.5'
const SCRIPT = fileURLToPath(new URL('../fixtures/bundled.cjs', import.meta.url))

let folder: string
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'offloop-bun-'))
  execFileSync('npm', ['install', '--prefix', folder, '--no-save', PACKAGE], { stdio: 'pipe' })
}, 120_000)
afterAll(() => rmSync(folder, { recursive: true }))

test('in Bun heap figures are sampled, what it does not tell is absent, and one line says so', () => {
  const bun = path.join(folder, 'node_modules/@oven/bun-linux-x64/bin/bun')
  const { status, stdout, stderr } = spawnSync(bun, [SCRIPT], { encoding: 'utf8', timeout: 20_000 })
  expect(status, stderr).toBe(0)
  const told = JSON.parse(stdout) as { ready: string; names: string[]; gcCycles: string }
  expect(told).toMatchObject({ ready: 'ready', gcCycles: 'NaN' })
  expect(told.names).toContain('nodejs_heap_size_used_bytes')
  expect(told.names).not.toContain('nodejs_gc_cycles_total')
  expect(stderr).toMatch(/^offloop: measuring with perf_hooks, because .*\n$/)
})
