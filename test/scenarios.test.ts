// What docs/reading-the-charts.md says of its three services, with their bugs and without.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { SeriesAnswer } from '../src/page/series'
import type { Stall } from '../src/core/stall'
import type { Status, Verdict } from '../src/core/status'
import { launch, openPage } from './support/browser'

const ROOT = fileURLToPath(new URL('../', import.meta.url))
const doc = readFileSync(join(ROOT, 'docs/reading-the-charts.md'), 'utf8')
// `OFFLOOP_PICTURES=1` makes the pictures of the page, of longer runs.
const forDocs = process.env.OFFLOOP_PICTURES === '1'
const PICTURES = join(ROOT, forDocs ? 'docs/images' : 'test-artifacts/scenarios')
const INTERVAL_MS = forDocs ? 1_000 : 250
const PATIENCE_MS = forDocs ? 300_000 : 150_000

interface Section {
  readonly command: string
  readonly id: Verdict['id']
  readonly words: readonly string[]
  readonly fixedWords: readonly string[]
  readonly curls: readonly string[]
  readonly picture: string
}

/** What the part of the page under a title claims. */
function section(title: string): Section {
  const text = doc.split(`\n## ${title}\n`)[1]?.split('\n## ')[0] ?? ''
  const [, id, words, fixedWords] = /^\| `(\w+)` \| ([^|]+) \| ([^|]+) \|$/m.exec(text) ?? []
  return {
    command: /^node .*$/m.exec(text)?.[0] ?? '',
    id: id as Verdict['id'],
    words: words?.split(', ') ?? [],
    fixedWords: fixedWords?.split(', ') ?? [],
    curls: [...text.matchAll(/^curl '?(\S+?)'?$/gm)].map(([, url = '']) => url),
    picture: /\]\(images\/([\w.]+)\)/.exec(text)?.[1] ?? '',
  }
}

let browser: Browser
beforeAll(async () => {
  mkdirSync(PICTURES, { recursive: true })
  browser = await launch()
})
afterAll(() => browser?.close())

/** The service that a command of the page starts, on a port of its own. */
class Service {
  readonly #process: ChildProcess
  #output = ''

  constructor(command: string, ...more: string[]) {
    const [, ...args] = command.split(' ')
    const own = ['--port', '0', '--interval', String(INTERVAL_MS)]
    this.#process = spawn(process.execPath, [...args, ...own, ...more], { cwd: ROOT })
    onTestFinished(() => {
      this.#process.kill('SIGKILL')
    })
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => {
        this.#output += chunk
      })
    }
  }

  get output(): string {
    return this.#output
  }

  async url(): Promise<string> {
    for (;;) {
      const [, url] = /^Look at (http:\/\/[\d.:]+)\/\. .*Ctrl-C stops\.\n/m.exec(this.#output) ?? []
      if (url !== undefined) return url
      if (this.#process.exitCode !== null) throw new Error(`it ended:\n${this.#output}`)
      await sleep(20)
    }
  }

  async ask<T>(path: string): Promise<T> {
    const response = await fetch(`${await this.url()}${path}`)
    expect(response.status, path).toBe(200)
    return (await response.json()) as T
  }

  async verdict(id: Verdict['id']): Promise<Verdict> {
    const { verdicts } = await this.ask<Status>('/v1/status')
    return verdicts.find((verdict) => verdict.id === id) as Verdict
  }

  /** Until the verdict is one of `words`; it must be none of `never` before. The test's deadline ends it. */
  async becomes(
    id: Verdict['id'],
    words: readonly string[],
    never: readonly string[] = [],
  ): Promise<Verdict> {
    for (;;) {
      const verdict = await this.verdict(id)
      expect(never).not.toContain(verdict.word)
      if (words.includes(verdict.word)) return verdict
      await sleep(100)
    }
  }

  /** Until it has answered so many orders. */
  async answers(orders: number): Promise<void> {
    for (;;) {
      const { series } = await this.ask<SeriesAnswer>('/v1/series?metrics=orders_answered_total')
      if ((series[0]?.v.at(-1) ?? 0) >= orders) return
      await sleep(100)
    }
  }

  /** What `offloop top` says of the verdict, in its own name for it. */
  async top(name: string): Promise<string> {
    const view = spawn(process.execPath, ['dist/cli.js', 'top', await this.url(), '--once'], { cwd: ROOT })
    let text = ''
    for await (const chunk of view.stdout.setEncoding('utf8')) text += chunk
    return new RegExp(`^. ${name} +(.*)$`, 'm').exec(text)?.[1] ?? text
  }

  stalls = async () => (await this.ask<{ stalls: Stall[] }>('/v1/stalls')).stalls
}

const stuckIn = ({ stack = [] }: Stall) => stack.map(({ functionName }) => functionName)

/** The page says so too. A picture is of the document, or of the run. */
async function pageSays(service: Service, title: string, words: readonly string[]) {
  const { page } = await openPage(browser, await service.url(), {
    colorScheme: 'light',
    viewport: { width: 1200, height: 940 },
  })
  const card = page.locator('.verdict', { has: page.getByRole('heading', { name: title, exact: true }) })
  // Its level is there too, for who cannot see the shape.
  const becomes = (...any: readonly string[]) =>
    card
      .locator('.word', { hasText: new RegExp(`^(${any.join('|')}), (look at it|problem)$`) })
      .waitFor({ timeout: 60_000 })
  await becomes(...words)
  const heap = page.locator('#chart-heap')
  await heap.locator('.value').first().waitFor()
  const shoot = async (name: string) => {
    const box = await heap.boundingBox()
    const height = Math.ceil((box?.y ?? 0) + (box?.height ?? 0)) + 12
    await page.screenshot({ path: join(PICTURES, name), clip: { x: 0, y: 0, width: 1200, height } })
  }
  return { becomes, shoot }
}

describe('docs/reading-the-charts.md', { timeout: PATIENCE_MS }, () => {
  test('a leak', async () => {
    const { command, id, words, fixedWords, curls, picture } = section('A leak')
    expect([id, picture]).toEqual(['heap', 'leak.png'])
    const [bug, fixed] = [new Service(command), new Service(command, '--fixed')]
    const { text } = await bug.becomes(id, words, fixedWords)
    expect(text).toMatch(/^What major collections leave grew from .* At this pace it reaches the limit of /)
    expect(await bug.top('heap')).toMatch(/^leaking /)
    await curlsAnswer(bug, curls)
    if (forDocs) await sleep(30_000)
    await (await pageSays(bug, 'Heap', words)).shoot(picture)
    await fixed.becomes(id, fixedWords, words)
  })

  test('pressure on the collector', async () => {
    const { command, id, words, fixedWords, curls, picture } = section('Pressure on the collector')
    expect([id, picture]).toEqual(['gc', 'thrash.png'])
    const [bug, fixed] = [new Service(command), new Service(command, '--fixed')]
    const { figures } = await bug.becomes(id, words)
    expect(figures.find(({ name }) => name === 'share of time')?.value).toBeGreaterThan(0.1)
    expect(await bug.top('GC')).toMatch(/^(heavy|noticeable) /)
    await curlsAnswer(bug, curls)
    await fixed.answers(100)
    await fixed.becomes(id, fixedWords)
    if (forDocs) await sleep(25_000)
    await (await pageSays(bug, 'Garbage collection', words)).shoot(picture)
  })

  test('a stall', async () => {
    const { command, id, words, fixedWords, curls, picture } = section('A stall')
    expect([id, picture]).toEqual(['loop', 'stall.png'])
    const [bug, fixed] = [new Service(command), new Service(command, '--fixed')]
    await bug.becomes(id, words)
    await expect
      .poll(async () => (await bug.stalls()).flatMap(stuckIn), { timeout: 60_000 })
      .toContain('withoutDuplicates')
    expect((await bug.stalls()).at(-1)?.cause).toBe('code')
    // As the document quotes it, without the folder. Which line of the loop it is, is chance.
    const quoted = [...doc.matchAll(/^ {4}at (\w+) \(…\/([\w./]+):\d+:\d+\)$/gm)]
    expect(quoted).toHaveLength(2)
    const said = () =>
      quoted.every(([, name, file]) => new RegExp(` at ${name} \\(.*/${file}:\\d+:\\d+\\)`).test(bug.output))
    await expect.poll(said, { timeout: 60_000 }).toBe(true)
    expect(await bug.top('event loop')).toMatch(/^stalled/)
    await curlsAnswer(bug, curls)
    if (forDocs) await sleep(10_000)
    const page = await pageSays(bug, 'Event loop', words)
    // The next bulk order comes soon: the page tells of it while the loop is stuck.
    await page.becomes('stalled')
    await page.shoot(picture)
    // More than one bulk order has come by then.
    await fixed.answers(700)
    expect((await fixed.stalls()).flatMap(stuckIn)).not.toContain('withoutDuplicates')
    await fixed.becomes(id, fixedWords, ['stalled'])
  })

  test('has a heap snapshot at a signal, of which the second has more of what leaks', async () => {
    const { service, folder, pid } = await diagnosed('--heapsnapshot-signal=SIGUSR2', 'leaking')
    const objects: number[] = []
    for (const orders of [200, 1_200]) {
      await service.answers(orders)
      process.kill(pid, 'SIGUSR2')
      await expect
        .poll(() => snapshots(folder).length, { timeout: 60_000, interval: 500 })
        .toBe(objects.length + 1)
      objects.push(
        snapshots(folder)
          .at(-1)
          ?.filter((name) => name === 'Object').length ?? 0,
      )
    }
    // An order, its answer and their lines.
    expect((objects[1] as number) - (objects[0] as number)).toBeGreaterThan(1_000)
  })

  test('has a heap profile at the exit, which names what allocates', { timeout: 300_000 }, async () => {
    const { service, folder, pid } = await diagnosed('--heap-prof', 'thrashing')
    await service.answers(5)
    // As Ctrl-C does.
    process.kill(pid, 'SIGINT')
    const profile = () => readdirSync(folder).find((name) => name.endsWith('.heapprofile'))
    await expect.poll(profile, { timeout: 120_000 }).toBeDefined()
    const read = () => readFileSync(join(folder, profile() as string), 'utf8')
    // Whole.
    await expect.poll(() => read().endsWith('}'), { timeout: 120_000 }).toBe(true)
    expect(read()).toContain('"functionName":"readPrices"')
  })

  test('names charts and parts that the page has', () => {
    const page = readdirSync(join(ROOT, 'src/page'))
      .filter((name) => /\.(ts|html)$/.test(name))
      .map((name) => readFileSync(join(ROOT, 'src/page', name), 'utf8'))
      .join()
    const named = [...doc.matchAll(/\*\*What it shows\.\*\*[\s\S]*?\n\n/g)].flatMap(([text]) =>
      [...text.matchAll(/(?<!\*)\*([A-Z][\w ]+)\*(?!\*)/g)].map(([, name = '']) => name),
    )
    expect(named).toEqual(['Time in collections', 'Allocation', 'Stalls'])
    for (const name of named) expect(page).toMatch(new RegExp(`['>]${name}['<]`))
  })

  test('has queries that Prometheus understands, of metrics that there are', () => {
    const queries = [...doc.matchAll(/```promql\n([^`]+)```/g)].flatMap(([, text = '']) =>
      text.trim().split('\n'),
    )
    expect(queries.length).toBeGreaterThan(7)
    const metrics = readFileSync(join(ROOT, 'docs/metrics.md'), 'utf8')
    for (const [name] of queries.join(' ').matchAll(/\bnodejs_\w+/g)) expect(metrics).toContain(`\`${name}\``)
    const rules = queries.map((expr, index) => ({ record: `query:${index}`, expr }))
    const folder = mkdtempSync(join(tmpdir(), 'offloop-queries-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    // JSON is YAML.
    writeFileSync(join(folder, 'rules.yml'), JSON.stringify({ groups: [{ name: 'queries', rules }] }))
    execFileSync('promtool', ['check', 'rules', join(folder, 'rules.yml')], { stdio: 'pipe' })
  })
})

/** The command that the page gives with `flag`, run with an example, which writes into a folder of its own. */
async function diagnosed(flag: string, example: string) {
  const command = [...doc.matchAll(/`(node [^`]+ app\.js)`/g)].map(([, one = '']) => one)
  const own = command.find((one) => one.includes(flag))
  expect(own).toBe(`node ${flag} app.js`)
  const folder = mkdtempSync(join(tmpdir(), 'offloop-diagnosed-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const service = new Service(
    (own as string)
      .replace('node ', `node --diagnostic-dir=${folder} `)
      .replace('app.js', `examples/${example}.mjs`),
  )
  const { pid } = await service.ask<Status>('/v1/status')
  return { service, folder, pid }
}

/** Of each heap snapshot in a folder that is whole, by their time, the names of all objects. */
function snapshots(folder: string): string[][] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.heapsnapshot'))
  return files.sort().flatMap((name) => {
    try {
      const { snapshot, nodes, strings } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as {
        snapshot: { meta: { node_fields: string[]; node_types: [string[]] } }
        nodes: number[]
        strings: string[]
      }
      const fields = snapshot.meta.node_fields
      const object = snapshot.meta.node_types[0].indexOf('object')
      const names: string[] = []
      for (let at = 0; at < nodes.length; at += fields.length) {
        if (nodes[at + fields.indexOf('type')] !== object) continue
        names.push(strings[nodes[at + fields.indexOf('name')] as number] as string)
      }
      return [names]
    } catch {
      // It is being written.
      return []
    }
  })
}

/** Each query of the page has an answer with something in it. */
async function curlsAnswer(service: Service, urls: readonly string[]): Promise<void> {
  expect(urls).not.toEqual([])
  for (const url of urls) {
    const { series, stalls } = await service.ask<{ series?: unknown[]; stalls?: unknown[] }>(
      url.replace(/^http:\/\/[^/]+/, ''),
    )
    expect((series ?? stalls)?.length, url).toBeGreaterThan(0)
  }
}
