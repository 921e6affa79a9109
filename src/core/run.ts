// What `offloop run` and the process that it starts have to agree on.

type Environment = Readonly<Record<string, string | undefined>>

/** Holds the id of the command's process. */
const VARIABLE = 'OFFLOOP_RUN'

/** For the environment of what the process `pid` runs. */
export function ranBy(pid: number): Readonly<Record<string, string>> {
  return { [VARIABLE]: String(pid) }
}

/** Whether the command has started this process, or what started this one. */
export function isBelowRun(env: Environment): boolean {
  return env[VARIABLE] !== undefined
}

/** Not for what such a process starts in turn: it inherits the variable, but has another parent. */
export function isRun(env: Environment, parent: number): boolean {
  return env[VARIABLE] === String(parent)
}

/** The line that says where to look. */
export function whereToLook(url: string): string {
  const argument = url === 'http://127.0.0.1:9464' ? '' : ` ${url}`
  return `metrics are at ${url}; to look at them: npx offloop top${argument}`
}

/** The URL of that line, as it comes on stderr; undefined for all others. */
export function toldUrl(line: string): string | undefined {
  const url = /^offloop: metrics are at (http:\/\/\S+);/.exec(line)?.[1]
  return url !== undefined && line === `offloop: ${whereToLook(url)}` ? url : undefined
}
