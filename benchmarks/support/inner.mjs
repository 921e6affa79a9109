import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSink } from './sink.mjs'

/**
 * Runs this very trial again in a process that has nothing else to do, with `args` and then the wishes of a set-up that
 * exports to here; its result is this one's. Never returns.
 * @param {readonly string[]} args
 * @returns {Promise<never>}
 */
export async function runInner(args) {
  const { wishes } = await openSink()
  const command = [...process.execArgv, process.argv[1], ...args, JSON.stringify(wishes)]
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'inherit', 'inherit'] })
  const [code] = await once(child, 'exit')
  process.exit(code ?? 1)
}
