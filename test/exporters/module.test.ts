import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { OffloopError } from '../../src/core/errors'
import type { Stall } from '../../src/core/stall'
import { dist } from '../dist'
import { batch } from '../support/batches'
import { Child } from '../support/child'
import { ManualClock, settled } from '../support/manual-clock'

const { ModuleTransport } = dist<typeof import('../../src/exporters/module')>('exporters/module.js')
const { Delivery } = dist<typeof import('../../src/exporters/delivery')>('exporters/delivery.js')

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'offloop-module-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function write(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

/** An exporter of the module `text`, whose back-offs last no time. */
function exporterOf(name: string, text: string, options: unknown = undefined) {
  const reports: OffloopError[] = []
  const path = write(name, text)
  const transport = new ModuleTransport({ path, options }, 'mine')
  const delivery = new Delivery(transport, (error) => reports.push(error), {
    timeoutMs: 5_000,
    random: () => 0,
  })
  return { delivery, messages: () => reports.map(({ message }) => message) }
}

/** What the modules below have written. */
const written = () => readFileSync(join(folder, 'out'), 'utf8').trim().split('\n')
const OUT = () => JSON.stringify(join(folder, 'out'))
const APPEND = (what: string) => `fs.appendFileSync(${OUT()}, ${what} + '\\n')`

describe('a module', () => {
  test.each([
    [
      'ESM',
      'a.mjs',
      () =>
        `import fs from 'node:fs'; export default (o) => ({ export(b) { ${APPEND('o.x + b.sequence')} } })`,
    ],
    [
      'CommonJS',
      'a.cjs',
      () =>
        `const fs = require('node:fs'); module.exports = (o) => ({ export(b) { ${APPEND('o.x + b.sequence')} } })`,
    ],
    [
      'compiled TypeScript',
      'a.cjs',
      () =>
        `const fs = require('node:fs'); Object.defineProperty(exports, '__esModule', { value: true }); exports.default = async (o) => ({ async export(b) { ${APPEND('o.x + b.sequence')} } })`,
    ],
    [
      'a class',
      'a.mjs',
      () =>
        `import fs from 'node:fs'; class E { constructor(o) { this.o = o } export(b) { ${APPEND('this.o.x + b.sequence')} } }; export default (o) => new E(o)`,
    ],
  ])('as %s is called with its options and each batch, in their order', async (_, name, text) => {
    const { delivery, messages } = exporterOf(name, text(), { x: 'n' })
    for (const sequence of [1, 2, 3]) delivery.push(batch(sequence))
    expect(await delivery.flush(5_000)).toBe(true)
    expect(messages()).toEqual([])
    expect(written()).toEqual(['n1', 'n2', 'n3'])
  })

  test.each([
    ['throws when it is loaded', 'throw new Error("no luck")', 'the module cannot be loaded: no luck'],
    ['has a syntax error', 'export default (', 'the module cannot be loaded: '],
    ['imports what is not there', "import './no.mjs'", 'the module cannot be loaded: Cannot find module '],
    ['exports nothing', 'export const x = 1', 'the default export of the module is not a function'],
    ['makes nothing', 'export default () => {}', 'the factory returned nothing that has a function export'],
    ['makes null', 'export default () => null', 'the factory returned nothing that has a function export'],
  ])('that %s is given up: counted, reported once by name', async (_, text, message) => {
    const { delivery, messages } = exporterOf('a.mjs', text)
    for (const sequence of [1, 2]) delivery.push(batch(sequence))
    expect(await delivery.flush(5_000)).toBe(true)
    expect(delivery).toMatchObject({ dropped: 2, failures: 2 })
    expect(messages()).toHaveLength(1)
    expect(messages()[0]).toContain(`exporter mine: ${message}`)
    expect(messages()[0]).toMatch(/; the batch is given up$/)
  })

  test.each([
    [
      'its factory',
      `let n = 0; export default async () => { if (n++ < 2) throw new Error('not yet'); return { export() {} } }`,
    ],
    ['export', 'let n = 0; export default () => ({ async export() { if (n++ < 2) throw "not yet" } })'],
    [
      'export, at once',
      'let n = 0; export default () => ({ export() { if (n++ < 2) throw new Error("not yet") } })',
    ],
  ])('is tried again where %s fails', async (_, text) => {
    const { delivery, messages } = exporterOf('a.mjs', text)
    delivery.push(batch(1))
    while (!(await delivery.flush(1_000)));
    expect(delivery).toMatchObject({ dropped: 0, failures: 2 })
    expect(messages()).toEqual([expect.stringMatching(/^exporter mine: .*not yet; it will be retried$/)])
  })

  test('says by what it throws whether to try again, and when', async () => {
    const path = write('a.mjs', 'export default ({ error }) => ({ export() { throw error } })')
    const thrown = (error: unknown) =>
      new ModuleTransport({ path, options: { error } }, 'mine')
        .send(batch(1), new AbortController().signal)
        .catch((failure: unknown) => failure)
    expect(await thrown({ retry: false })).toMatchObject({ name: 'DeliveryError', retry: false })
    expect(await thrown({ retryAfterMs: 5_000 })).toMatchObject({ retry: true, retryAfterMs: 5_000 })
    expect(await thrown({ retry: 0, retryAfterMs: -1 })).toMatchObject({ retry: true, retryAfterMs: 0 })
    expect(await thrown(null)).toMatchObject({ retry: true, retryAfterMs: 0, message: 'null' })
  })

  test.each<[string, unknown, string]>([
    ['a secret', { apiKey: 's3cret' }, 's3cret'],
    ['text below a secret', { headers: [{ 'x-a': 's3cret' }] }, 's3cret'],
    ['a secret of a Map', { auth: new Map([['x', 's3cret']]) }, 's3cret'],
    ['a secret in a Map', new Map([['password', 's3cret']]), 's3cret'],
    ['a secret in a Set', { tokens: new Set(['s3cret']) }, 's3cret'],
    ['a number', { pin: 1, token: 123_456 }, '123456'],
    ['a password in a URL', { url: 'amqp://ann:s3cret@host/' }, 's3cret'],
    ['a password in a URL, decoded', { url: 'amqp://ann:s3%40cret@host/' }, 's3@cret'],
    ['a query', ['https://host/in?write=s3cret'], 's3cret'],
  ])('that tells %s in an error is not quoted with it', async (_, options, secret) => {
    const text = `export default () => { throw new Error('refused\\n\\u001b[2J${secret}' + ' and so on'.repeat(100)) }`
    const { delivery, messages } = exporterOf('a.mjs', text, options)
    delivery.push(batch(1))
    expect(await delivery.flush(200)).toBe(false)
    delivery.close()
    expect(messages()).toEqual([
      expect.stringMatching(/^exporter mine: the factory failed: refused \[2J\*\*\* and so on[^\p{Cc}]*…; /u),
    ])
    expect(messages()[0]?.length).toBeLessThan(300)
  })

  test('is told by its signal that it takes too long', async () => {
    const clock = new ManualClock()
    const text = `import fs from 'node:fs'; export default () => ({
      export(b, signal) {
        signal.addEventListener('abort', () => ${APPEND('"aborted"')})
        ${APPEND('"called"')}
        return new Promise(() => {})
      } })`
    const transport = new ModuleTransport({ path: write('a.mjs', text), options: undefined }, 'mine')
    const delivery = new Delivery(transport, () => {}, { timeoutMs: 5_000, clock })
    delivery.push(batch(1))
    // Loading takes turns of the loop that no clock counts.
    await vi.waitFor(() => expect(written()).toEqual(['called']), 10_000)
    await clock.advance(5_000)
    expect(delivery.failures).toBe(1)
    expect(written()).toEqual(['called', 'aborted'])
    delivery.close()
  })

  test('is closed once, if it was ever made, and may fail at that', async () => {
    const text = `import fs from 'node:fs'; export default () => ({ export() {}, async close() { ${APPEND('"closed"')}; throw 1 } })`
    const { delivery } = exporterOf('a.mjs', text)
    delivery.push(batch(1))
    await delivery.flush(5_000)
    delivery.close()
    delivery.close()
    await settled()
    expect(written()).toEqual(['closed'])
    exporterOf('b.mjs', text).delivery.close()
    expect(written()).toEqual(['closed'])
  })
})

test('in a process: those that fail are named and counted, and harm neither the host nor each other', async () => {
  const good = write(
    'good.mjs',
    `import fs from 'node:fs'
    import { isMainThread } from 'node:worker_threads'
    export default () => ({ export(b) { ${APPEND('JSON.stringify({ isMainThread, batch: b })')}; b.metrics = null } })`,
  )
  const unloadable = write('unloadable.cjs', 'throw new Error("cannot start")')
  const throwing = write(
    'throwing.mjs',
    'export default () => ({ export(b) { b.metrics.length = 0; throw new Error("cannot export") } })',
  )
  const child = new Child('modules.cjs', { args: [unloadable, throwing, good] })
  const { errors, metrics } = await child.next<{
    errors: string[]
    metrics: { name: string; labels: object; value: number }[]
  }>()
  expect((await child.exited).code).toBe(0)
  expect(errors.sort()).toEqual([
    'exporter throwing: cannot export; it will be retried',
    'exporter unloadable: the module cannot be loaded: cannot start; the batch is given up',
  ])
  const failures = metrics.filter(({ name }) => name === 'offloop_export_failures_total')
  expect(failures.map(({ labels }) => (labels as { exporter: string }).exporter)).toEqual([
    'unloadable',
    'throwing',
    'good',
  ])
  expect(failures.map(({ value }) => value > 0)).toEqual([true, true, false])
  const batches = written().map(
    (line) => JSON.parse(line) as { isMainThread: boolean; batch: { metrics: unknown[] } },
  )
  expect(batches.length).toBeGreaterThan(2)
  for (const { isMainThread, batch } of batches) {
    expect(isMainThread).toBe(false)
    expect(batch.metrics.length).toBeGreaterThan(5)
  }
})

describe('stalls', () => {
  const stall: Stall = {
    id: 1,
    thread: 'main',
    startedAt: 1,
    durationMs: 1_000,
    ongoing: true,
    cause: 'native',
    gcMs: 0,
  }

  test('are told to a module that wants to hear of them', async () => {
    const text = `
      import fs from 'node:fs'
      export default () => ({ export() {}, stall(stall) { ${APPEND('JSON.stringify(stall)')} } })`
    const { delivery } = exporterOf('stalls.mjs', text)
    delivery.stall(stall)
    await vi.waitFor(() => expect(written().map((line) => JSON.parse(line))).toEqual([stall]))
    delivery.close()
    delivery.stall(stall)
    expect(written()).toHaveLength(1)
  })

  test('are nothing to one that does not, or that fails', async () => {
    const { delivery, messages } = exporterOf('none.mjs', 'export default () => ({ export() {} })')
    delivery.stall(stall)
    const failing = exporterOf(
      'failing.mjs',
      "export default () => ({ export() {}, stall() { throw new Error('no') } })",
    )
    failing.delivery.stall(stall)
    for (const one of [delivery, failing.delivery]) {
      one.push(batch(1))
      expect(await one.flush(5_000)).toBe(true)
    }
    expect([...messages(), ...failing.messages()]).toEqual([])
  })
})
