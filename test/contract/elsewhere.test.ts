import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'
import { describe, expect, test } from 'vitest'

const SCRIPT = fileURLToPath(new URL('../fixtures/bundled.cjs', import.meta.url))
// Below the package, so that `offloop` is found by name.
const OUT = fileURLToPath(new URL('../../test-artifacts/bundles/', import.meta.url))

function run(command: string, file: string) {
  const { status, stdout, stderr } = spawnSync(command, [file], { encoding: 'utf8', timeout: 20_000 })
  expect(status, stderr).toBe(0)
  const lines = stderr.split('\n').filter((line) => line !== '')
  return { told: JSON.parse(stdout) as { ready: string; names: string[]; gcCycles: string }, lines }
}

describe('bundled by esbuild', () => {
  const bundle = (outfile: string, external: string[]) => {
    buildSync({ entryPoints: [SCRIPT], bundle: true, platform: 'node', outfile, external, logLevel: 'error' })
    return outfile
  }

  test('with offloop external, all of it works', () => {
    const { told, lines } = run(process.execPath, bundle(path.join(OUT, 'external.cjs'), ['offloop']))
    expect(told.ready).toBe('ready')
    expect(told.names).toContain('nodejs_heap_objects')
    expect(lines).toEqual([])
  })

  test('without, the host runs on, counters count, and it says what is lost and what to do', () => {
    const { told, lines } = run(process.execPath, bundle(path.join(OUT, 'inlined.cjs'), []))
    expect(told).toMatchObject({
      ready: 'ERR_OFFLOOP_SAMPLING_THREAD',
      gcCycles: expect.stringMatching(/^\d+$/),
    })
    expect(lines).toEqual([expect.stringMatching(/nothing is sampled.*must leave offloop external/)])
  })
})
