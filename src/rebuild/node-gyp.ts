import { existsSync, realpathSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { run } from './run'

/** How to call node-gyp: a command and the arguments that come before its own. */
export interface NodeGyp {
  readonly command: string
  readonly args: readonly string[]
  /** Not here yet: the first call downloads it. */
  readonly fetched: boolean
}

// The newest that runs on every Node.js that we support.
const FETCHED = 'node-gyp@12'
const SCRIPT = join('node-gyp', 'bin', 'node-gyp.js')

/**
 * The first that runs: the project's own, the one inside the npm or pnpm that called us, the one inside the npm that
 * Node.js was installed with or that is on the PATH; else one that npm fetches.
 */
export function findNodeGyp(): NodeGyp {
  const script = candidates().find(
    // One that came with a newer Node.js may not run on this one.
    (file) => existsSync(file) && run(process.execPath, [file, '--version']).ok,
  )
  if (script !== undefined) return { command: process.execPath, args: [script], fetched: false }
  return { command: 'npm', args: ['exec', '--yes', `--package=${FETCHED}`, '--', 'node-gyp'], fetched: true }
}

function candidates(): string[] {
  const { npm_config_node_gyp: configured, npm_execpath: manager } = process.env
  const managers = [
    ...(manager === undefined ? [] : [manager]),
    join(dirname(process.execPath), '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    join(dirname(process.execPath), 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    ...npmOnPath(),
  ]
  return [
    ...projects(),
    ...(configured === undefined ? [] : [configured]),
    ...managers.flatMap((file) => [
      join(dirname(file), '..', 'node_modules', SCRIPT),
      join(dirname(file), '..', 'dist', 'node_modules', SCRIPT), // pnpm's
    ]),
  ]
}

function projects(): string[] {
  try {
    return [require.resolve('node-gyp/bin/node-gyp.js', { paths: [process.cwd()] })]
  } catch {
    return []
  }
}

function npmOnPath(): string[] {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .flatMap((folder) => {
      try {
        // npm's own script by way of the link that stands for it.
        return [realpathSync(join(folder, 'npm'))]
      } catch {
        return []
      }
    })
}
