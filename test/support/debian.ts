import { spawnSync } from 'node:child_process'

/**
 * Whether `command` runs here. Where it does not, a test of a real part is skipped on a developer's machine, and fails
 * in CI, which installs `name`.
 */
export function installed(name: string, command: string, args: readonly string[]): boolean {
  const { status, error } = spawnSync(command, args, { stdio: 'ignore' })
  if (status === 0) return true
  if (process.env.CI === 'true') {
    throw new Error(
      `${command} does not run (${error?.message ?? `status ${status}`}): apt-get install ${name}`,
    )
  }
  return false
}
