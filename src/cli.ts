#!/usr/bin/env node
// The `offloop` command.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { join, resolve } from 'node:path'
import { ranBy } from './core/run'

const USAGE = `Usage: offloop run [--top] [node options] app.js [--] [arguments of app.js]

Runs app.js with runtime metrics on and no change to its code, and says on stderr where they are. With --top the
terminal shows them, and the last lines of what app.js prints; q leaves the view, and app.js goes on.
Configured by the environment:

  OFFLOOP_SERVICE       name of the service       (default: OTEL_SERVICE_NAME, else the package's name)
  OFFLOOP_INTERVAL_MS   time between samples      (default: 10000)
  OFFLOOP_SERVE         serve HTTP on host:port   (default: 127.0.0.1:9464; off: do not)
  OFFLOOP_SERVE_SHARE   1: share the port         (default: within a cluster)
  OFFLOOP_EXPORT        where to, by commas       (default: none)
                        tinyobs=URL, otlp=URL, dogstatsd=host:port, dogstatsd=unix:path, module=path
  OFFLOOP_TINYOBS_KEY   the TinyObs server's key
  OFFLOOP_LABELS        k=v,…                     added to every metric
  OFFLOOP_STORE_MAX_BYTES  for the last 24 hours  (default: 2097152)
  OFFLOOP_HEAP_OBJECTS  0: no heap objects        (default: 1)
  OFFLOOP_HEAP_ACCOUNTING  0: no allocated bytes  (default: 1)
  OFFLOOP_RESOURCES_BY_TYPE  1: active resources by type (default: 0)
  OFFLOOP_STALL_MS      a stall of the event loop (default: 1000; 0: watch for none)
  OFFLOOP_STALL_WORKERS  1: of workers too        (default: 0)
  OFFLOOP_DISABLED      1: all off

Usage: offloop rebuild [--nodedir=FOLDER]

Compiles the addon for the Node.js that runs this, where the package has no binary that fits. Needs a C++ compiler,
make and Python 3. FOLDER has the headers of that Node.js in include/node, where they are not beside its binary and
cannot be downloaded either.

Usage: offloop top [URL]

Shows a running process in the terminal. \`offloop top --help\` tells more.

  offloop --help, offloop --version
`

// What a supervisor sends to this process is meant for the application.
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const
// What a key of a terminal sends, or its end, to all of its foreground processes.
const TYPED: ReadonlySet<string> = new Set(['SIGINT', 'SIGQUIT', 'SIGHUP'])

function run(given: readonly string[]): void {
  const script = given.findIndex((argument) => !argument.startsWith('-'))
  if (script === -1) fail('offloop run: no script to run')
  const options = given.slice(0, script)
  const view = options.includes('--top') ? openView() : undefined
  const rest = given.slice(script + 1)
  if (rest[0] === '--') rest.shift()
  const register = join(__dirname, 'register.js')
  // Before there is an application: a signal that came at once would end this process and leave that one alone.
  for (const signal of FORWARDED) {
    process.on(signal, () => {
      // A terminal sends Ctrl-C and the like to both; many an application takes a second one for "now, at once".
      // Where the view reads the keys itself, none of them is a signal.
      const keys = process.stdin.isTTY && (!process.stdin.isRaw || signal === 'SIGHUP')
      if (!(keys && TYPED.has(signal))) app.kill(signal)
    })
  }
  const app = spawn(
    process.execPath,
    [
      '--require',
      register,
      ...options.filter((option) => option !== '--top'),
      given[script] as string,
      ...rest,
    ],
    {
      stdio: view === undefined ? 'inherit' : ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...ranBy(process.pid) },
    },
  )
  app.on('error', (error) => fail(`offloop run: ${error.message}`))
  app.on('exit', (code, signal) => {
    // As a shell reports it: ended by a signal is 128 and its number.
    process.exitCode = signal === null ? (code ?? 1) : 128 + constants.signals[signal]
  })
  void view?.(app)
}

/** Not loaded by `run` without it. */
function openView(): typeof import('./top/run-view').view {
  const { refusal, view } = require('./top/run-view') as typeof import('./top/run-view')
  const reason = refusal(process.env)
  if (reason !== undefined) fail(`offloop run --top: ${reason}`)
  return view
}

function rebuild(given: readonly string[]): void {
  const wrong = given.find((argument) => !argument.startsWith('--nodedir='))
  if (wrong !== undefined) fail(`offloop rebuild: ${wrong} is not --nodedir=FOLDER`)
  const folder = given.at(-1)?.slice('--nodedir='.length)
  // Not loaded by `run`, which most calls are.
  const command = require('./rebuild/rebuild') as typeof import('./rebuild/rebuild')
  const { RebuildError } = require('./rebuild/rebuild-error') as typeof import('./rebuild/rebuild-error')
  try {
    command.rebuild(folder === undefined ? undefined : resolve(folder), (line) =>
      process.stdout.write(`offloop: ${line}\n`),
    )
  } catch (error) {
    if (!(error instanceof RebuildError)) throw error
    process.stderr.write(`offloop rebuild: ${error.message}\n`)
    process.exitCode = 1
  }
}

async function top(given: readonly string[]): Promise<void> {
  const command = require('./top/top') as typeof import('./top/top')
  process.exitCode = await command.top(given)
}

function fail(message: string): never {
  process.stderr.write(`${message}\n\n${USAGE}`)
  process.exit(2)
}

const [command, ...rest] = process.argv.slice(2)
if (command === 'run') run(rest)
else if (command === 'rebuild') rebuild(rest)
else if (command === 'top') void top(rest)
else if (command === '--version' || command === '-v') {
  process.stdout.write(`${(require('../package.json') as { version: string }).version}\n`)
} else if (command === '--help' || command === '-h') process.stdout.write(USAGE)
else fail(command === undefined ? 'offloop: no command' : `offloop: unknown command ${command}`)
