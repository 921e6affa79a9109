import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { IncomingHttpHeaders } from 'node:http'
import { join } from 'node:path'
import { wantsGzip } from './negotiation'
import { Refusal, type Reply } from './reply'

const FOLDER = join(__dirname, '../page')
const FILES = new Map([
  ['/', { file: 'index.html', type: 'text/html; charset=utf-8' }],
  ['/page.js', { file: 'page.js', type: 'text/javascript; charset=utf-8' }],
  ['/page.css', { file: 'page.css', type: 'text/css; charset=utf-8' }],
])

/** The page runs its own script and asks its own server, and nothing else, whatever a label or a name of yours holds. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** What is here for people. These hold no figures: the page asks for them, with the token where one is needed. */
export const PAGE_PATHS: readonly string[] = [...FILES.keys()]

/** Answers one of `PAGE_PATHS`. Each file is read when it is first asked for, and then kept. */
export function pageFiles(): (path: string, headers: IncomingHttpHeaders) => Reply {
  const read = new Map<string, { body: Buffer; tag: string }>()
  const open = (name: string): { body: Buffer; tag: string } => {
    const known = read.get(name)
    if (known !== undefined) return known
    const body = contentsOf(name)
    const found = { body, tag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"` }
    read.set(name, found)
    return found
  }
  return (path, headers) => {
    const { file, type } = FILES.get(path) as { file: string; type: string }
    const zipped = wantsGzip(headers['accept-encoding'])
    const { body, tag } = open(zipped ? `${file}.gz` : file)
    const known = (headers['if-none-match'] ?? '').split(/\s*,\s*/).includes(tag)
    return {
      status: known ? 304 : 200,
      type,
      body: known ? '' : body,
      headers: {
        ...(zipped && !known ? { 'Content-Encoding': 'gzip' } : {}),
        // Kept, and asked for again each time: a newer offloop may be behind the same address.
        'Cache-Control': 'no-cache',
        ETag: tag,
        'Content-Security-Policy': POLICY,
        'Referrer-Policy': 'no-referrer',
      },
    }
  }
}

function contentsOf(name: string): Buffer {
  try {
    return readFileSync(join(FOLDER, name))
  } catch {
    // A bundle of the application that has the sampling thread in it, and not what lies beside it.
    throw new Refusal(404, 'the files of the page are not where this program is')
  }
}
