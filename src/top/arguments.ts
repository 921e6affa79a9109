import { parseArgs } from 'node:util'
import { messageOf } from '../core/errors'

export const DEFAULT_URL = 'http://127.0.0.1:9464'

export const USAGE = `Usage: offloop top [URL]

Shows a running process: what its figures mean, the last five minutes, and stalls as they happen. URL is where the
process serves: http://host:port, host:port or a port; ${DEFAULT_URL} by default. Where standard output is a pipe
or a file: a frame for each sample, as plain text.

  --once              print one frame, and end
  --json              print the status as one line of JSON for each sample; with --once, a single one
  --interval=SECONDS  how often to ask, 0.1 to 3600   (default: 1)
  --token=TOKEN       the process's serve.token. Others on this machine can see it in the list of processes:
                      OFFLOOP_TOKEN in the environment is better
  -h, --help          this text

  OFFLOOP_TOKEN       the same, not seen by others
  NO_COLOR            no colours

Keys: q or Ctrl-C leaves, Ctrl-Z suspends.

The exit code is 0, 1 where nothing answers or the answer cannot be used, 2 for wrong arguments.
`

export interface Settings {
  readonly url: URL
  readonly token: string | undefined
  readonly once: boolean
  readonly json: boolean
  readonly intervalMs: number
}

/** Arguments that cannot be used. The message says why. */
export class UsageError extends Error {}

/** undefined: help is asked for. @throws {UsageError} */
export function settingsFrom(args: readonly string[], env: NodeJS.ProcessEnv): Settings | undefined {
  const { values, positionals } = parsed(args)
  // Of a host with that name the URL is http://help.
  if (values.help || positionals[0] === 'help') return undefined
  if (positionals.length > 1) throw new UsageError(`one URL at most, and not ${positionals.length}`)
  return {
    url: urlFrom(positionals[0] ?? DEFAULT_URL),
    token: tokenFrom(values.token ?? env.OFFLOOP_TOKEN),
    once: values.once,
    json: values.json,
    intervalMs: intervalFrom(values.interval),
  }
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        once: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
        interval: { type: 'string', default: '1' },
        token: { type: 'string' },
      },
    })
  } catch (error) {
    // Of Node's own sentence the first; the others explain its parser.
    throw new UsageError(messageOf(error).split('. ')[0] as string)
  }
}

function urlFrom(given: string): URL {
  const text = /^\d+$/.test(given) ? `127.0.0.1:${given}` : given
  let url: URL
  try {
    url = new URL(/^[a-z][a-z\d+.-]*:\/\//i.test(text) ? text : `http://${text}`)
  } catch {
    throw new UsageError(`${given} is no URL, such as ${DEFAULT_URL}`)
  }
  if (!/^https?:$/.test(url.protocol)) throw new UsageError(`${url.protocol} is neither http: nor https:`)
  // Not shown: it has a password.
  if (url.username !== '' || url.password !== '') {
    throw new UsageError('the URL has a user name or a password: OFFLOOP_TOKEN is for the token')
  }
  url.search = url.hash = ''
  if (!url.pathname.endsWith('/')) url.pathname += '/'
  return url
}

function tokenFrom(given: string | undefined): string | undefined {
  if (given === undefined || given === '') return undefined
  // Not shown either.
  if (!/^[\x21-\x7e]+$/.test(given)) throw new UsageError('the token has characters that no header can have')
  return given
}

function intervalFrom(given: string): number {
  const seconds = Number(given)
  if (given.trim() !== '' && seconds >= 0.1 && seconds <= 3600) return seconds * 1000
  throw new UsageError(
    `--interval must be a number of seconds from 0.1 to 3600, and is ${JSON.stringify(given)}`,
  )
}
