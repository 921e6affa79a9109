import { readFileSync, statSync } from 'node:fs'
import type { SourceMap } from 'node:module'
import { isAbsolute } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Place } from '../core/stall'

/** Larger files are left alone: the sampling thread reads and parses them at one go. */
const MAX_BYTES = 16 * 1024 * 1024
const MAX_MAPS = 50

interface Known {
  readonly map: SourceMap
  /** What the sources in it are relative to. */
  readonly url: URL
}

/** Where the code of a place was written, by the source map that its file names. What cannot be read is no error. */
export class SourceMaps {
  readonly #known = new Map<string, Known | undefined>()

  original({ file, line, column }: Place): Place | undefined {
    try {
      const known = this.#of(file)
      if (known === undefined) return undefined
      const entry = known.map.findEntry(line - 1, column - 1)
      if (!('originalSource' in entry) || !entry.originalSource) return undefined
      return {
        file: pathOf(new URL(entry.originalSource, known.url)),
        line: entry.originalLine + 1,
        column: entry.originalColumn + 1,
      }
    } catch {
      return undefined
    }
  }

  #of(file: string): Known | undefined {
    if (this.#known.has(file)) return this.#known.get(file)
    const [oldest] = this.#known.keys()
    if (this.#known.size >= MAX_MAPS && oldest !== undefined) this.#known.delete(oldest)
    // First, so that a map that cannot be read is not read again.
    this.#known.set(file, undefined)
    const known = load(file)
    this.#known.set(file, known)
    return known
  }
}

function load(file: string): Known | undefined {
  const url = file.startsWith('file:') ? new URL(file) : isAbsolute(file) ? pathToFileURL(file) : undefined
  if (url === undefined) return undefined
  const found = mapNamedIn(read(url))
  if (found === undefined) return undefined
  const at = new URL(found, url)
  const text = at.protocol === 'data:' ? inline(at) : at.protocol === 'file:' ? read(at) : undefined
  if (text === undefined) return undefined
  const { sourceRoot = '', ...payload } = JSON.parse(text) as { sourceRoot?: string; sources: string[] }
  const root = sourceRoot === '' || sourceRoot.endsWith('/') ? sourceRoot : `${sourceRoot}/`
  const sources = payload.sources.map((source) => `${root}${source}`)
  const node = require('node:module') as typeof import('node:module')
  const whole = { ...payload, sourceRoot: '', sources } as ConstructorParameters<typeof SourceMap>[0]
  return {
    map: new node.SourceMap(whole),
    url: at.protocol === 'data:' ? url : at,
  }
}

const COMMENT = 'sourceMappingURL='

/** The last one counts, as for Node.js. */
function mapNamedIn(code: string): string | undefined {
  const at = code.lastIndexOf(COMMENT)
  if (!/\/[/*][#@]\s+$/.test(code.slice(Math.max(0, at - 10), Math.max(0, at)))) return undefined
  return /^[^\s*]+/.exec(code.slice(at + COMMENT.length))?.[0]
}

function read(url: URL): string {
  if (statSync(url).size > MAX_BYTES) return ''
  return readFileSync(url, 'utf8')
}

function inline({ pathname }: URL): string | undefined {
  const [, type, data] = /^application\/json(?:;charset=[^;,]*)?(;base64)?,(.*)$/s.exec(pathname) ?? []
  if (data === undefined) return undefined
  return type === undefined ? decodeURIComponent(data) : Buffer.from(data, 'base64').toString()
}

/** A path where it is one, such as a place without a map has. */
function pathOf(url: URL): string {
  return url.protocol === 'file:' ? fileURLToPath(url) : url.href
}
