// What the other scripts share. Node's own modules only: setup.mjs runs before there is a node_modules.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))

/** @param {string} message */
export function say(message) {
  console.log(`offloop: ${message}`)
}

/**
 * @param {string} message
 * @returns {never}
 */
export function fail(message) {
  console.error(`offloop: ${message}`)
  process.exit(1)
}

/**
 * Runs one step of a build: a line while it works, its output only when it fails, which ends the process.
 * @param {string} title
 * @param {string} command
 * @param {string[]} args
 * @param {import('node:child_process').SpawnSyncOptions} [options]
 */
export function step(title, command, args, options) {
  say(`${title}…`)
  must(title, command, args, options)
}

/** The same without the line. @type {typeof step} */
export function must(title, command, args, options) {
  const { error, status, output } = attempt(command, args, options)
  if (status === 0) return
  if (output) console.error(output)
  fail(`${title} failed: ${error?.message ?? `${path.basename(command)} exited with ${status}`}`)
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {import('node:child_process').SpawnSyncOptions} [options]
 */
export function attempt(command, args, options) {
  const { error, status, stdout, stderr } = spawnSync(command, args, {
    cwd: root,
    maxBuffer: 2 ** 30,
    // npm is a .cmd file on Windows, which only a shell can start.
    shell: process.platform === 'win32' && command === 'npm',
    ...options,
  })
  return { error, status, output: `${stdout ?? ''}${stderr ?? ''}` }
}

/**
 * All files below a folder of the repository, as paths from its root, sorted.
 * @param {string} folder
 */
export function filesBelow(folder) {
  return readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath ?? entry.path, entry.name)))
    .sort()
}

/**
 * What a build was made from. Contents, not times: git gives all files the time of the checkout.
 * @param {string[]} files paths from the root
 */
export function hashOf(files) {
  const hash = createHash('sha256')
  for (const file of files)
    hash
      .update(`${file}\0`)
      .update(readFileSync(path.join(root, file)))
      .update('\0')
  return hash.digest('hex')
}

/**
 * The text of a stamp file, or nothing where there is none.
 * @param {string} file
 */
export function readStamp(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
