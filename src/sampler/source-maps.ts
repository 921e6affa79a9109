import { readFileSync, statSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Place } from '../core/stall'
import { originalsIn } from './source-map-reader'

/** Larger files are left alone: the sampling thread reads them at one go. */
const MAX_BYTES = 16 * 1024 * 1024
const MAX_PLACES = 1_000

/**
 * Where the code of places was written, by the source map that its file names. Kept are the places, and not the maps. What
 * cannot be read is no error.
 */
export class SourceMaps {
  /** By file, line and column; the oldest first. */
  readonly #known = new Map<string, Place | undefined>()

  originals(places: readonly Place[]): ReadonlyMap<Place, Place> {
    const unknown = places.filter((place) => !this.#known.has(keyOf(place)))
    for (const file of new Set(unknown.map((place) => place.file))) {
      this.#learn(
        file,
        unknown.filter((place) => place.file === file),
      )
    }
    const found = new Map<Place, Place>()
    for (const place of places) {
      const original = this.#known.get(keyOf(place))
      if (original !== undefined) found.set(place, original)
    }
    for (const key of this.#known.keys()) {
      if (this.#known.size <= MAX_PLACES) break
      this.#known.delete(key)
    }
    return found
  }

  #learn(file: string, places: readonly Place[]): void {
    let originals: readonly (Place | undefined)[] = []
    try {
      originals = read(file, places)
    } catch {
      // Nor is it read again for the same places.
    }
    for (const [at, place] of places.entries()) this.#known.set(keyOf(place), originals[at])
  }
}

function keyOf({ file, line, column }: Place): string {
  return `${line}:${column}:${file}`
}

function read(file: string, places: readonly Place[]): (Place | undefined)[] {
  const code = file.startsWith('file:') ? new URL(file) : isAbsolute(file) ? pathToFileURL(file) : undefined
  const named = code === undefined ? undefined : mapNamedIn(contents(code))
  if (code === undefined || named === undefined) return []
  // What the sources are relative to: the map, or the code that it is in.
  const base = named.startsWith('data:') ? code : new URL(named, code)
  const map = base === code ? inline(named) : base.protocol === 'file:' ? contents(base) : undefined
  if (map === undefined) return []
  const positions = places.map(({ line, column }) => ({ line: line - 1, column: column - 1 }))
  return originalsIn(map, positions).map(
    (original) =>
      original && {
        file: pathOf(new URL(original.source, base)),
        line: original.line + 1,
        column: original.column + 1,
      },
  )
}

const COMMENT = 'sourceMappingURL='

/** The last one counts, as for Node.js. Not by a string of all the code: that would be on this thread's heap. */
function mapNamedIn(code: Buffer): string | undefined {
  const at = code.lastIndexOf(COMMENT)
  if (!/\/[/*][#@]\s+$/.test(code.toString('latin1', Math.max(0, at - 10), Math.max(0, at)))) return undefined
  return /^[^\s*]+/.exec(code.toString('utf8', at + COMMENT.length))?.[0]
}

function contents(url: URL): Buffer {
  return statSync(url).size > MAX_BYTES ? Buffer.alloc(0) : readFileSync(url)
}

function inline(url: string): Buffer | undefined {
  const [head, base64] = /^data:application\/json(?:;charset=[^;,]*)?(;base64)?,/.exec(url) ?? []
  if (head === undefined) return undefined
  const data = url.slice(head.length)
  return base64 === undefined ? Buffer.from(decodeURIComponent(data)) : Buffer.from(data, 'base64')
}

/** A path where it is one, such as a place without a map has. */
function pathOf(url: URL): string {
  return url.protocol === 'file:' ? fileURLToPath(url) : url.href
}
