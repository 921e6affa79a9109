export type Environment = Readonly<Record<string, string | undefined>>

/** An environment variable that cannot be used. `option` is its name. */
export class InvalidVariable extends TypeError {
  readonly code = 'ERR_OFFLOOP_INVALID_OPTION'
  constructor(
    readonly option: string,
    message: string,
  ) {
    super(`offloop: environment variable ${option} ${message}`)
  }
}

/** `OFFLOOP_DISABLED=1` turns everything off. */
export function isDisabled(env: Environment): boolean {
  const value = env.OFFLOOP_DISABLED
  return value !== undefined && value !== '' && flag('OFFLOOP_DISABLED', value)
}

export function flag(variable: string, value: string): boolean {
  if (value === '1' || value === 'true') return true
  if (value === '0' || value === 'false') return false
  throw new InvalidVariable(variable, `must be 1 or 0, and is ${JSON.stringify(value)}`)
}
