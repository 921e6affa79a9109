import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import { Child } from './support/child'
import { parsePrometheus } from './support/exposition'

// What `npm start` runs once everything is built.
const SCRIPT = fileURLToPath(new URL('../examples/start.mjs', import.meta.url))

describe('npm start', () => {
  let child: ChildProcess
  let output: string
  afterEach(() => child.kill('SIGKILL'))

  function start(...args: string[]): void {
    child = spawn(process.execPath, [SCRIPT, ...args])
    output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => {
        output += chunk
      })
    }
  }

  async function seen(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(output)
      if (match !== null) return match
      if (child.exitCode !== null) throw new Error(`it ended:\n${output}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  test('prints where to look and a table of each sample, serves, and ends by Ctrl-C at once', async () => {
    start('--port', '0', '--interval', '300')
    const [, url] = await seen(/Prometheus text\s+(http:\/\/127\.0\.0\.1:\d+)\/metrics/)
    for (const name of ['nodejs_heap_size_used_bytes', 'nodejs_gc_pause_seconds_total', 'orders_kept']) {
      await seen(new RegExp(`#3 [^#]*${name}`))
    }
    const metrics = parsePrometheus(await (await fetch(`${url}/metrics`)).text())
    expect(metrics.get('nodejs_gc_cycles_total')?.samples).toHaveLength(2)
    const query = await fetch(`${url}/v1/query?metric=nodejs_heap_size_used_bytes`)
    const { count } = (await query.json()) as { count: number }
    expect(count).toBeGreaterThanOrEqual(3)
    // The load is real: orders come in.
    await seen(/orders_kept\s+[1-9]/)

    const closed = once(child, 'close')
    const stoppedAt = performance.now()
    child.kill('SIGINT')
    expect((await closed)[1]).toBe('SIGINT')
    expect(performance.now() - stoppedAt).toBeLessThan(2_000)
  })

  test('says clearly that its port is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address() as { port: number }
    start('--port', String(port))
    const [code] = await once(child, 'close')
    taken.close()
    expect(code).toBe(1)
    expect(output).toContain(`127.0.0.1:${port}`)
    expect(output).toContain(`npm start -- --port ${port + 1}`)
    expect(output).not.toMatch(/^\s+at /m)
  })
})

describe('server-timing', () => {
  test('tells of each request what collections took, as the counters have it', async () => {
    const child = new Child('server-timing.mjs', { execArgv: ['--max-semi-space-size=1'] })
    const told = await child.next<{ before: number; after: number; cycles: number; header: string }[]>()
    expect(told).toHaveLength(4)
    for (const { before, after, cycles, header } of told) {
      const match = /^gc;dur=([\d.]+), gc-sync;dur=([\d.]+)$/.exec(header) ?? []
      const [gc, sync] = match.slice(1).map(Number) as [number, number]
      // 200,000 rows do not fit into the young generation.
      expect(cycles).toBeGreaterThan(0)
      expect(sync).toBeGreaterThan(0)
      expect(gc).toBeGreaterThanOrEqual(sync)
      // Between what was read before the request was sent and after its answer came, which is rounded.
      expect(gc).toBeLessThanOrEqual((after - before) / 1e6 + 0.001)
    }
    // Nothing else ran in the process, so nearly all of the pauses were in the request.
    const share = ({ before, after, header }: (typeof told)[number]) =>
      Number(/dur=([\d.]+)/.exec(header)?.[1]) / ((after - before) / 1e6)
    expect(Math.max(...told.map(share))).toBeGreaterThan(0.8)
    expect((await child.exited).code).toBe(0)
  })
})

describe('own-exporter', () => {
  test('own-exporter.mjs has its samples in a file, the last one included', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'offloop-example-'))
    try {
      const file = join(folder, 'samples.ndjson')
      const script = fileURLToPath(new URL('../examples/own-exporter.mjs', import.meta.url))
      const child = spawn(process.execPath, [script, file], { stdio: ['ignore', 'pipe', 'inherit'] })
      let output = ''
      child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
        output += chunk
      })
      expect(await once(child, 'close')).toEqual([0, null])
      expect(output).toBe(`The samples are in ${file}\n`)
      const samples = readFileSync(file, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { service: string; values: { name: string; value: number }[] })
      expect(samples.length).toBeGreaterThanOrEqual(3)
      for (const { service, values } of samples) {
        expect(service).toBe('orders')
        expect(values.map(({ name }) => name)).toContain('nodejs_gc_cycles_total')
      }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
