import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { RebuildError } from './rebuild-error'

/**
 * A folder whose `include/node` are the headers of the running Node.js: `given`, else the one that the binary is
 * installed in, else the one that npm is configured with. Undefined where node-gyp has to download them.
 */
export function findHeaders(given: string | undefined): string | undefined {
  if (given !== undefined) {
    const abi = abiOfHeaders(given)
    if (abi === process.versions.modules) return given
    throw new RebuildError(
      abi === undefined
        ? `there are no headers in ${join(given, 'include', 'node')}`
        : `the headers in ${given} are of another Node.js (ABI ${abi}) than the running one, ${running()}`,
    )
  }
  // node-gyp needs an import library beside them there, which no installer of Node.js puts.
  if (process.platform === 'win32') return undefined
  return [
    dirname(dirname(process.execPath)),
    dirname(dirname(realpathSync(process.execPath))),
    process.env.npm_config_nodedir,
  ].find((prefix) => prefix !== undefined && abiOfHeaders(prefix) === process.versions.modules)
}

/** The running Node.js, as messages name it. */
export function running(): string {
  return `Node.js ${process.version} (ABI ${process.versions.modules})`
}

// Of whatever version they are: a distribution may have a package for the binary and another for the headers.
function abiOfHeaders(prefix: string): string | undefined {
  const folder = join(prefix, 'include', 'node')
  if (!existsSync(join(folder, 'v8.h'))) return undefined
  try {
    const header = readFileSync(join(folder, 'node_version.h'), 'utf8')
    return /define\s+NODE_MODULE_VERSION\s+(\d+)/.exec(header)?.[1]
  } catch {
    return undefined
  }
}
