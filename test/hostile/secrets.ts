import { expect } from 'vitest'
import type { Options } from '../../src/core/options'
import type { Exit } from '../support/child'
import { send } from '../support/http'
import type { Figures } from './service'

// In a form that percent-encoding, JSON and HTML change, so that what leaks in another dress is found as well.
const KEY = 'k3y-"hush"&<a>'
const TOKEN = 't0ken-"hush"&<b>'
const QUERY = 'qu3ry "hush"&<c>'
/** In each of the secrets, and nowhere else. */
const MARK = 'hush'

/** Options with every secret that there is, for a backend at `url`. */
export function withSecrets(url: string, timeoutMs: number): Options {
  return {
    serve: { port: 0, token: TOKEN },
    exporters: [{ type: 'tinyobs', url: `${url}?token=${encodeURIComponent(QUERY)}`, key: KEY, timeoutMs }],
  }
}

/** What a server says that repeats all it was given, in every dress. */
export const INDISCREET = [KEY, QUERY]
  .flatMap((text) => [
    text,
    encodeURIComponent(text),
    JSON.stringify(text),
    encodeURIComponent(text).toLowerCase(),
  ])
  .map((text) => `no ${text}`)
  .join(' ')

/** What the server of the sampling thread says to those who know the token, and to those who don't. */
export async function pages(url: string): Promise<readonly string[]> {
  const good = { Authorization: `Bearer ${TOKEN}` }
  const asked: [Record<string, string>, number?][] = [
    [good],
    [{}, 401],
    [{ Authorization: 'Bearer wrong' }, 401],
    [{ ...good, Host: 'evil.example' }, 403],
  ]
  const targets = [
    '/',
    '/metrics',
    '/healthz',
    '/v1/query?metric=offloop_export_failures_total',
    '/v1/query/range?metric=offloop_export_failures_total',
    '/v1/series?metrics=offloop_export_failures_total',
    '/v1/status',
    '/v1/stalls',
    '/v1/events',
    '/nothing',
  ]
  const requests = targets.flatMap((target) =>
    asked.map(async ([headers, refused = target === '/nothing' ? 404 : 200]) => {
      const { status, body } = await send(url + target, { headers, until: 'event: sample' })
      // The page itself holds no figure.
      expect(status).toBe(target === '/' && refused === 401 ? 200 : refused)
      return body.toString()
    }),
  )
  return Promise.all(requests)
}

export function expectNoSecret(
  texts: readonly string[],
  { errors }: Figures,
  { stdout, stderr }: Exit,
): void {
  for (const text of [...texts, JSON.stringify(errors), stdout, stderr]) expect(text).not.toContain(MARK)
}
