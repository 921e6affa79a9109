// Where the peers are, for the trials that load them.
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const modules = fileURLToPath(new URL('node_modules', import.meta.url))
const require = createRequire(import.meta.url)

/** Those with an addon that must be compiled where it has no binary for this Node.js. */
export const addons = ['@datadog/native-metrics', '@newrelic/native-metrics', 'gc-stats']

/** Below node_modules, so that what they need is found, and what npm ci removes is gone with it. */
const built = path.join(modules, '.built', `abi${process.versions.modules}`)

/** Why addons are missing, by name. */
export function reasonsFile() {
  return path.join(built, 'reasons.json')
}

/** Where the one that was compiled here is. @param {string} name */
export function addonFolder(name) {
  return path.join(built, 'node_modules', name)
}

/** Has Node.js find a package, as it has in every service: the first that it finds costs it a millisecond more. */
export function findOne() {
  require.resolve('@opentelemetry/api')
}

/** @param {string} name @returns {any} */
export function requirePeer(name) {
  const reason = existsSync(reasonsFile()) && JSON.parse(readFileSync(reasonsFile(), 'utf8'))[name]
  if (reason) throw new Error(reason)
  const own = addonFolder(name)
  return require(existsSync(own) ? own : name)
}
