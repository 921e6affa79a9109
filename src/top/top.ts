// `offloop top`
import { setTimeout as sleep } from 'node:timers/promises'
import { settingsFrom, USAGE, UsageError } from './arguments'
import { Client } from './client'
import { frame } from './frame'
import { render, type Style } from './line'
import { stallLines } from './stall-lines'
import { styleOf } from './style'
import { Terminal } from './terminal'
import { printable } from './text'
import { Watch } from './watch'

const PLAIN_COLUMNS = 100
const LEAVES = ['q', 'Q', '\x03']
const SUSPENDS = '\x1a'

/** Resolves with the exit code. */
export async function top(args: readonly string[]): Promise<number> {
  let settings: ReturnType<typeof settingsFrom>
  try {
    settings = settingsFrom(args, process.env)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    complain(error.message)
    process.stderr.write('`offloop top --help` tells more.\n')
    return 2
  }
  if (settings === undefined) {
    process.stdout.write(USAGE)
    return 0
  }
  const { url, token, once, json, intervalMs } = settings
  const client = new Client(url, token)
  const watch = new Watch(client)
  try {
    await watch.poll()
    const { lost } = watch.view
    // From the start, so rather a wrong URL than a process that will be back.
    if (lost !== undefined) {
      complain(lost.reason)
      return 1
    }
    const live = !once && !json && process.stdout.isTTY && process.env.TERM !== 'dumb'
    if (live) await show(watch, intervalMs)
    else await print(watch, json, once ? undefined : intervalMs)
    return 0
  } finally {
    client.close()
  }
}

/** Until a key ends it. */
async function show(watch: Watch, intervalMs: number): Promise<void> {
  const left = new AbortController()
  const aborted = new Promise((resolve) => left.signal.addEventListener('abort', resolve))
  const keys = process.stdin.isTTY ? 'q leaves' : 'Ctrl-C leaves'
  const terminal = new Terminal(process.stdin, process.stdout, () => false)
  const style = styleOf(process.stdout)
  const draw = () => terminal.draw(frame({ ...watch.view, keys }, terminal.size, style))
  terminal.enter((typed) => {
    if (LEAVES.some((key) => typed.includes(key))) left.abort()
    else if (typed.includes(SUSPENDS)) terminal.suspend()
  }, draw)
  // Ages go on while an answer is waited for.
  const clock = setInterval(draw, 1_000)
  try {
    while (!left.signal.aborted) {
      draw()
      await sleep(intervalMs, undefined, { signal: left.signal }).catch(() => {})
      if (!left.signal.aborted) await Promise.race([watch.poll(), aborted])
    }
  } finally {
    clearInterval(clock)
    terminal.leave()
  }
}

/** A frame for each sample, with no command to a terminal; a single one without an interval. Ends with its reader. */
async function print(watch: Watch, json: boolean, intervalMs: number | undefined): Promise<void> {
  const style: Style = { color: false, unicode: styleOf(process.stdout).unicode }
  const columns = process.stdout.columns || PLAIN_COLUMNS
  const ended = new AbortController()
  // Such as head, which has seen enough.
  process.stdout.on('error', () => ended.abort())
  const printFrame = () => {
    const { status } = watch.view
    process.stdout.write(
      json
        ? `${plainJson(status)}\n`
        : `${frame(watch.view, { columns, rows: Number.POSITIVE_INFINITY }, style).join('\n')}\n\n`,
    )
  }
  printFrame()
  if (intervalMs === undefined) return
  while (!ended.signal.aborted) {
    await sleep(intervalMs, undefined, { signal: ended.signal }).catch(() => {})
    const news = await watch.poll()
    const { lost } = watch.view
    if (news.lost) complain(`${lost?.reason}; trying again`)
    if (news.found) complain('found again')
    if (news.sample) printFrame()
    else if (!json) {
      for (const stall of [...news.stalls].reverse()) {
        const lines = stallLines(stall, columns, 10, style).map((line) => render(line, columns, style))
        process.stdout.write(`${lines.join('\n')}\n\n`)
      }
    }
  }
}

function complain(message: string): void {
  process.stderr.write(`offloop top: ${printable(message)}\n`)
}

/** JSON leaves some characters as they are that a terminal takes for commands. */
function plainJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
