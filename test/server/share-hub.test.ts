import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, unlinkSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join as joinPath } from 'node:path'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Batch } from '../../src/core/batch'
import type { ShownStall, Stall } from '../../src/core/stall'
import type { Hello } from '../../src/server/share-protocol'
import type { StallSource } from '../../src/server/share-stalls'
import { dist } from '../dist'
import { batch, gauge } from '../support/batches'
import { eventually } from '../support/shared'

const { HUB_LIMITS, ShareHub } = dist<typeof import('../../src/server/share-hub')>('server/share-hub.js')
const { join } = dist<typeof import('../../src/server/share-link')>('server/share-link.js')
const { Lines, MAX_LINE, PROTOCOL, readToServing } =
  dist<typeof import('../../src/server/share-protocol')>('server/share-protocol.js')

const HELLO: Hello = {
  type: 'hello',
  protocol: PROTOCOL,
  options: 'same',
  pid: 1,
  worker: undefined,
  service: 'api',
  intervalMs: 60_000,
}

async function hub(
  limits: Partial<typeof HUB_LIMITS> = {},
  names: 'canonical' | 'prom-client' = 'canonical',
) {
  const folder = mkdtempSync(joinPath(tmpdir(), 'offloop-hub-'))
  const path = joinPath(folder, 'x.sock')
  const told: ShownStall[] = []
  const serving = new ShareHub(HELLO, names, 'http://serving', (stall) => told.push(stall), {
    ...HUB_LIMITS,
    ...limits,
  })
  onTestFinished(() => {
    serving.close()
    rmSync(folder, { recursive: true })
  })
  await serving.listen(path)
  return { serving, path, told }
}

const QUIET: StallSource = { list: () => [], onStall: () => () => {} }
const ANSWERS = { look: () => Promise.resolve(batch(1)), stalls: QUIET, dropped: () => {} }

const STACK = [
  { functionName: 'spin', place: { file: '/app/a.js', line: 1, column: 2 } },
  { functionName: '' },
]

function stall(id: number, changed: Partial<Stall> = {}): Stall {
  const startedAt = 1_700_000_000_000 + id
  return {
    id,
    thread: 'main',
    startedAt,
    durationMs: 1_000,
    ongoing: false,
    cause: 'code',
    gcMs: 0,
    ...changed,
  }
}

const told = (one: object) => ({ type: 'stall', stall: one, news: true })

/** What a process has told of its stalls. */
class Stalls implements StallSource {
  readonly listeners = new Set<(stall: Stall) => void>()
  #stalls: Stall[] = []

  list(): readonly Stall[] {
    return this.#stalls
  }

  onStall(listener: (stall: Stall) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  tell(stall: Stall): void {
    this.#stalls = [stall, ...this.#stalls.filter(({ id }) => id !== stall.id)]
    for (const listener of this.listeners) listener(stall)
  }
}

/** A connection that answers questions with `answer`, whatever that is. */
async function raw(path: string, first: string, answer?: string) {
  const socket = connect(path)
  onTestFinished(() => {
    socket.destroy()
  })
  await once(socket, 'connect')
  let heard = ''
  let ended = false
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    heard += chunk
    if (answer !== undefined && chunk.includes('"look"')) socket.write(answer)
  })
  socket.on('error', () => {})
  socket.on('close', () => {
    ended = true
  })
  socket.write(first)
  return { socket, heard: () => heard, ended: () => ended }
}

async function joined(path: string, look: () => Promise<Batch>, pid = 2, stalls: StallSource = QUIET) {
  const dropped = { count: 0 }
  const link = await join(path, { ...HELLO, pid }, { look, stalls, dropped: () => dropped.count++ })
  onTestFinished(() => link.close())
  return { link, dropped }
}

const values = (batches: readonly Batch[]) =>
  batches.flatMap(({ metrics }) => metrics.map(({ value }) => value))
const line = (message: unknown) => `${JSON.stringify(message)}\n`
const long = (bytes: number): Batch => {
  const one = gauge('long', 1, { text: 'x'.repeat(1_000) })
  return batch(1, Array(Math.ceil(bytes / 1_000)).fill(one))
}

describe('those that joined', () => {
  test('are asked at each look, and their figures are those of that instant', async () => {
    const { serving, path } = await hub()
    let now = 0
    await joined(path, () => Promise.resolve(batch(1, [gauge('x', ++now)])))
    const first = await eventually(async () => values(await serving.scraped())[0] as number | undefined)
    expect(values(await serving.scraped())).toEqual([first + 1])
    expect(values(await serving.sampled())).toEqual([first + 2])
    expect(serving.processes()).toMatchObject([{ pid: 2, service: 'api', serves: false }])
  })

  test('and answer late are shown as they were, with the age of that', async () => {
    const { serving, path } = await hub()
    const age = gauge('offloop_sample_age_seconds', 1)
    let answers = true
    await joined(path, () => (answers ? Promise.resolve(batch(1, [age])) : new Promise(() => {})))
    await eventually(async () => values(await serving.scraped())[0])
    answers = false
    const before = performance.now()
    await serving.scraped()
    const [shown] = values(await serving.scraped()) as number[]
    expect(shown).toBeGreaterThan(1.05)
    expect(shown).toBeLessThanOrEqual(1 + (performance.now() - before + 1_000) / 1_000)
  })

  test('end with their connection', async () => {
    const { serving, path } = await hub()
    const { link } = await joined(path, () => Promise.resolve(batch(1)))
    await eventually(async () => (await serving.scraped())[0])
    link.close()
    await eventually(async () => (await serving.scraped()).length === 0 || undefined)
    expect(serving.processes()).toEqual([])
  })

  test('are told where the server is, and when it is gone', async () => {
    const { serving, path } = await hub()
    const { link } = await joined(path, () => Promise.resolve(batch(1)))
    expect(link.url).toBe('http://serving')
    serving.close()
    await link.closed
    expect(existsSync(path)).toBe(false)
  })

  test('drop, and count, what is too long or fails, and are asked again', async () => {
    const { serving, path } = await hub()
    const answers = [long(MAX_LINE), undefined, batch(1, [gauge('x', 7)])]
    const { dropped } = await joined(path, () => {
      const answer = answers.length > 1 ? answers.shift() : answers[0]
      return answer === undefined ? Promise.reject(new Error('no figures')) : Promise.resolve(answer)
    })
    expect(await eventually(async () => values(await serving.scraped())[0])).toBe(7)
    expect(dropped.count).toBe(2)
  })
})

describe('stalls of those that joined', () => {
  test('are told as they happen, with whose they are, and kept', async () => {
    const { serving, path, told } = await hub()
    const source = new Stalls()
    await joined(path, ANSWERS.look, 2, source)
    source.tell(stall(1, { ongoing: true }))
    await eventually(() => told.length === 1 || undefined)
    const before = serving.stalls([])[0] as ShownStall
    // It was told once, and goes on.
    expect(before.durationMs).toBeGreaterThan(stall(1).durationMs)
    expect(before).toEqual({ ...stall(1, { ongoing: true }), pid: 2, durationMs: before.durationMs })
    expect(serving.stalls([])[0]?.durationMs).toBeGreaterThanOrEqual(before.durationMs)
    source.tell(stall(1, { ongoing: true, stack: STACK }))
    await eventually(() => told.length === 2 || undefined)
    source.tell(stall(1, { stack: STACK }))
    await eventually(() => told.length === 3 || undefined)
    expect(serving.stalls([])).toEqual([{ ...stall(1, { stack: STACK }), pid: 2 }])
    expect(told.map(({ ongoing, stack }) => [ongoing, stack?.length])).toEqual([
      [true, undefined],
      [true, 2],
      [false, 2],
    ])
  })

  test('are those of processes with the same numbers, beside our own, the newest first', async () => {
    const { serving, path } = await hub()
    const source = new Stalls()
    await joined(path, ANSWERS.look, 2, source)
    await joined(path, ANSWERS.look, 3, source)
    source.tell(stall(1))
    await eventually(() => serving.stalls([]).length === 2 || undefined)
    const own = [stall(2, { startedAt: stall(1).startedAt + 1 }), stall(1, { startedAt: 1 })]
    expect(serving.stalls(own).map(({ pid, id }) => [pid, id])).toEqual([
      [undefined, 2],
      ...[expect.anything(), expect.anything()],
      [undefined, 1],
    ])
    expect(new Set(serving.stalls([]).map(({ pid }) => pid))).toEqual(new Set([2, 3]))
  })

  test('from before they joined are kept and are no news, those that go on are', async () => {
    const { serving, path, told } = await hub()
    const source = new Stalls()
    for (let id = 1; id <= 5; id++) source.tell(stall(id, { ongoing: id === 5 }))
    await joined(path, ANSWERS.look, 2, source)
    await eventually(() => serving.stalls([]).length === 5 || undefined)
    expect(told.map(({ id }) => id)).toEqual([5])
  })

  test('end with their process', async () => {
    const { serving, path, told } = await hub()
    const source = new Stalls()
    const { link } = await joined(path, ANSWERS.look, 2, source)
    source.tell(stall(1, { ongoing: true, startedAt: Date.now() - 5_000 }))
    await eventually(() => told.length === 1 || undefined)
    expect(source.listeners.size).toBe(1)
    link.close()
    await eventually(() => told.length === 2 || undefined)
    expect(told[1]).toMatchObject({ pid: 2, ongoing: false })
    expect(told[1]?.durationMs).toBeGreaterThanOrEqual(5_000)
    expect(serving.stalls([])).toEqual([told[1]])
    expect(source.listeners.size).toBe(0)
  })

  test('are the newest where there are too many', async () => {
    const { serving, path } = await hub()
    const source = new Stalls()
    await joined(path, ANSWERS.look, 2, source)
    for (let id = 1; id <= 250; id++) source.tell(stall(id))
    await eventually(() => serving.stalls([]).some(({ id }) => id === 250) || undefined)
    const ids = serving.stalls([]).map(({ id }) => id)
    expect(ids.length).toBeLessThanOrEqual(100)
    // The first was told at once, and of what waited then a hundred.
    expect(Math.min(...ids.filter((id) => id !== 1))).toBe(151)
  })

  test('have texts that end', async () => {
    const { serving, path } = await hub()
    const source = new Stalls()
    await joined(path, ANSWERS.look, 2, source)
    const long = `data:text/javascript,${'x'.repeat(MAX_LINE)}`
    const place = { file: long, line: 1, column: 1 }
    source.tell(stall(1, { stack: [{ functionName: long, place, original: place }] }))
    const [kept] = await eventually(() => (serving.stalls([]).length > 0 ? serving.stalls([]) : undefined))
    expect(JSON.stringify(kept).length).toBeLessThan(4_000)
  })
})

describe('ended is a connection', () => {
  test.each<[string, string, string?]>([
    ['that says nothing of ours', 'GET / HTTP/1.1\r\n\r\n'],
    ['of an unknown message', line({ type: 'shutdown' })],
    ['of no object', line([])],
    ['that joins twice', line(HELLO) + line(HELLO)],
    ['that has not joined', line({ type: 'batch', batch: batch(1) })],
    ['that tells more than it is asked', line(HELLO), line({ type: 'none' }).repeat(2)],
    ['that tells more stalls than it is asked', line(HELLO), line(told(stall(1))).repeat(2)],
    ['with a stall that is none', line(HELLO), line(told({ ...stall(1), cause: 'boredom' }))],
    ['with a stack that is none', line(HELLO), line(told({ ...stall(1), stack: [null] }))],
    ['with a stack without end', line(HELLO), line(told(stall(1, { stack: Array(65).fill(STACK[0]) })))],
    ['whose line never ends', 'x'.repeat(MAX_LINE + 1)],
    [
      'with a name that would break the text',
      line(HELLO),
      line({ type: 'batch', batch: batch(1, [gauge('a\nb 1', 1)]) }),
    ],
    [
      'with a label that would',
      line(HELLO),
      line({ type: 'batch', batch: batch(1, [gauge('a', 1, { 'x"': '' })]) }),
    ],
    ['with no number', line(HELLO), line({ type: 'batch', batch: batch(1, [gauge('a', Number.NaN)]) })],
    [
      'with no histogram',
      line(HELLO),
      line({ type: 'batch', batch: batch(1, [{ name: 'a', type: 'histogram', value: 1, labels: {} }]) }),
    ],
  ])('%s', async (_, first, answer) => {
    const { serving, path } = await hub()
    const { ended } = await raw(path, first, answer)
    await eventually(() => ended() || undefined)
    expect(await serving.scraped()).toEqual([])
    // The next one is none the worse.
    await joined(path, () => Promise.resolve(batch(1, [gauge('x', 1)])))
    await eventually(async () => values(await serving.scraped())[0])
  })

  test('that says nothing', async () => {
    const { path } = await hub({ helloMs: 50 })
    const { ended } = await raw(path, '')
    await eventually(() => ended() || undefined)
  })

  test.each<[string, Partial<Hello>, RegExp]>([
    [
      'of another version',
      { protocol: PROTOCOL + 1, options: undefined as never },
      /they need the same offloop/,
    ],
    ['of other options', { options: 'other' }, /other options serve\.token/],
  ])('%s, which is told why', async (_, fields, reason) => {
    const { path } = await hub()
    await expect(join(path, { ...HELLO, ...fields }, ANSWERS)).rejects.toThrow(reason)
  })

  test('that needs more room than there is', async () => {
    const { serving, path } = await hub({ maxBytes: 100_000 })
    const { link } = await joined(path, () => Promise.resolve(batch(1, [gauge('x', 1)])))
    const greedy = await joined(path, () => Promise.resolve(long(200_000)))
    await greedy.link.closed
    expect(await eventually(async () => values(await serving.scraped()))).toEqual([1])
    link.close()
  })

  test('beyond the greatest number of them', async () => {
    const { path } = await hub({ maxPeers: 1 })
    await joined(path, () => Promise.resolve(batch(1)))
    await expect(join(path, HELLO, ANSWERS)).rejects.toThrow()
  })

  test('whose figures cannot be renamed, at the scrape that finds it', async () => {
    const { serving, path } = await hub({}, 'prom-client')
    // No histogram: JSON has null for it.
    const wrong = gauge('nodejs_gc_duration_seconds', Number.NaN, { thread: 'main' })
    const { link } = await joined(path, () => Promise.resolve(batch(1, [wrong])))
    let ended = false
    void link.closed.then(() => {
      ended = true
    })
    await eventually(async () => {
      expect(await serving.scraped()).toEqual([])
      return ended || undefined
    })
  })
})

describe('a process that joins', () => {
  test.each<[string, (socket: Socket) => void]>([
    ['what is no offloop', (socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['what closes at once', (socket) => socket.destroy()],
    ['what says nothing', () => {}],
  ])('gives up on %s', async (_, behave) => {
    const folder = mkdtempSync(joinPath(tmpdir(), 'offloop-link-'))
    const path = joinPath(folder, 'x.sock')
    const sockets: Socket[] = []
    const server = createServer((socket) => {
      sockets.push(socket.on('error', () => {}))
      behave(socket)
    }).listen(path)
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy()
      server.close()
      rmSync(folder, { recursive: true })
    })
    await once(server, 'listening')
    await expect(join(path, HELLO, ANSWERS)).rejects.toThrow()
  })

  test('where nobody is gets told so', async () => {
    await expect(join('/nowhere/x.sock', HELLO, ANSWERS)).rejects.toThrow(
      'no process that shares it is at /nowhere/x.sock',
    )
  })
})

test('a socket that is removed, or was left by a process that died, is made anew', async () => {
  const { serving, path } = await hub()
  unlinkSync(path)
  await serving.listen(path)
  const { link } = await joined(path, () => Promise.resolve(batch(1)))
  // Those that have joined stay when the next one is removed.
  unlinkSync(path)
  await serving.listen(path)
  await joined(path, () => Promise.resolve(batch(1)), 3)
  await eventually(async () => (await serving.scraped()).length === 2 || undefined)
  expect(link.url).toBe('http://serving')
})

test('lines come out as they went in, however they are cut', () => {
  const texts = fc.array(
    fc.string({ unit: 'grapheme', maxLength: 20 }).filter((text) => !text.includes('\n')),
  )
  fc.assert(
    fc.property(texts, fc.array(fc.nat({ max: 40 }), { maxLength: 20 }), (expected, cuts) => {
      const bytes = Buffer.from(expected.map((text) => `${text}\n`).join(''))
      const lines = new Lines()
      const found: string[] = []
      let at = 0
      for (const cut of [...cuts, bytes.length]) {
        found.push(...lines.push(bytes.subarray(at, at + cut)))
        at = Math.min(bytes.length, at + cut)
      }
      expect(found).toEqual(expected)
      expect(lines.bytes).toBe(0)
    }),
  )
})

function checkStall({ thread, startedAt, durationMs, ongoing, cause, stack = [] }: Stall): void {
  expect(typeof thread).toBe('string')
  expect(Number.isFinite(startedAt + durationMs)).toBe(true)
  expect(typeof ongoing).toBe('boolean')
  expect(['code', 'gc', 'native', 'debugger']).toContain(cause)
  for (const { functionName, place } of stack) {
    expect(typeof functionName).toBe('string')
    if (place !== undefined) expect(typeof place.file).toBe('string')
  }
}

test('whatever a line holds, it is a message of ours or refused', () => {
  const rights = [{ type: 'batch', batch: batch(1, [gauge('x', 1)]) }, told(stall(1, { stack: STACK }))]
  const wrong = fc.oneof(fc.jsonValue(), fc.constantFrom('batch', 'hello', '__proto__', 1e308, null))
  const places = fc.constantFrom(
    'type',
    'batch',
    'metrics',
    'descriptions',
    'labels',
    'value',
    'name',
    'service',
    'stall',
    'cause',
    'ongoing',
    'stack',
    'functionName',
    'place',
    'file',
    'line',
  )
  fc.assert(
    fc.property(fc.constantFrom(...rights), places, wrong, fc.string(), (right, place, value, noise) => {
      const changed = JSON.stringify(right, (key, before) => (key === place ? value : before))
      for (const one of [changed, noise]) {
        let message: ReturnType<typeof readToServing>
        try {
          message = readToServing(one)
        } catch (error) {
          expect(error).toBeInstanceOf(Error)
          continue
        }
        if (message.type === 'stall') checkStall(message.stall)
        if (message.type !== 'batch') continue
        for (const { name, labels } of message.batch.metrics) {
          expect(name).toMatch(/^[a-zA-Z_:][a-zA-Z0-9_:]*$/)
          expect(Object.values(labels).every((label) => typeof label === 'string')).toBe(true)
          expect(Object.hasOwn(message.batch.descriptions, name)).toBe(true)
        }
      }
    }),
    { numRuns: 2_000 },
  )
})
