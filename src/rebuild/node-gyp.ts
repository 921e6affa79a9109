import { existsSync, realpathSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { RebuildError } from './rebuild-error'
import { run } from './run'

// The newest that runs on every Node.js that we support.
const FETCHED = 'node-gyp@12'
const SCRIPT = join('node-gyp', 'bin', 'node-gyp.js')

/**
 * The first that runs: the project's own, the one inside the npm or pnpm that called us, the one inside the npm that
 * Node.js was installed with or that is on the PATH.
 */
export function findNodeGyp(): string | undefined {
  return candidates().find(
    // One that came with a newer Node.js may not run on this one.
    (file) => existsSync(file) && run(process.execPath, [file, '--version']).ok,
  )
}

/**
 * From the registry into `folder`, where there is none. Not by `npm exec`, which would hand it the `nodedir` of the
 * user's npmrc.
 */
export function fetchNodeGyp(folder: string): string {
  const { ok, output } = run(
    'npm',
    ['install', '--prefix', folder, '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', FETCHED],
    { shell: process.platform === 'win32' },
  )
  const script = join(folder, 'node_modules', SCRIPT)
  if (ok && existsSync(script)) return script
  throw new RebuildError(
    `there is no node-gyp here, and npm could not fetch one:\n\n${output.trim()}\n\n` +
      'Install it (npm install --global node-gyp, or in this project) and try again.',
  )
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
