import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { exampleStall, exampleStatus, StatusServer } from '../support/status-server'
import { OFFLOOP, Tmux } from '../support/tmux'

const APP = fileURLToPath(new URL('../fixtures/viewed.cjs', import.meta.url))
const BREAKS = fileURLToPath(new URL('../fixtures/breaks.cjs', import.meta.url))
const BREAKS_VIEW = fileURLToPath(new URL('../fixtures/breaks-view.cjs', import.meta.url))
const ARTIFACTS = fileURLToPath(new URL('../../test-artifacts/', import.meta.url))

async function listening(): Promise<{ server: StatusServer; url: string }> {
  const server = new StatusServer()
  const url = await server.listen()
  onTestFinished(() => server.close())
  return { server, url }
}

/** The shell is back with its own screen and cursor, and the terminal reads lines again. */
async function expectRestored(terminal: Tmux): Promise<void> {
  await terminal.shows(/before the view/)
  await terminal.prompts()
  expect(terminal.tell('#{cursor_flag} #{alternate_on} #{wrap_flag}')).toBe('1 0 1')
  // What the shell itself turns off while it reads a line is on again in what it starts.
  terminal.run('stty -a | tr " ;" "\\n\\n" | grep -xE "isig|icanon|echo|opost" | tr "\\n" " "')
  const settings = (screen: string) =>
    screen.match(/^(?=.*\bisig\b)(?=.*\bicanon\b)(?=.*\becho\b)(?=.*\bopost\b)(?!.*stty)/gm)
  await terminal.shows((screen) => settings(screen) !== null)
}

test('q leaves, after a resize, and the screen is as it was', async () => {
  const { url } = await listening()
  const terminal = new Tmux(80, 24)
  terminal.run('echo before the view')
  terminal.run(`${OFFLOOP} top ${url}`)
  const screen = await terminal.shows(/q leaves/)
  expect(screen).toMatch(/^shop · pid 4711/)
  expect(screen).toMatch(/✗ heap +leaking/)
  expect(terminal.tell('#{cursor_flag} #{alternate_on}')).toBe('0 1')

  terminal.resize(44, 16)
  await terminal.shows((now) => /^q leaves$/m.test(now) && /^heap used .* 40 MiB$/m.test(now))
  terminal.resize(120, 40)
  await terminal.shows(
    /heap {7}leaking {2}The live heap grew from 12 MiB to 96 MiB over the last six major collections/,
  )

  terminal.keys('q')
  await expectRestored(terminal)
})

test.each([
  ['Ctrl-C', (terminal: Tmux) => terminal.keys('C-c'), '0'],
  ['SIGTERM', (terminal: Tmux) => killView(terminal, 'SIGTERM'), '143'],
  ['SIGINT', (terminal: Tmux) => killView(terminal, 'SIGINT'), '130'],
])('%s leaves, and the screen is as it was', async (_, leave, code) => {
  const { url } = await listening()
  const terminal = new Tmux(80, 24)
  terminal.run('echo before the view')
  terminal.run(`${OFFLOOP} top ${url}`)
  await terminal.shows(/q leaves/)
  leave(terminal)
  await terminal.prompts()
  // A line of its own: after a SIGINT a shell does not go on with a list.
  terminal.run('echo ended with $?')
  await terminal.shows(new RegExp(`^ended with ${code}$`, 'm'))
  await expectRestored(terminal)
})

/** What runs in the foreground of the shell. */
function killView(terminal: Tmux, signal: NodeJS.Signals): void {
  const shell = terminal.tell('#{pane_pid}')
  const [pid] = execFileSync('ps', ['-o', 'pid=', '--ppid', shell], { encoding: 'utf8' }).trim().split(/\s+/)
  process.kill(Number(pid), signal)
}

test('Ctrl-Z suspends it, and fg shows it again', async () => {
  const { url } = await listening()
  const terminal = new Tmux(80, 24)
  terminal.run('echo before the view')
  terminal.run(`${OFFLOOP} top ${url}`)
  await terminal.shows(/q leaves/)
  terminal.keys('C-z')
  await terminal.shows(/Stopped/)
  await expectRestored(terminal)
  terminal.run('fg')
  await terminal.shows(/q leaves/)
  terminal.keys('q')
  await expectRestored(terminal)
})

test('an error of its own is printed where it stays', async () => {
  const { url } = await listening()
  const terminal = new Tmux(80, 24, { NODE_OPTIONS: `--require ${BREAKS}` })
  terminal.run('echo before the view')
  terminal.run(`${OFFLOOP} top ${url}; echo ended with $?`)
  await terminal.shows(/q leaves/)
  killView(terminal, 'SIGUSR2')
  await terminal.shows(/Error: broken on purpose[\s\S]*ended with 1/)
  await expectRestored(terminal)
})

test('a stall is shown as it happens, and a lost server is told and found again', async () => {
  const { server, url } = await listening()
  const terminal = new Tmux(80, 24)
  terminal.run(`${OFFLOOP} top ${url} --interval 0.2`)
  await terminal.shows(/q leaves/)
  server.answers.stalls = { thresholdMs: 500, stalls: [exampleStall({ ongoing: true })] }
  await terminal.shows(
    /main is stuck for 2\.34 s now, since .*\n {4}at total \(\/srv\/shop\/orders\.js:12:7\)/,
  )
  server.answers.stalls = { thresholdMs: 500, stalls: [exampleStall()] }
  await terminal.shows(/main was stuck for 2\.34 s/)

  await server.close()
  await terminal.shows(/lost for \d s, trying again: nothing answers at/)
  const again = new StatusServer()
  again.answers.status = exampleStatus({ service: 'shop-2', sequence: 1 })
  await again.listen(Number(new URL(url).port))
  onTestFinished(() => again.close())
  await terminal.shows((screen) => screen.startsWith('shop-2') && !screen.includes('lost'))
})

test('offloop run --top: figures above, the last lines of the application below; q goes on without', async () => {
  const terminal = new Tmux(80, 24, { OFFLOOP_SERVE: '127.0.0.1:0', OFFLOOP_INTERVAL_MS: '300' })
  terminal.run('echo before the view')
  terminal.run(`${OFFLOOP} run --top ${APP}; echo ended with $?`)
  const screen = await terminal.shows(
    (now) => /sample [1-9]\d+,/.test(now) && /^heap used.*MiB/m.test(now) && /^tick \d+$/m.test(now),
  )
  mkdirSync(ARTIFACTS, { recursive: true })
  writeFileSync(`${ARTIFACTS}run-top-80x24.txt`, screen)
  for (const part of ['GC', 'event loop', 'Ctrl-C interrupts the application']) expect(screen).toContain(part)
  terminal.keys('q')
  const after = await terminal.shows((now) => !now.includes('Ctrl-C interrupts') && /^tick \d+$/m.test(now))
  const last = Number(/.*^tick (\d+)$/ms.exec(after)?.[1])
  await terminal.shows((now) => now.includes(`tick ${last + 3}\n`))
  terminal.keys('C-c')
  // The terminal itself shows the key.
  await terminal.shows(/got SIGINT$[\s\S]*^ended with 42$/m)
})

test('offloop run --top: Ctrl-C is for the application, whose exit code and last words come through', async () => {
  const terminal = new Tmux(80, 24, { OFFLOOP_SERVE: '127.0.0.1:0' })
  terminal.run('echo before the view')
  terminal.run(`${OFFLOOP} run --top ${APP}; echo ended with $?`)
  await terminal.shows((now) => /^tick \d+$/m.test(now) && now.includes('Ctrl-C interrupts'))
  terminal.keys('C-c')
  await terminal.shows(/^tick 0$[\s\S]*^got SIGINT$[\s\S]*^ended with 42$/m)
  await expectRestored(terminal)
})

test.each([
  ['x', 'Error: broken on purpose    at '],
  ['y', 'Error: broken on purpose before 5000 ms    at '],
])('offloop run --top: an error of the view, by %s, ends the view and nothing else', async (key, error) => {
  const env = { OFFLOOP_SERVE: '127.0.0.1:0', OFFLOOP_INTERVAL_MS: '300' }
  const terminal = new Tmux(80, 24, { ...env, NODE_OPTIONS: `--require ${BREAKS_VIEW}` })
  terminal.run(`${OFFLOOP} run --top ${APP}; echo ended with $?`)
  await terminal.shows((now) => /sample [1-9]\d*,/.test(now) && /^tick \d+$/m.test(now))
  terminal.keys(key)
  const told = `offloop run --top: the view broke, and the application goes on: ${error}`
  // Broken into lines by the terminal.
  const screen = await terminal.shows((now) => now.replaceAll('\n', '').includes(told))
  expect(screen).not.toContain('Ctrl-C interrupts')
  const last = Number(/.*^tick (\d+)$/ms.exec(screen)?.[1])
  await terminal.shows((now) => now.includes(`tick ${last + 3}\n`))
  terminal.keys('C-c')
  await terminal.shows(/got SIGINT$[\s\S]*^ended with 42$/m)
})

test('offloop run --top: what is redirected is not held back', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'offloop-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const log = join(folder, 'errors.log')
  const terminal = new Tmux(80, 24, { OFFLOOP_SERVE: '127.0.0.1:0', OFFLOOP_INTERVAL_MS: '300' })
  terminal.run(`${OFFLOOP} run --top ${APP} 2> ${log}`)
  // The view has read the line that says where to look all the same.
  await terminal.shows((now) => /sample [1-9]\d*,/.test(now) && /^tick \d+$/m.test(now))
  expect(readFileSync(log, 'utf8')).toMatch(/^offloop: metrics are at http/)
  terminal.keys('C-c')
  await terminal.shows((now) => !now.includes('Ctrl-C interrupts') && /^tick 0$/m.test(now))
  expect(readFileSync(log, 'utf8')).toMatch(/got SIGINT\n$/)
})

test('offloop run --top: is refused where there is nothing to ask', async () => {
  const terminal = new Tmux(80, 24, { OFFLOOP_SERVE: 'off' })
  terminal.run(`${OFFLOOP} run --top ${APP} 2>&1 >/dev/tty | head -n 2; echo ended with \${PIPESTATUS[0]}`)
  await terminal.shows(/OFFLOOP_SERVE turns off[\s\S]*ended with 2/)
})
