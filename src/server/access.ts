import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { Refusal } from './reply'
import { partsOf } from './target'

/** Lets a request pass, or throws a `Refusal`. */
type Check = (request: IncomingMessage) => void

/**
 * Against DNS rebinding: a web page whose own name was pointed at this address could read everything here, but it
 * cannot change the name that its browser sends. So names must be known, and addresses and `localhost` need not be.
 * `*.localhost` is a name like others: not every resolver keeps it on this machine.
 */
export function checkHost(hosts: readonly string[]): Check {
  const known = new Set(['localhost', ...hosts.map(normalized)])
  return ({ headersDistinct }) => {
    // None at all is an HTTP/1.0 probe and no browser: Node itself answers HTTP/1.1 without Host with 400.
    for (const host of headersDistinct.host ?? []) {
      const name = withoutPort(host)
      const address =
        name.startsWith('[') && name.endsWith(']') ? isIP(name.slice(1, -1)) === 6 : isIP(name) === 4
      if (!address && !known.has(normalized(host))) {
        throw new Refusal(403, `host ${JSON.stringify(name)} is not allowed: add it to serve.hosts`)
      }
    }
  }
}

/** `open` are paths that hold nothing to keep from anybody. */
export function checkToken(token: string | undefined, open: readonly string[]): Check {
  if (token === undefined) return () => {}
  const expected = digest(token)
  return ({ headers, url }) => {
    if (open.includes(partsOf(url ?? '/').path)) return
    const given = /^bearer +(.*)$/i.exec(headers.authorization ?? '')?.[1]
    // Digests have one length, so the comparison takes the same time however much of the token is right.
    if (given === undefined || !timingSafeEqual(digest(given), expected)) {
      throw new Refusal(401, 'a bearer token is needed', { 'WWW-Authenticate': 'Bearer realm="offloop"' })
    }
  }
}

/** The two that exist here: nothing can be changed over HTTP. */
export function checkMethod({ method }: IncomingMessage): void {
  if (method !== 'GET' && method !== 'HEAD') {
    throw new Refusal(405, `${method} is not allowed`, { Allow: 'GET, HEAD' })
  }
}

function normalized(host: string): string {
  return withoutPort(host).toLowerCase().replace(/\.$/, '')
}

function withoutPort(host: string): string {
  return host.replace(/:\d*$/, '')
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
