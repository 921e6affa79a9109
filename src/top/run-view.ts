// `offloop run --top`: an application under the view of its own figures.
import type { ChildProcess } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import { toldUrl } from '../core/run'
import { isDisabled } from '../core/variables'
import { Client } from './client'
import { frame } from './frame'
import { Output } from './output'
import { styleOf } from './style'
import { Terminal } from './terminal'
import type { View } from './view'
import { Watch } from './watch'

const INTERVAL_MS = 1_000
const MOST_OUTPUT_ROWS = 100
const LEAVES = ['q', 'Q']
const INTERRUPTS = '\x03'

/** Why there can be no view; undefined where there can. */
export function refusal(env: NodeJS.ProcessEnv): string | undefined {
  if (!process.stdout.isTTY || env.TERM === 'dumb') {
    return 'standard output is no terminal that can show it: run without --top, and `offloop top` from another one'
  }
  if (isDisabled(env)) return 'there is nothing to look at under OFFLOOP_DISABLED=1'
  const off = ['', 'off', '0', 'false'].includes(env.OFFLOOP_SERVE ?? 'on')
  return off ? 'OFFLOOP_SERVE turns off what it asks: leave it unset, or set it to host:port' : undefined
}

/**
 * Until the application ends, a key ends the view, or the view breaks; never rejects. What `app` prints on its pipes is in the view's last lines, and
 * goes to the terminal when the view is gone.
 */
export async function view(app: ChildProcess): Promise<void> {
  const left = new AbortController()
  const output = new Output()
  let watch: Watch | undefined
  let client: Client | undefined

  const look = (line: string): void => {
    const url = watch === undefined ? toldUrl(line) : undefined
    if (url === undefined) return
    client = new Client(new URL(`${url}/`), process.env.OFFLOOP_TOKEN || undefined)
    watch = new Watch(client)
  }
  // Whatever ends this process passes on what the application has said.
  if (app.stdout !== null) output.take(app.stdout, process.stdout, () => {})
  if (app.stderr !== null) output.take(app.stderr, process.stderr, look)

  // Signals are the application's: this process goes on until that one has ended.
  const terminal = new Terminal(process.stdin, process.stdout, () => true)
  const style = styleOf(process.stdout)
  const keys = process.stdin.isTTY ? 'q leaves the view, Ctrl-C interrupts the application' : ''
  const draw = (): void => {
    const none: View = { url: 'the application for its figures', now: Date.now(), series: [], stalls: [] }
    const view = { ...(watch?.view ?? none), output: output.last(MOST_OUTPUT_ROWS), keys }
    terminal.draw(frame(view, terminal.size, style))
  }
  // Without this process the application would be alone, and its output, its signals and its exit code nobody's.
  let broken: unknown
  process.on('uncaughtException', (error) => {
    broken ??= error
    left.abort()
  })
  app.on('exit', () => left.abort())
  app.on('error', () => left.abort())
  const aborted = new Promise((resolve) => left.signal.addEventListener('abort', resolve))
  terminal.enter((typed) => {
    if (typed.includes(INTERRUPTS)) app.kill('SIGINT')
    if (LEAVES.some((key) => typed.includes(key))) left.abort()
  }, draw)
  const clock = setInterval(draw, INTERVAL_MS)
  try {
    while (!left.signal.aborted) {
      await Promise.race([watch?.poll(), aborted])
      draw()
      // Soon, until the application says where.
      const wait = watch === undefined ? INTERVAL_MS / 10 : INTERVAL_MS
      await sleep(wait, undefined, { signal: left.signal }).catch(() => {})
    }
  } catch (error) {
    broken ??= error
  }
  clearInterval(clock)
  terminal.leave()
  client?.close()
  output.release()
  if (broken === undefined) return
  process.stderr.write(`offloop run --top: the view broke, and the application goes on: ${inspect(broken)}\n`)
}
