// The thread's own CPU clock, from native/thread-clock.cc, compiled at first use.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { nodeFor } from '../../scripts/nodes.mjs'

const source = fileURLToPath(new URL('../native/thread-clock.cc', import.meta.url))
const folder = fileURLToPath(new URL('../../build/benchmarks/', import.meta.url))

/** @returns {() => number} CPU time of the calling thread so far, in nanoseconds */
export function threadClock() {
  const file = path.join(folder, 'thread-clock.node')
  if (!existsSync(file) || statSync(file).mtimeMs < statSync(source).mtimeMs) compile(file)
  return createRequire(import.meta.url)(file)
}

/** @param {string} file */
function compile(file) {
  mkdirSync(folder, { recursive: true })
  const { prefix } = nodeFor(Number(process.versions.node.split('.')[0]))
  const own = `${file}.${process.pid}`
  const include = path.join(prefix, 'include/node')
  execFileSync('g++', ['-std=gnu++17', '-O2', '-shared', '-fPIC', '-I', include, '-o', own, source])
  // Others may be at it too.
  renameSync(own, file)
}
