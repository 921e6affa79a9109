// Where the peers are, for the trials that load them.
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
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

/**
 * What is ours, and is measured beside them: found where they are, as it is in every service. The package finds itself by
 * another way, which takes Node.js longer.
 */
export const OWN = { offloop: root, empty: path.join(root, 'benchmarks/support/empty') }

// Looked up before anything is timed.
/** @type {Record<string, string>} */
const reasons = existsSync(reasonsFile()) ? JSON.parse(readFileSync(reasonsFile(), 'utf8')) : {}
const compiledHere = new Set(addons.filter((name) => existsSync(addonFolder(name))))

/** @param {string} name one of `OWN` or of the pinned packages @returns {any} */
export function requireInstalled(name) {
  if (reasons[name]) throw new Error(reasons[name])
  return require(compiledHere.has(name) ? addonFolder(name) : name)
}

/**
 * What every service has done before: Node.js has found packages by their field `exports`, and loaded some fifty files. The
 * first of each costs it a millisecond more, and while its loader is new V8 compiles a part of that now and then.
 */
export function loadSome() {
  const own = createRequire(root)
  for (const name of ['piscina', 'hot-shots', '@opentelemetry/api']) own.resolve(name)
  // Of many small files, and of no use to any of those that are measured.
  createRequire(own.resolve('node-gyp'))('semver')
}

/** Three files more, of a few lines each. */
export function loadThree() {
  for (const name of ['wrappy', 'once', 'ms']) require(name)
}
