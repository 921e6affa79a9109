import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildSync } from 'esbuild'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Stall } from '../../src/core/stall'
import { Child } from '../support/child'
import { Debugger } from '../support/debugger'
import { listStalls, pause, scrapeStalls, WORKER, whenStalled } from '../support/stalls'

const threads = (given: object, more: { execArgv?: string[] } = {}) =>
  new Child('stall-threads.cjs', { args: [JSON.stringify(given)], ...more })

async function urlOf(child: Child): Promise<string> {
  return (await child.next<{ url: string }>()).url
}

/** The newest stall, once it is as `wanted`. */
async function stallOf(url: string, wanted: (stall: Stall) => boolean): Promise<Stall> {
  const until = Date.now() + 20_000
  for (;;) {
    const [stall] = (await listStalls(url)).stalls
    if (stall !== undefined && (wanted(stall) || Date.now() > until)) return stall
    await pause(20)
  }
}

test('a main script that takes long is a stall, from the start of the sampler on', async () => {
  const child = threads({ startupMs: 2_500 })
  // Each may come first.
  const messages = [await child.next<object>(), await child.next<object>()]
  const { stall } = Object.assign({}, ...messages) as { stall: Stall }
  expect(stall).toMatchObject({ id: 1, thread: 'main', ongoing: false, cause: 'code' })
  expect(stall.durationMs).toBeGreaterThan(2_400)
  expect(stall.stack?.some(({ place }) => place?.file.endsWith('stall-threads.cjs'))).toBe(true)
})

describe('a worker that is stuck', () => {
  const given = { workers: { stuck: 'spinning' }, options: { stall: { workers: true } } }

  test('is noticed with its stack, and told of when it is terminated', async () => {
    const child = threads(given)
    const url = await urlOf(child)
    expect(await whenStalled(url, undefined, WORKER)).toMatchObject({ total: 1, stalled: 1 })
    const during = await stallOf(url, ({ stack }) => stack !== undefined)
    expect(during).toMatchObject({ ongoing: true, cause: 'code' })
    expect(during.thread).toMatch(WORKER)
    expect(during.stack?.[0]?.functionName).toBe('spin')
    expect(await scrapeStalls(url)).toMatchObject({ total: 0, stalled: 0 })
    child.send({ terminate: true })
    const { stall } = await child.next<{ stall: Stall }>()
    expect(stall).toMatchObject({ id: 1, thread: during.thread, ongoing: false, cause: 'code' })
  })

  test('holds up neither stop() nor the exit', async () => {
    const child = threads(given)
    const url = await urlOf(child)
    await whenStalled(url, undefined, WORKER)
    child.send({ stop: true })
    expect(await child.next()).toEqual({ stopped: true })
    expect((await child.exited).code).toBe(0)
  })
})

describe('places in the original source', () => {
  function compiled(): string {
    const folder = mkdtempSync(join(tmpdir(), 'offloop-stall-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const source = join(folder, 'spin.ts')
    const code = 'interface Unused {\n  readonly a: string\n}\n\n'
    writeFileSync(
      source,
      `${code}export function spin(ms: number): void {\n  for (const end = Date.now() + ms; Date.now() < end; );\n}\n`,
    )
    const outfile = join(folder, 'out', 'spin.js')
    buildSync({ entryPoints: [source], outfile, sourcemap: 'linked', format: 'cjs', minify: true })
    return outfile
  }

  test.each([
    ['where source maps are enabled', ['--enable-source-maps'], true],
    ['not where they are not', [], false],
  ])('%s', async (_, execArgv, mapped) => {
    const file = compiled()
    const child = new Child('stalls.cjs', { args: ['module', '3000', file], execArgv })
    const url = await urlOf(child)
    child.send({ go: true })
    const stall = await stallOf(url, ({ ongoing, stack }) => !ongoing && stack !== undefined)
    const frame = stall.stack?.find(({ place }) => place?.file === file)
    expect(frame).toBeDefined()
    if (mapped) expect(frame?.original).toMatchObject({ file: join(file, '../../spin.ts'), line: 6 })
    else expect(frame).not.toHaveProperty('original')
  })

  test('where they are enabled later, from the stall after the next one on', async () => {
    const file = compiled()
    const child = new Child('stalls.cjs', { args: ['module', '1500', file] })
    const url = await urlOf(child)
    for (const mapped of [false, true]) {
      child.send({ go: true, sourceMaps: true })
      const stall = await stallOf(url, ({ id, ongoing }) => id === (mapped ? 2 : 1) && !ongoing)
      const frame = stall.stack?.find(({ place }) => place?.file === file)
      expect(frame !== undefined && 'original' in frame).toBe(mapped)
      await pause(200)
    }
  })
})

test('a debugger that pauses the thread is told from a stall', async () => {
  const child = threads({ load: 'busy' }, { execArgv: ['--inspect=0'] })
  let stderr = ''
  child.process.stderr?.on('data', (chunk: string) => {
    stderr += chunk
  })
  const url = await urlOf(child)
  const inspector = await new Promise<string>((resolve) => {
    const check = () => {
      const [, found] = /listening on (ws:\S+)/.exec(stderr) ?? []
      if (found !== undefined) resolve(found)
      else setTimeout(check, 20)
    }
    check()
  })
  const attached = await Debugger.attach(inspector)
  attached.send('Debugger.enable')
  attached.send('Debugger.pause')
  const paused = await stallOf(url, ({ cause }) => cause !== 'code')
  expect(paused).toMatchObject({ ongoing: true, cause: 'debugger' })
  attached.send('Debugger.resume')
  const { stall } = await child.next<{ stall: Stall }>()
  expect(stall).toMatchObject({ id: paused.id, ongoing: false, cause: 'debugger' })
  expect(stderr).not.toContain('is stuck')
})
