import { basename, extname, isAbsolute, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Batch } from './batch'
import type { Stall } from './stall'

/** An exporter of your own, which runs in the sampling thread. */
export interface ModuleOptions {
  readonly type: 'module'
  /** A file, from the working directory or absolute, a `file:` URL, or a package's name. Its default export is an `ExporterFactory`. */
  readonly path: string
  /** What the factory is called with. Plain data: it goes to another thread. */
  readonly options?: unknown
  /** For one call of `export`. Default 10,000. */
  readonly timeoutMs?: number
}

/** What a module exports by `export default` or `module.exports`. Called once, again where it failed. */
export type ExporterFactory<O = unknown> = (options: O) => CustomExporter | Promise<CustomExporter>

export interface CustomExporter {
  /**
   * Delivers `batch`, a copy. Called with one at a time; `signal` is aborted once it has taken too long. Where it throws
   * or rejects the batch is tried again, after `retryAfterMs` of what was thrown, unless its `retry` is false.
   */
  export(batch: Batch, signal: AbortSignal): unknown
  /**
   * Hears of a stall of an event loop: when it is noticed, when its stack comes, and when it is over. Neither repeated nor
   * waited for.
   */
  stall?(stall: Stall): unknown
  /** The sampling thread ends. It does not wait for this. */
  close?(): unknown
}

export interface ModuleSettings {
  readonly type: 'module'
  /** The file's name without its ending: metrics and messages name the exporter by it. */
  readonly name: string
  readonly path: string
  readonly options: unknown
  readonly timeoutMs: number
}

/** The file that `path` names, and how to call it. @throws {Error} where there is none. */
export function resolveModule(path: string): { path: string; name: string } {
  // Loaded where it is needed: with it comes what Node.js itself loads ES modules with, half a millisecond of the start.
  const { createRequire } = require('node:module') as typeof import('node:module')
  const file = createRequire(join(process.cwd(), '/')).resolve(
    path.startsWith('file:') ? fileURLToPath(path) : path,
  )
  // A module of Node.js itself is no file.
  if (!isAbsolute(file)) throw new Error(`${file} is a part of Node.js`)
  return { path: file, name: basename(file, extname(file)).slice(0, 100) }
}
