// A real StatsD server, npm's statsd, which takes DogStatsD's tags: what it says that it has, against what was sent.
import { type ChildProcess, spawn } from 'node:child_process'
import dgram from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Batch } from '../../src/core/batch'
import { dist } from '../dist'
import { Child } from '../support/child'

const { samplesOf } = dist<typeof import('../../src/exporters/dogstatsd-samples')>(
  'exporters/dogstatsd-samples.js',
)
const { Deltas } = dist<typeof import('../../src/exporters/deltas')>('exporters/deltas.js')

const require = createRequire(import.meta.url)

let folder: string
let server: ChildProcess
let log = ''
let port: number
let management: number

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'offloop-statsd-'))
  port = await freePort('udp')
  management = await freePort('tcp')
  const config = join(folder, 'config.js')
  const addresses = `port: ${port}, address: '127.0.0.1', mgmt_port: ${management}, mgmt_address: '127.0.0.1'`
  // It starts to count anew at each flush, so that there is to be none.
  writeFileSync(config, `{ ${addresses}, backends: [], flushInterval: 86400000, deleteIdleStats: true }`)
  // It is older than Node.js 23, which took this away.
  const preload = join(folder, 'preload.cjs')
  writeFileSync(preload, "require('node:util').log ??= console.log")
  const statsd = dirname(require.resolve('statsd/package.json'))
  server = spawn(process.execPath, ['--require', preload, join(statsd, 'stats.js'), config], { cwd: statsd })
  for (const stream of [server.stdout, server.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      log += chunk
    })
  }
  await vi.waitFor(async () => {
    expect(server.exitCode, log).toBeNull()
    expect(await ask('stats')).toContain('uptime')
  }, 20_000)
}, 30_000)
afterAll(async () => {
  if (server.exitCode === null) {
    const closed = once(server, 'close')
    server.kill('SIGKILL')
    await closed
  }
  rmSync(folder, { recursive: true, force: true })
})

async function freePort(kind: 'udp' | 'tcp'): Promise<number> {
  if (kind === 'tcp') {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port: free } = taken.address() as AddressInfo
    taken.close()
    await once(taken, 'close')
    return free
  }
  const taken = dgram.createSocket('udp4').bind(0, '127.0.0.1')
  await once(taken, 'listening')
  const { port: free } = taken.address()
  await new Promise<void>((resolve) => taken.close(resolve))
  return free
}

/** What the management port answers. */
async function ask(command: string): Promise<string> {
  const socket = connect(management, '127.0.0.1').setEncoding('utf8')
  let answer = ''
  try {
    await once(socket, 'connect')
    socket.write(`${command}\n`)
    for await (const chunk of socket) {
      answer += chunk
      if (answer.includes('END\n\n')) return answer.replace('END\n\n', '')
    }
    return answer
  } finally {
    socket.destroy()
  }
}

/** Its gauges or counters by name and tags; it prints them as JavaScript. */
async function values(kind: 'gauges' | 'counters'): Promise<Record<string, number>> {
  return runInNewContext(`(${await ask(kind)})`) as Record<string, number>
}

/** A name and tags as the server keeps them: `;key=value`, without what it takes for harmful. */
function keyOf(name: string, tags: Record<string, string>): string {
  const text = Object.entries(tags).map(([key, value]) => `;${key}=${value}`)
  return `${name}${text.join('')}`
    .replace(/\s+/g, '_')
    .replace(/\//g, '-')
    .replace(/[^a-zA-Z_\-0-9.;=]/g, '')
}

let attempts = 0

test('has the figures of the last batch, and of counters what happened since the first', async () => {
  // The server keeps what an attempt before this one has sent.
  const prefix = `real${++attempts}`
  const child = new Child('exporting.cjs', {
    args: [JSON.stringify({ type: 'dogstatsd', host: '127.0.0.1', port, prefix })],
    // Its parser takes all behind the tags for one of them.
    env: { DD_ORIGIN_DETECTION_ENABLED: 'false', DD_SERVICE: '', DD_ENV: '', DD_VERSION: '', DD_TAGS: '' },
  })
  const { first, last } = await child.next<{ first: Batch; last: Batch }>()
  expect((await child.exited).code).toBe(0)

  const find = (batch: Batch, name: string, labels: object = {}) =>
    batch.metrics.find(
      (metric) =>
        metric.name === name && Object.entries(labels).every(([key, text]) => metric.labels[key] === text),
    )?.value as number
  const service = { service: 'shop' }
  const heap = keyOf(`${prefix}.runtime.node.mem.heap_used`, { ...service, thread: 'main' })
  const minors = keyOf(`${prefix}.nodejs_gc_cycles_total`, { ...service, thread: 'main', kind: 'minor' })
  const cycles = (batch: Batch) => find(batch, 'nodejs_gc_cycles_total', { thread: 'main', kind: 'minor' })
  await vi.waitFor(async () => {
    expect((await values('gauges'))[heap]).toBe(find(last, 'nodejs_heap_size_used_bytes'))
    expect((await values('counters'))[minors]).toBe(cycles(last) - cycles(first))
  }, 20_000)
  expect(cycles(last) - cycles(first)).toBeGreaterThan(0)

  const [gauges, counters, stats] = [await values('gauges'), await values('counters'), await ask('stats')]
  // Every line of the last batch, by what offloop says it consists of; test/backends/formats.test.ts holds that against the batch.
  const deltas = new Deltas()
  for (const { totals } of samplesOf(first, deltas))
    for (const [series, total] of totals) deltas.deliver(series, total)
  const lines = samplesOf(last, deltas)
  const wrong = lines.filter(({ kind, name, value, tags: { service: _, ...tags } }) => {
    const key = keyOf(`${prefix}.${name}`, { ...service, ...plainTags(tags) })
    // What a gauge divides grew between the last two batches alone.
    if (kind === 'gauge')
      return /\.(avg|median|95percentile)$|\.cpu\.|\.mem\.free$/.test(name)
        ? !(key in gauges)
        : gauges[key] !== value
    return !(Math.abs((counters[key] ?? Number.NaN) - value) <= 1e-9 * Math.abs(value))
  })
  expect(wrong).toEqual([])
  expect(lines.filter(({ name }) => name === 'nodejs_gc_duration_seconds.bucket').length).toBeGreaterThan(2)
  expect(lines.length).toBeGreaterThan(60)
  expect(stats).toContain('messages.bad_lines_seen: 0')
  expect(log).not.toContain('Bad line')
})

const plainTags = (tags: Record<string, string>) =>
  Object.fromEntries(
    Object.entries(tags)
      .filter(([, text]) => text !== '')
      .map(([key, text]) => [key, text.replace(/[\p{Cc}|,#@]/gu, '_')]),
  )
