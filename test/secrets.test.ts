// That no secret gets out by any way that leads out: standard output and error, errors, events, batches, and all that
// is served, with and without the token, while the server that is exported to repeats them in its refusals.
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { Child } from './support/child'

const TOKEN = 'tok-sw0rdfish'
const KEY = 'key-marm4lade'
const QUERY = 'query-h0neydew'
const HEADER = 'header-t4ngerine'
const SECRETS = [TOKEN, KEY, QUERY, HEADER]

let close: (() => void) | undefined
afterEach(() => close?.())

test.each([401, 500])('no secret is told, where the server answers %i and repeats it', async (status) => {
  const seen: IncomingHttpHeaders[] = []
  const server = createServer((request, response) => {
    seen.push(request.headers)
    const authorization = request.headers.authorization ?? request.headers['api-key']
    response.writeHead(status, { 'X-Refused': String(authorization) })
    response.end(JSON.stringify({ error: `no such key: ${authorization}, at ${request.url}` }))
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  close = () => {
    server.close()
    server.closeAllConnections()
  }
  const target = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/ingest?auth=${QUERY}`
  const child = new Child('secrets.cjs', {
    args: [target],
    env: { THE_TOKEN: TOKEN, THE_KEY: KEY, THE_HEADER: HEADER },
  })
  const { url } = await child.next<{ url: string }>()

  const answers: string[] = []
  const paths = [
    '/',
    '/metrics',
    '/healthz',
    '/v1/query?metric=nodejs_heap_size_used_bytes',
    '/v1/query',
    `/${TOKEN}`,
  ]
  for (const path of paths) {
    for (const given of [`Bearer ${TOKEN}`, `Bearer ${TOKEN}x`, `Basic ${TOKEN}`, undefined]) {
      const answer = await fetch(new URL(path, url), {
        headers: given === undefined ? {} : { authorization: given },
      })
      // The path is the client's own.
      const text = `${JSON.stringify([...answer.headers])}${await answer.text()}`.replaceAll(path, '')
      answers.push(`${answer.status} ${text}`)
    }
  }
  const said = (name: string) => seen.filter((headers) => headers[name] !== undefined).length
  const enough = status === 500 ? 2 : 1
  while (said('authorization') < enough || said('api-key') < enough)
    await new Promise((resolve) => setTimeout(resolve, 20))
  child.send('stop')
  const { code, stdout, stderr } = await child.exited

  expect(code, stderr).toBe(0)
  // It was all said, only not that.
  expect(seen.length).toBeGreaterThan(0)
  expect(seen.find(({ authorization }) => authorization !== undefined)?.authorization).toContain(KEY)
  expect(seen.find((headers) => 'api-key' in headers)?.['api-key']).toBe(HEADER)
  expect(answers.filter((answer) => answer.startsWith('200 '))).not.toHaveLength(0)
  // All but the page itself, which holds no figure.
  expect(answers.filter((answer) => answer.startsWith('401 '))).toHaveLength((paths.length - 1) * 3)
  expect(stdout).toContain('ERR_OFFLOOP_EXPORT')
  expect(stdout).toContain('no such key')
  for (const secret of SECRETS) {
    expect(stdout, 'standard output').not.toContain(secret)
    expect(stderr, 'standard error').not.toContain(secret)
    expect(answers.join('\n'), 'what is served').not.toContain(secret)
  }
})
