#!/usr/bin/env node
// The `offloop` command.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { join, resolve } from 'node:path'
import { ranBy } from './core/run'

// What a supervisor sends to this process is meant for the application.
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const
// What a key of a terminal sends, or its end, to all of its foreground processes.
const TYPED: ReadonlySet<string> = new Set(['SIGINT', 'SIGQUIT', 'SIGHUP'])

function run(given: readonly string[]): void {
  const script = given.findIndex((argument) => !argument.startsWith('-'))
  const options = script === -1 ? given : given.slice(0, script)
  if (options.some(asksForHelp)) {
    help('run')
    return
  }
  if (script === -1) fail('offloop run', 'no script to run')
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
  app.on('error', (error) => fail('offloop run', error.message))
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
  if (reason !== undefined) fail('offloop run --top', reason)
  return view
}

function rebuild(given: readonly string[]): void {
  if (given.some(asksForHelp) || given[0] === 'help') {
    help('rebuild')
    return
  }
  const wrong = given.find((argument) => !argument.startsWith('--nodedir='))
  if (wrong !== undefined) fail('offloop rebuild', `${wrong} is not --nodedir=FOLDER`)
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

const asksForHelp = (argument: string) => argument === '--help' || argument === '-h'

/** Of a command, or of all. */
function help(name?: string): void {
  const texts = require('./core/help') as typeof import('./core/help')
  if (name === undefined || name === 'help') process.stdout.write(texts.OVERVIEW)
  else if (name === 'run') process.stdout.write(texts.RUN)
  else if (name === 'rebuild') process.stdout.write(texts.REBUILD)
  else if (name === 'top')
    process.stdout.write((require('./top/arguments') as typeof import('./top/arguments')).USAGE)
  else fail('offloop', `unknown command ${name}`)
}

/** In two lines: what is wrong must not scroll away. */
function fail(command: string, message: string): never {
  const [program, name = ''] = command.split(' ')
  process.stderr.write(`${command}: ${message}\n\`${`${program} ${name}`.trim()} --help\` tells more.\n`)
  process.exit(2)
}

const [command, ...rest] = process.argv.slice(2)
if (command === 'run') run(rest)
else if (command === 'rebuild') rebuild(rest)
else if (command === 'top') void top(rest)
else if (command === 'help') help(rest.find((argument) => !asksForHelp(argument)))
else if (command === '--version' || command === '-v') {
  process.stdout.write(`${(require('../package.json') as { version: string }).version}\n`)
} else if (command !== undefined && asksForHelp(command)) help(rest[0])
else fail('offloop', command === undefined ? 'no command' : `unknown command ${command}`)
