// `offloop top` on a real process, in a terminal emulator.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { Child } from '../support/child'
import { PlainCommand } from '../support/command'
import { freePort } from '../support/free-port'
import { OFFLOOP, Tmux } from '../support/tmux'

const ROOT = new URL('../../', import.meta.url)
const ARTIFACTS = fileURLToPath(new URL('test-artifacts/', ROOT))
const PAGE = fileURLToPath(new URL('docs/top.md', ROOT))
const TOKEN = 'not-for-all'
// `OFFLOOP_PICTURES=1` puts the captures into docs/top.md, once the charts have five minutes: that takes six.
const forDocs = process.env.OFFLOOP_PICTURES === '1'
const INTERVAL_MS = forDocs ? 1_000 : 250

async function service(port = 0): Promise<{ child: Child; url: string }> {
  const child = new Child('page.cjs', { args: [String(INTERVAL_MS), String(port), TOKEN] })
  const { url } = await child.next<{ url: string }>()
  return { child, url }
}

const blockOf = (name: string) => new RegExp(`(<!-- ${name} -->\n\`\`\`\n)([\\s\\S]*?)(\`\`\`\n)`)

/** As an artefact; in docs/top.md, which is to show the view as it is. */
function keep(name: string, screen: string): void {
  const text = `${screen.replace(/[ \t]+$/gm, '').trimEnd()}\n`
  mkdirSync(ARTIFACTS, { recursive: true })
  writeFileSync(`${ARTIFACTS}${name}.txt`, text)
  const page = readFileSync(PAGE, 'utf8')
  const [, , shown] = blockOf(name).exec(page) ?? []
  if (shown === undefined) return
  if (forDocs) {
    expect(text).toContain('nothing missed')
    writeFileSync(
      PAGE,
      page.replace(blockOf(name), (_, before, __, after) => `${before}${text}${after}`),
    )
  } else {
    expect(shapeOf(shown), `docs/top.md, ${name}: OFFLOOP_PICTURES=1`).toEqual(shapeOf(text))
  }
}

/** What there is to see from the top, whatever the figures are: which sentences and charts have room depends on them. */
function shapeOf(screen: string): string[] {
  const charts: string[] = []
  const others = screen.split('\n').flatMap((line) => {
    const [, verdict] = /^[✓!✗?] (.{10}) \w/.exec(line) ?? []
    if (verdict !== undefined) return verdict
    const [, chart] = /^(\w.{11}) [▁-█ ]+ .* to .*$/.exec(line) ?? []
    if (chart !== undefined) charts.push(chart)
    if (line === '' || chart !== undefined || line.startsWith('      ')) return []
    return line
      .replace(/ +[\d.:]+$/, '')
      .replace(
        /^sample \d+, \d+ s old( · (every [\d.]+ m?s|nothing missed|\d+ samples? missed)){2}$/,
        'sample',
      )
      .replace(/^─ last .+? ─+/, '─ last ─')
      .replace(/ up .+? ·/, ' up ·')
      .replace(/ at .*\/(.*)/, ' at $1')
      .replace(/ for [\d.]+ m?s now/, '')
      .replace(/\d[\d.,:]*/g, '0')
  })
  return [...others, ...charts.slice(0, 5)]
}

test(
  'its own figures, a stall while it lasts, and the end and the start of it',
  async () => {
    const port = await freePort()
    const { child, url } = await service(port)
    const terminal = new Tmux(80, 24, { OFFLOOP_TOKEN: TOKEN })
    terminal.run('echo before the view')
    terminal.run(`${OFFLOOP} top ${url}`)

    const sampled = (now: string) => Number(/^sample (\d+),/m.exec(now)?.[1] ?? 0)
    const first = await terminal.shows((now) => sampled(now) > 3 && /^heap used .*MiB/m.test(now))
    expect(first).toMatch(
      new RegExp(`^checkout · pid ${child.process.pid} · up \\d+ s · Node\\.js ${process.versions.node} `),
    )
    // To the last column.
    expect(first.split('\n')[1]).toHaveLength(80)
    expect(first.split('\n')[1]).toMatch(new RegExp(` 127\\.0\\.0\\.1:${port}$`))
    // It goes on by itself.
    await terminal.shows((now) => sampled(now) > sampled(first))
    if (forDocs) await new Promise((resolve) => setTimeout(resolve, 330_000))

    // At rest, so that the heap that is shown is the one that the process itself has at the moment.
    const heapUsed = async (hold: boolean) => {
      child.send({ hold })
      return (await child.next<{ heapUsed: number }>()).heapUsed / 2 ** 20
    }
    await heapUsed(true)
    await expect
      .poll(
        async () => {
          const truth = await heapUsed(true)
          const [, shown] = /^heap used .* ([\d.]+) MiB .* to /m.exec(terminal.screen()) ?? []
          return Math.abs(Number(shown) / truth - 1)
        },
        { timeout: 25_000 },
      )
      .toBeLessThan(0.03)
    await heapUsed(false)

    const screen = await terminal.shows(
      (now) => sampled(now) > sampled(first) + 40 && /^✓ event loop/m.test(now),
      60_000,
    )
    const rows = screen.replace(/\n$/, '').split('\n')
    expect(rows).toHaveLength(24)
    expect(rows.at(-1)).toBe('q leaves')
    // Of each of the five a sign, a name, a word and a sentence.
    const verdicts = rows.filter((row) => /^[✓!✗?] /.test(row))
    for (const [index, name] of ['GC', 'pause', 'heap', 'resources', 'event loop'].entries()) {
      expect(verdicts[index]).toMatch(new RegExp(`^. ${name.padEnd(10)} [a-z ]+  [A-Z\\d].{20}`))
    }
    expect(verdicts).toHaveLength(5)
    keep('top-80x24', screen)

    child.send({ blockMs: 12_000 })
    const stuck =
      /■ main is stuck for [\d.]+ m?s now, since [\d:]{8}: JavaScript\n +at computePrices \(.*page\.cjs:\d+:\d+\)/
    // In the chart of the loop as well. The verdict is asked for before the stalls are, so it may be of a moment before.
    const busy = /^loop busy .* (9\d[\d.]*|100)% {3}/m
    const stalled = await terminal.shows(
      (now) => stuck.test(now) && /✗ event loop stalled/.test(now) && busy.test(now),
    )
    keep('top-stalled-80x24', stalled)
    // Nothing stands still but the process itself.
    const during = sampled(stalled)
    await terminal.shows((now) => now.includes('main is stuck') && sampled(now) > during)
    await terminal.shows(/□ main was stuck for [\d.]+ s/)

    terminal.resize(40, 24)
    const narrow = await terminal.shows((now) => /^q leaves$/m.test(now) && /^heap used .* MiB$/m.test(now))
    for (const line of narrow.split('\n')) expect(line.length).toBeLessThanOrEqual(40)
    keep('top-40x24', narrow)
    terminal.resize(132, 50)
    // A large one has room for the threads. Newer versions of Node.js tell their names.
    keep('top-132x50', await terminal.shows(/^(worker|resize)#\d+ +[\d.]+% busy/m))
    terminal.resize(80, 24)

    child.kill()
    await child.exited
    await terminal.shows(/lost for \d+ s, trying again: nothing answers at/)
    const again = await service(port)
    await terminal.shows(
      (now) => now.startsWith(`checkout · pid ${again.child.process.pid} `) && !now.includes('lost for'),
    )

    terminal.keys('q')
    await terminal.shows(/before the view/)
    expect(terminal.tell('#{cursor_flag} #{alternate_on}')).toBe('1 0')
  },
  forDocs ? 600_000 : 90_000,
)

test('--once --json is the status of the process; --once is text', async () => {
  const { child, url } = await service()
  const env = { OFFLOOP_TOKEN: TOKEN }
  const json = await new PlainCommand(['top', '--once', '--json', url], env).ended
  expect([json.code, json.stderr]).toEqual([0, ''])
  expect(JSON.parse(json.stdout)).toMatchObject({
    service: 'checkout',
    pid: child.process.pid,
    intervalMs: INTERVAL_MS,
    verdicts: expect.arrayContaining([expect.objectContaining({ id: 'heap' })]),
  })
  const text = await new PlainCommand(['top', '--once', url], env).ended
  expect([text.code, text.stderr]).toEqual([0, ''])
  expect(text.stdout).toMatch(new RegExp(`^checkout · pid ${child.process.pid} `))

  const refused = await new PlainCommand(['top', '--once', url], { OFFLOOP_TOKEN: undefined }).ended
  expect([refused.code, refused.stdout]).toEqual([1, ''])
  expect(refused.stderr).toContain('wants a token: set OFFLOOP_TOKEN')
})

test.each([
  ['NO_COLOR', { NO_COLOR: '1' }, false],
  ['none of it', {}, true],
])('colours with %s: %s', async (_, env, colored) => {
  const { url } = await service()
  const terminal = new Tmux(80, 24, { OFFLOOP_TOKEN: TOKEN, ...env })
  terminal.run(`${OFFLOOP} top ${url}`)
  await terminal.shows((now) => /^checkout/.test(now) && now.includes('heap'))
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are what is looked for.
  expect(/\x1b\[(1|2|3[0-7])m/.test(terminal.screenWithColors())).toBe(colored)
})

test('the terminal goes away: the view ends', async () => {
  const { url } = await service()
  const terminal = new Tmux(80, 24, { OFFLOOP_TOKEN: TOKEN })
  terminal.run(`exec ${OFFLOOP} top ${url}`)
  await terminal.shows(/^checkout/)
  const pid = Number(terminal.tell('#{pane_pid}'))
  terminal.end()
  const deadline = Date.now() + 20_000
  while (isAlive(pid) && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50))
  expect(isAlive(pid)).toBe(false)
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
