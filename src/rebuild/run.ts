import { spawnSync } from 'node:child_process'

export interface Outcome {
  readonly ok: boolean
  /** All that it printed, or why it could not be started. */
  readonly output: string
}

/** Runs a command to its end. `shell`: npm is a .cmd file on Windows, and CXX may be `ccache g++`. */
export function run(
  command: string,
  args: readonly string[],
  { env = process.env, shell = false }: { env?: NodeJS.ProcessEnv; shell?: boolean } = {},
): Outcome {
  const { status, error, stdout, stderr } = spawnSync(command, args, {
    env,
    shell,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return { ok: status === 0, output: error === undefined ? `${stdout}${stderr}` : error.message }
}
