import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import type { OffloopError } from '../../src/core/errors'
import type { Exporter } from '../../src/exporters/exporter'
import { dist } from '../dist'
import { batch } from '../support/batches'
import { TinyObsServer } from '../support/tinyobs-server'

const { createExporters } = dist<typeof import('../../src/exporters/create')>('exporters/create.js')

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean()
})

function create(urls: readonly string[], report: (error: OffloopError) => void = () => {}): Exporter[] {
  const settings = urls.map(
    (url) => ({ type: 'tinyobs', url, key: 'k', timeoutMs: 5_000, names: 'canonical' }) as const,
  )
  const exporters = createExporters(settings, report)
  cleanUp.push(() => {
    for (const exporter of exporters) exporter.close()
  })
  return exporters
}

describe('createExporters', () => {
  it('gives each a name of its own', () => {
    const urls = ['http://localhost:1/', 'http://localhost:2/', 'http://localhost:3/']
    expect(create(urls).map(({ name }) => name)).toEqual(['tinyobs', 'tinyobs#2', 'tinyobs#3'])
    expect(create([])).toEqual([])
  })

  it('makes exporters that deliver and report under their names', async () => {
    const server = await TinyObsServer.start({ key: 'k' })
    cleanUp.push(() => server.close())
    const reports: OffloopError[] = []
    const [first, second] = create([server.url, `${server.url}/wrong`], (error) => reports.push(error))
    for (const exporter of [first, second]) {
      exporter?.push(batch(1))
      expect(await exporter?.flush(5_000)).toBe(true)
    }
    expect(server.stored).toHaveLength(1)
    expect(first).toMatchObject({ dropped: 0, failures: 0 })
    expect(second).toMatchObject({ dropped: 1, failures: 1 })
    expect(reports.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^exporter tinyobs#2: .* 404/),
    ])
  })

  it('loads only what is configured', () => {
    const compiled = fileURLToPath(new URL('../../dist/exporters/create.js', import.meta.url))
    const script = `
      const { createExporters } = require(${JSON.stringify(compiled)})
      const loaded = () => Object.keys(require.cache).some((path) => /(tinyobs|delivery)\\.js$/.test(path))
      createExporters([], () => {})
      console.log(loaded())
      createExporters([{ type: 'tinyobs', url: 'http://localhost:1/', key: undefined, timeoutMs: 1 }], () => {})
      console.log(loaded())`
    expect(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' })).toBe('false\ntrue\n')
  })
})
