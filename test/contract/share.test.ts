import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import type { ShownStall } from '../../src/core/stall'
import type { Status } from '../../src/core/status'
import { Child } from '../support/child'
import { parseOpenMetrics } from '../support/exposition'
import { freePort } from '../support/free-port'
import { eventually, health, pidsIn, scrape } from '../support/shared'
import { listStalls } from '../support/stalls'

const CLUSTER_INTERVAL_MS = 2_000

// Processes that are killed leave their sockets, each at a port of its own.
const runtime = mkdtempSync(join(tmpdir(), 'offloop-run-'))
process.env.XDG_RUNTIME_DIR = runtime
afterAll(() => rmSync(runtime, { recursive: true }))

interface Said {
  readonly worker: string
  readonly url?: string
  readonly pid?: number
  readonly app?: number
  readonly blocks?: boolean
  readonly from?: number
  readonly until?: number
  readonly code?: string
}

/** A cluster whose samplers are all ready: its workers' IDs by process ID. */
async function cluster(workers: number, primaryToo = false) {
  const port = await freePort()
  const child = new Child('clustered.cjs', { args: [String(workers), String(port), primaryToo ? '1' : '0'] })
  const ids = new Map<string, string>()
  const urls = new Set<string | undefined>()
  let app = 0
  while (urls.size === 0 || ids.size < workers + Number(primaryToo)) {
    const said = await child.next<Said>()
    expect(said.code).toBeUndefined()
    app = said.app ?? app
    if (said.pid === undefined) continue
    ids.set(String(said.pid), said.worker)
    urls.add(said.url)
  }
  expect([...urls]).toEqual([`http://127.0.0.1:${port}`])
  return { child, ids, url: [...urls][0] as string, app: `http://127.0.0.1:${app}` }
}

const CONNECTIONS = 8

/** Requests to the port of the cluster itself, one after the other on each of several connections that are kept. */
class Load {
  /** By the process that answered. */
  readonly answers = new Map<string, number>()
  readonly errors: Error[] = []
  readonly #agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  readonly #ended: Promise<unknown>
  #stopped = false

  constructor(url: string) {
    onTestFinished(() => this.stop())
    this.#ended = Promise.all(
      Array.from({ length: CONNECTIONS }, async () => {
        while (!this.#stopped) {
          try {
            const pid = await this.#get(url)
            this.answers.set(pid, (this.answers.get(pid) ?? 0) + 1)
          } catch (error) {
            this.errors.push(error as Error)
          }
        }
      }),
    )
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#ended
    this.#agent.destroy()
  }

  /** A connection that was handed to a worker that is killed then may stay open, and be answered by nobody. */
  #get(url: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const options = { agent: this.#agent, timeout: 5_000 }
      const request = get(url, options, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk
        })
        response.on('end', () => resolve(text))
        response.on('error', reject)
      })
      request.on('timeout', () => request.destroy(new Error('no answer')))
      request.on('error', reject)
    })
  }
}

/** Values of all counters, seen by one scrape after the other: those that went down. */
class Counters {
  readonly #seen = new Map<string, number>()
  readonly fallen: string[] = []

  see(families: Awaited<ReturnType<typeof scrape>>): void {
    for (const { type, samples } of families.values()) {
      if (type !== 'counter' && type !== 'histogram') continue
      for (const { name, labels, value } of samples) {
        const key = JSON.stringify([name, labels])
        const before = this.#seen.get(key)
        if (before !== undefined && value < before) this.fallen.push(`${key}: ${before} → ${value}`)
        this.#seen.set(key, value)
      }
    }
  }
}

test('of a cluster of 4 under load one worker serves for all, and when it is killed another one does', async () => {
  const { child, ids, url, app } = await cluster(4)
  const load = new Load(app)
  const counters = new Counters()
  const seen = async () => {
    const families = await scrape(url)
    counters.see(families)
    return families
  }
  const live = new Set(ids.keys())
  const allShown = () =>
    eventually(async () => {
      const families = await seen()
      return pidsIn(families).join() === [...live].sort().join() ? families : undefined
    })

  for (let left = 4; left > 1; left--) {
    const families = await allShown()
    for (const { samples } of families.values()) {
      for (const { labels } of samples) expect(ids.get(labels.pid ?? '')).toBe(labels.worker)
    }
    const serving = (await health(url))?.pid as number
    expect(live).toContain(String(serving))

    // Who answers was seen by all that live, and nobody else.
    load.answers.clear()
    await eventually(() => [...live].every((one) => load.answers.has(one)) || undefined)
    const errors = load.errors.length
    process.kill(serving, 'SIGKILL')
    const killedAt = performance.now()
    live.delete(String(serving))
    const { pid } = await eventually(() => health(url))
    // It takes a tenth of a second, however long the intervals are.
    expect(performance.now() - killedAt).toBeLessThan(2 * CLUSTER_INTERVAL_MS)
    expect(live).toContain(String(pid))
    load.answers.clear()
    await eventually(() => load.answers.size > 0 || undefined)
    // Those of the connections of the one that is gone.
    expect(load.errors.length - errors).toBeLessThanOrEqual(CONNECTIONS)
  }
  const last = await allShown()
  expect(pidsIn(last)).toHaveLength(1)
  expect(pidsIn(last, 'nodejs_eventloop_turn_seconds').length).toBeGreaterThan(0)
  expect(counters.fallen).toEqual([])
  await load.stop()
  child.kill()
})

test('another worker serves within two intervals while the main threads of all of them, and the primary, are blocked', async () => {
  const { child, ids, url } = await cluster(4)
  const counters = new Counters()
  await eventually(async () => {
    const families = await scrape(url)
    counters.see(families)
    return pidsIn(families).length === 4 || undefined
  })
  const serving = (await health(url))?.pid as number
  const BLOCK_MS = 6_000
  child.send({ blockMs: BLOCK_MS })
  let begins = 0
  for (let blocked = 0; blocked < 5; ) {
    const said = await child.next<Said>()
    if (said.blocks !== true) continue
    blocked++
    begins = Math.max(begins, said.from as number)
  }
  // The block itself begins a moment after it is told.
  await new Promise((resolve) => setTimeout(resolve, 100))
  process.kill(serving, 'SIGKILL')
  const killedAt = Date.now()
  const { pid } = await eventually(() => health(url))
  const servesAt = Date.now()
  expect(pid).not.toBe(serving)
  expect(servesAt - killedAt).toBeLessThan(2 * CLUSTER_INTERVAL_MS)
  // All that are left, and nobody's main thread has run since.
  const shown = await eventually(async () => {
    const families = await scrape(url)
    counters.see(families)
    return pidsIn(families).length === 3 ? families : undefined
  })
  const stalled = shown.get('nodejs_eventloop_stalls_total')?.samples ?? []
  expect(stalled.map(({ labels }) => labels.pid)).not.toContain(String(serving))
  let ends = Number.POSITIVE_INFINITY
  for (let ended = 0; ended < 4; ) {
    const said = await child.next<Said>()
    if (said.blocks !== false) continue
    ended++
    ends = Math.min(ends, said.until as number)
  }
  expect(begins).toBeLessThan(killedAt)
  expect(servesAt).toBeLessThan(ends)
  await eventually(async () => {
    counters.see(await scrape(url))
    return true
  })
  expect(counters.fallen).toEqual([])
  expect([...ids.keys()]).toContain(String(pid))
  child.kill()
})

test('a stall of any worker is shown by the one that serves, while it lasts: its stack, and whose it is', async () => {
  const { child, ids, url } = await cluster(4)
  await eventually(async () => (await health(url))?.processes === 4 || undefined)
  const serving = (await health(url))?.pid
  const stuck = Number([...ids.keys()].find((pid) => pid !== String(serving)))
  const worker = ids.get(String(stuck))
  const heard: ShownStall[] = []
  const stream = await fetch(`${url}/v1/events`)
  void listen(stream, heard).catch(() => {})

  child.send({ pid: stuck, blockMs: 8_000 })
  expect((await child.next<Said>()).blocks).toBe(true)
  const ours = async () => (await listStalls(url)).stalls.find(({ pid }) => pid === stuck)
  const during = await eventually(async () => {
    const found = await ours()
    return found?.stack === undefined ? undefined : found
  })
  expect(during).toMatchObject({ pid: stuck, worker, thread: 'main', ongoing: true, cause: 'code' })
  expect(during.stack?.[0]?.functionName).toBe('spin')
  const { processes } = (await (await fetch(`${url}/v1/status`)).json()) as Status
  const stalled = processes?.filter((one) => one.stalled)
  expect(stalled).toMatchObject([{ pid: stuck, worker, serves: false }])
  // It goes on, and is not as long as it was when it was told.
  const later = (await ours()) as ShownStall
  const seenAt = Date.now()
  expect(later.durationMs).toBeGreaterThan(during.durationMs)

  const { until } = (await child.next<Said>()) as { until: number }
  expect(seenAt).toBeLessThan(until)
  const over = await eventually(async () => {
    const found = await ours()
    return found?.ongoing === false ? found : undefined
  })
  // All but the rounding of two figures.
  expect(over.durationMs).toBeGreaterThan(later.durationMs - 2)
  expect(over.durationMs).toBeLessThan(Date.now() - over.startedAt)
  await eventually(() => heard.some(({ pid, ongoing }) => pid === stuck && !ongoing) || undefined)
  const told = heard.filter(({ pid }) => pid === stuck)
  expect(told[0]).toMatchObject({ pid: stuck, worker, ongoing: true })
  expect(told.some(({ ongoing, stack }) => ongoing && stack?.[0]?.functionName === 'spin')).toBe(true)
  // Who serves next knows of it too.
  process.kill(serving as number, 'SIGKILL')
  expect(await eventually(ours)).toEqual(over)
  child.kill()
})

/** Keeps the stalls of an event stream. */
async function listen(stream: Response, heard: ShownStall[]): Promise<void> {
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of stream.body as ReadableStream<Uint8Array>) {
    const messages = (text + decoder.decode(chunk, { stream: true })).split('\n\n')
    text = messages.pop() ?? ''
    for (const message of messages) {
      const [, data] = /^event: stall\ndata: (.*)$/.exec(message) ?? []
      if (data !== undefined) heard.push(JSON.parse(data) as ShownStall)
    }
  }
}

test('while the worker that serves is blocked, scrapes go on and are fresh', async () => {
  const { child, ids, url } = await cluster(2)
  await eventually(async () => (pidsIn(await scrape(url)).length === 2 ? true : undefined))
  const serving = (await health(url))?.pid as number
  child.send({ pid: serving, blockMs: 3_000 })
  while ((await child.next<Said>()).blocks !== true);
  let done = false
  const ended = child.next<Said>().then((said) => {
    expect(said.blocks).toBe(false)
    done = true
  })
  const other = [...ids.keys()].find((pid) => pid !== String(serving)) as string
  const seconds: number[] = []
  while (!done) {
    const families = await scrape(url)
    if (done) break
    expect(pidsIn(families)).toHaveLength(2)
    const sample = families
      .get('nodejs_thread_seconds_total')
      ?.samples.find(({ labels }) => labels.pid === other)
    seconds.push(sample?.value as number)
  }
  await ended
  expect(seconds.length).toBeGreaterThan(3)
  // Each has figures of its own instant, and not those of a sample every two seconds.
  expect(new Set(seconds).size).toBeGreaterThan(3)
  child.kill()
})

test('the primary of a cluster shares too, and its series have no label more than before', async () => {
  const { child, ids, url } = await cluster(2, true)
  const primary = child.process.pid
  const families = await eventually(async () => {
    const found = await scrape(url)
    return pidsIn(found).length === 3 ? found : undefined
  })
  const workers = [...ids.keys()].filter((pid) => pid !== String(primary))
  expect(pidsIn(families)).toEqual(['', ...workers.sort()])
  expect(
    families.get('nodejs_threads')?.samples.find(({ labels }) => labels.pid === undefined)?.labels,
  ).toEqual({ service: 'clustered' })
  // The store has what a scrape has.
  const { data } = await eventually(async () => {
    const answer = await fetch(`${url}/v1/query/range?metric=nodejs_threads`)
    const found = (await answer.json()) as { data: { labels: { pid?: string } }[] }
    return found.data.length === 3 ? found : undefined
  })
  expect(data.map(({ labels }) => labels.pid ?? '').sort()).toEqual(['', ...workers.sort()])
  child.kill()
})

test('a cluster that is measured without code shares one port, its primary included', async () => {
  const port = await freePort()
  const env = { OFFLOOP_SERVE: String(port), OFFLOOP_INTERVAL_MS: '500' }
  const child = new Child('clustered.cjs', {
    args: ['2', '0', '0'],
    execArgv: ['--require', 'offloop/register'],
    env,
  })
  const workers = new Map<string, string>()
  while (workers.size < 2) {
    const { pid, worker } = await child.next<Said>()
    if (pid !== undefined) workers.set(String(pid), worker)
  }
  const families = await eventually(async () => {
    const found = await scrape(`http://127.0.0.1:${port}`)
    return pidsIn(found).length === 3 ? found : undefined
  })
  expect(pidsIn(families)).toEqual(['', ...[...workers.keys()].sort()])
  for (const { labels } of families.get('nodejs_threads')?.samples ?? []) {
    expect(labels.worker).toBe(workers.get(labels.pid ?? ''))
  }
  child.kill()
})

interface Told {
  readonly url?: string
  readonly code?: string
  readonly message?: string
  readonly done?: string
}

/** What a process of the user `uid` gets from the socket at `path`. By Python: its binary is where all may run it. */
async function connecting(path: string, uid: number): Promise<string> {
  const script = `
import errno, os, socket, sys
os.setgroups([]); os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[2]))
try:
    socket.socket(socket.AF_UNIX).connect(sys.argv[1])
    print('connected')
except OSError as error: print(errno.errorcode[error.errno])
`
  const { stdout } = await promisify(execFile)('python3', ['-c', script, path, String(uid)])
  return stdout.trim()
}

function service(name: string, serve: object, env: Record<string, string> = {}, intervalMs = 500): Child {
  const options = { service: name, intervalMs, serve }
  return new Child('shares.cjs', { args: [JSON.stringify(options)], execArgv: ['--expose-gc'], env })
}

/** Both are ready, and the first one serves. */
async function two(serve: object = {}) {
  const port = await freePort()
  const a = service('a', { port, share: true, ...serve })
  const { url } = (await a.next<Told>()) as { url: string }
  const b = service('b', { port, share: true, ...serve })
  expect(await b.next<Told>()).toEqual({ url })
  return { a, b, url, port }
}

const both = (url: string) =>
  eventually(async () => {
    const families = await scrape(url)
    return pidsIn(families).length === 2 ? families : undefined
  })

describe('serve.share', () => {
  test.each(['canonical', 'go', 'prom-client'])('under the names %s', async (names) => {
    const { a, b, url } = await two({ names })
    const pids = [a.process.pid, b.process.pid].map(String).sort()
    a.send('collect')
    b.send('collect')
    const families = await eventually(async () => {
      const found = await scrape(url)
      return pidsIn(found, 'orders_seconds').length === 10 ? found : undefined
    })
    expect(pidsIn(families)).toEqual(pids)
    // The parser refuses what is there twice.
    for (const { name, samples } of families.values()) {
      for (const { labels } of samples) expect(pids, name).toContain(labels.pid)
    }
    for (const name of {
      canonical: ['nodejs_heap_size_used_bytes', 'nodejs_gc_duration_seconds'],
      go: ['go_memstats_heap_alloc_bytes', 'go_gc_cycles_total', 'go_goroutines'],
      'prom-client': [
        'nodejs_eventloop_lag_p99_seconds',
        'nodejs_active_handles',
        'nodejs_gc_duration_seconds',
      ],
    }[names] as string[]) {
      await eventually(async () => {
        expect(new Set(pidsIn(await scrape(url), name))).toEqual(new Set(pids))
        return true
      })
    }
    const accept = { headers: { Accept: 'application/openmetrics-text' } }
    parseOpenMetrics(await (await fetch(`${url}/metrics`, accept)).text())
    a.kill()
    b.kill()
  })

  test('the status is that of the process that serves', async () => {
    const { a, b, url } = await two()
    await both(url)
    const status = await eventually(async () => {
      const answer = await fetch(`${url}/v1/status`)
      const found = (await answer.json()) as { pid: number; sequence: number; threads: { thread: string }[] }
      return found.sequence > 4 ? found : undefined
    })
    expect(status.pid).toBe(a.process.pid)
    expect(status.threads.map(({ thread }) => thread)).toEqual(['main'])
    a.kill()
    b.kill()
  })

  test('what is pushed is as it is without', async () => {
    const { a, b } = await two({})
    a.send('batch')
    const { pushed } = await a.next<{ pushed: { pid?: string; service: string }[] }>()
    expect(pushed.length).toBeGreaterThan(50)
    for (const { pid, service } of pushed) expect([undefined, 'mine', service]).toContain(pid ?? service)
    expect(pushed.filter(({ pid }) => pid !== undefined)).toHaveLength(1)
    a.kill()
    b.kill()
  })

  test('stop() hands the port over', async () => {
    const { a, b, url } = await two()
    a.send('stop')
    expect(await a.next<Told>()).toEqual({ done: 'stop' })
    const { pid, processes } = await eventually(() => health(url))
    expect([pid, processes]).toEqual([b.process.pid, 1])
    a.kill()
    b.kill()
  })

  test('a sampling thread that ends hands the port over, and shares again when it is back', async () => {
    const { a, b, url } = await two()
    await both(url)
    a.send('crash')
    await eventually(async () => (await health(url))?.pid === b.process.pid || undefined)
    expect(pidsIn(await both(url))).toEqual([a.process.pid, b.process.pid].map(String).sort())
    expect((await health(url))?.pid).toBe(b.process.pid)
    a.kill()
    b.kill()
  })

  test('a process that stands still is not shown for longer than two intervals, and is when it goes on', async () => {
    const { a, b, url } = await two()
    await both(url)
    b.kill('SIGSTOP')
    await eventually(async () => pidsIn(await scrape(url)).length === 1 || undefined)
    b.kill('SIGCONT')
    await both(url)
    a.kill()
    b.kill()
  })

  test('what a killed process leaves behind is no obstacle', async () => {
    const { a, b, url, port } = await two()
    b.kill()
    await b.exited
    a.kill()
    await a.exited
    const c = service('c', { port, share: true })
    expect(await c.next<Told>()).toEqual({ url })
    const d = service('d', { port, share: true })
    expect(await d.next<Told>()).toEqual({ url })
    expect(pidsIn(await both(url))).toEqual([c.process.pid, d.process.pid].map(String).sort())
    c.kill()
    d.kill()
  })

  test('a port that another program has is told once, and taken when it is free', async () => {
    const port = await freePort()
    const foreign = createServer((socket) => socket.destroy()).listen(port, '127.0.0.1')
    await once(foreign, 'listening')
    const a = service('a', { port, share: true })
    const { code, message } = await a.next<Told>()
    expect([code, message]).toEqual([
      'ERR_OFFLOOP_ADDRESS_IN_USE',
      expect.stringContaining(`127.0.0.1:${port} is in use: end what listens there`),
    ])
    foreign.close()
    const url = `http://127.0.0.1:${port}`
    expect((await eventually(() => health(url))).pid).toBe(a.process.pid)
    a.kill()
  })

  test('a process that serves for itself has its socket, which only its cluster knows, until it stops', async () => {
    const TMPDIR = mkdtempSync(join(tmpdir(), 'offloop-alone-'))
    onTestFinished(() => rmSync(TMPDIR, { recursive: true }))
    for (const [share, sockets] of [
      [false, 0],
      [undefined, 1],
    ] as const) {
      const alone = service('alone', { port: await freePort(), share }, { TMPDIR, XDG_RUNTIME_DIR: '' })
      const { url } = (await alone.next<Told>()) as { url: string }
      expect(pidsIn(await scrape(url))).toEqual([''])
      const found = () => readdirSync(TMPDIR).flatMap((folder) => readdirSync(join(TMPDIR, folder)))
      expect(found()).toHaveLength(sockets)
      for (const name of found()) expect(name).toContain(`.${alone.process.pid}.sock`)
      alone.send('stop')
      await alone.next<Told>()
      expect(found()).toEqual([])
      alone.kill()
    }
  })

  test('who does not share, or serves otherwise, is told that the port is in use', async () => {
    const { a, b, url, port } = await two()
    const alone = service('alone', { port })
    expect(await alone.next<Told>()).toMatchObject({
      code: 'ERR_OFFLOOP_ADDRESS_IN_USE',
      message: expect.not.stringContaining('share'),
    })
    const otherwise = service('otherwise', { port, share: true, token: 'secret-token' })
    expect(await otherwise.next<Told>()).toMatchObject({
      code: 'ERR_OFFLOOP_ADDRESS_IN_USE',
      message: expect.stringContaining('other options serve.token, serve.names or serve.hosts'),
    })
    expect(pidsIn(await both(url))).toEqual([a.process.pid, b.process.pid].map(String).sort())
    for (const child of [a, b, alone, otherwise]) child.kill()
    expect((await a.exited).stderr.match(/may not share the port/g)).toHaveLength(1)
  })

  test.skipIf(process.getuid?.() !== 0)(
    'nobody but its user can open the socket: another one, tried by root, may not',
    async () => {
      // All may enter what is around it, so that it is our folder that keeps them out.
      const TMPDIR = mkdtempSync(join(tmpdir(), 'offloop-share-'))
      onTestFinished(() => rmSync(TMPDIR, { recursive: true }))
      chmodSync(TMPDIR, 0o1777)
      const a = service('a', { port: await freePort(), share: true }, { TMPDIR, XDG_RUNTIME_DIR: '' })
      await a.next<Told>()
      const folder = join(TMPDIR, `offloop-${process.geteuid?.()}`)
      const [name = ''] = readdirSync(folder)
      const path = join(folder, name)
      expect(statSync(folder).mode & 0o777).toBe(0o700)
      expect(await connecting(path, 0)).toBe('connected')
      expect(await connecting(path, 65_534)).toBe('EACCES')
      // A socket of its own kind that is open to all lets the same process in.
      const open = createServer().listen({ path: join(TMPDIR, 'open.sock'), writableAll: true })
      onTestFinished(() => void open.close())
      await once(open, 'listening')
      expect(await connecting(join(TMPDIR, 'open.sock'), 65_534)).toBe('connected')
      a.kill()
    },
  )

  test('a folder that others can enter is not used, and that is told', async () => {
    const TMPDIR = mkdtempSync(join(tmpdir(), 'offloop-share-'))
    onTestFinished(() => rmSync(TMPDIR, { recursive: true }))
    const folder = join(TMPDIR, `offloop-${process.geteuid?.()}`)
    mkdirSync(folder)
    chmodSync(folder, 0o755)
    const env = { TMPDIR, XDG_RUNTIME_DIR: '' }
    const port = await freePort()
    const a = service('a', { port, share: true }, env)
    const reason = `${folder}: it is open to other users, with mode 755 in place of 700`
    expect(await a.next<Told>()).toEqual({
      code: 'ERR_OFFLOOP_LISTEN',
      message: `no other process can share 127.0.0.1:${port}: ${reason}`,
    })
    expect(await a.next<Told>()).toEqual({ url: `http://127.0.0.1:${port}` })
    const b = service('b', { port, share: true }, env)
    expect(await b.next<Told>()).toEqual({
      code: 'ERR_OFFLOOP_ADDRESS_IN_USE',
      message: expect.stringContaining(`It cannot be shared: ${reason}`),
    })
    // Once it is as it should be the processes find each other.
    chmodSync(folder, 0o700)
    await both(`http://127.0.0.1:${port}`)
    a.kill()
    b.kill()
  })
})

test('without code: OFFLOOP_SERVE_SHARE', async () => {
  const port = await freePort()
  const env = { OFFLOOP_SERVE: String(port), OFFLOOP_SERVE_SHARE: '1', OFFLOOP_INTERVAL_MS: '500' }
  const execArgv = ['--require', 'offloop/register']
  const children = ['a', 'b'].map(() => new Child('preloaded.cjs', { execArgv, env }))
  const families = await both(`http://127.0.0.1:${port}`)
  expect(pidsIn(families)).toEqual(children.map(({ process }) => String(process.pid)).sort())
  for (const child of children) child.kill()
})
