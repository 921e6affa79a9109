import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { send } from '../support/http'
import { serving } from '../support/serving'

const FOLDER = fileURLToPath(new URL('../../dist/page/', import.meta.url))
const FILES = [
  ['/', 'index.html', 'text/html'],
  ['/page.js', 'page.js', 'text/javascript'],
  ['/page.css', 'page.css', 'text/css'],
] as const

describe('the page', () => {
  it.each(FILES)('has %s, which is %s', async (path, file, type) => {
    const url = (await serving()) + path
    const plain = await send(url)
    expect(plain.headers['content-type']).toBe(`${type}; charset=utf-8`)
    expect(plain.headers['content-encoding']).toBeUndefined()
    expect(plain.body.equals(readFileSync(FOLDER + file))).toBe(true)

    const zipped = await send(url, { headers: { 'Accept-Encoding': 'gzip' } })
    expect(zipped.headers['content-encoding']).toBe('gzip')
    expect(zipped.headers.vary).toMatch('Accept-Encoding')
    expect(gunzipSync(zipped.body).equals(plain.body)).toBe(true)
  })

  it.each(FILES)('is asked for once: %s is 304 to whoever has it', async (path) => {
    const url = (await serving()) + path
    const tags: unknown[] = []
    for (const encoding of ['identity', 'gzip']) {
      const { headers } = await send(url, { headers: { 'Accept-Encoding': encoding } })
      expect(headers['cache-control']).toBe('no-cache')
      const again = await send(url, {
        headers: { 'Accept-Encoding': encoding, 'If-None-Match': `"other", ${headers.etag}` },
      })
      expect(again.status).toBe(304)
      expect(again.body).toHaveLength(0)
      expect(again.headers.etag).toBe(headers.etag)
      const other = await send(url, { headers: { 'Accept-Encoding': encoding, 'If-None-Match': '"other"' } })
      expect(other.status).toBe(200)
      tags.push(headers.etag)
    }
    // Strong: other bytes, another tag.
    expect(tags[0]).not.toBe(tags[1])
  })

  it('is less than 120 KB on the wire', () => {
    const zipped = readdirSync(FOLDER).filter((file) => file.endsWith('.gz'))
    expect(zipped.sort()).toEqual(['index.html.gz', 'page.css.gz', 'page.js.gz'])
    const bytes = zipped.reduce((sum, file) => sum + readFileSync(FOLDER + file).length, 0)
    expect(bytes).toBeLessThan(120_000)
  })

  it('may run its own script and ask its own server, and nothing else', async () => {
    const url = await serving()
    for (const [path] of FILES) {
      const { headers } = await send(url + path)
      expect((headers['content-security-policy'] as string).split('; ')).toEqual([
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        'img-src data:',
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
      ])
      expect(headers).toMatchObject({
        'cross-origin-resource-policy': 'same-origin',
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
      })
    }
    const html = (await send(url)).body.toString()
    expect(html).not.toMatch(/<script(?![^>]* src=)|<style|\sstyle=|\son\w+=/)
    const addresses = [...html.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, address]) => address as string)
    expect(addresses.filter((address) => /^(?!data:)\w+:|^\/\//.test(address))).toEqual([])
  })

  it('links to what answers', async () => {
    const url = await serving({ query: () => [] })
    const links = [...(await send(url)).body.toString().matchAll(/<a[^>]* href="([^"#]+)"/g)]
    expect(links.length).toBeGreaterThan(6)
    for (const [, link] of links) expect((await send(`${url}/${link}`)).status, link).toBe(200)
  })
})
