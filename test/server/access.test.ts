import { describe, expect, it } from 'vitest'
import { exchange, send } from '../support/http'
import { serving } from '../support/serving'

async function statusFor(host: string, hosts: readonly string[] = []): Promise<number> {
  return (await send(`${await serving({}, { hosts })}/metrics`, { headers: { Host: host } })).status
}

describe('Host', () => {
  it.each([
    '127.0.0.1',
    '127.0.0.1:9464',
    '10.1.2.3',
    '[::1]',
    '[::1]:9464',
    '[fe80::1]:80',
    'localhost',
    'LocalHost:1',
    'localhost.',
  ])('may be %s', async (host) => {
    expect(await statusFor(host)).toBe(200)
  })

  it.each([
    'evil.example',
    'evil.example:9464',
    'localhost.evil.example',
    'app.localhost',
    '127.0.0.1.evil.example',
    '1.2.3',
    '[evil]',
    '[127.0.0.1]',
    '::1',
    'fe80::abcd',
    'localhost:80:80',
    'user@localhost',
  ])('may not be %j', async (host) => {
    expect(await statusFor(host, ['good.example'])).toBe(403)
  })

  it.each(['good.example', 'GOOD.example:9464', 'good.example.'])(
    'may be %s where serve.hosts has it',
    async (host) => {
      expect(await statusFor(host, ['other.example', 'Good.Example'])).toBe(200)
    },
  )

  it('is named in the refusal, with what to do', async () => {
    const { headers, body } = await send(await serving(), { headers: { Host: 'evil.example' } })
    expect(headers['content-type']).toMatch('application/json')
    expect(JSON.parse(body.toString()).error).toMatch(/"evil\.example".*serve\.hosts/)
  })

  it('may not be empty', async () => {
    const request = 'GET / HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n'
    expect(await exchange(await serving(), request)).toMatch(/^HTTP\/1\.1 403 /)
  })

  it('must be right each time that it is given', async () => {
    const url = await serving()
    const request = 'GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n'
    expect(await exchange(url, request)).toMatch(/^HTTP\/1\.1 40[03] /)
  })

  it('may be left out by HTTP/1.0, which no browser speaks', async () => {
    expect(await exchange(await serving(), 'GET /healthz HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /)
  })
})

describe('the token', () => {
  const token = 'abc.DEF-123'

  it.each([
    ['none', undefined],
    ['another', 'Bearer abc.DEF-124'],
    ['a part', 'Bearer abc.DEF'],
    ['more', `Bearer ${token}4`],
    ['one of another case', `Bearer ${token.toLowerCase()}`],
    ['an empty one', 'Bearer '],
    ['one without a scheme', token],
    ['one of another scheme', `Basic ${token}`],
    ['one behind another word', `x Bearer ${token}`],
  ])('refuses %s, everywhere', async (_, authorization) => {
    const url = await serving({}, { token })
    for (const path of [
      '/metrics',
      '/healthz',
      '/v1/query?metric=x',
      '/v1/status',
      '/v1/series',
      '/v1/events',
      '/v1/stalls',
      '/nothing',
      '//',
      '/page.js/',
      '/page.css%2f',
      '/metrics?/page.js',
      '/index.html',
    ]) {
      const { status, headers, body } = await send(url + path, {
        headers: authorization === undefined ? {} : { Authorization: authorization },
      })
      expect(status).toBe(401)
      expect(headers['www-authenticate']).toMatch(/^Bearer /)
      expect(body.toString()).not.toContain(token)
    }
  })

  it.each(['/', '/page.js', '/page.css', '/?x=1'])(
    'is not needed for %s, which holds no figure',
    async (path) => {
      const answer = await send((await serving({}, { token })) + path)
      const open = await send((await serving()) + path)
      expect(answer.status).toBe(200)
      expect(answer.body.equals(open.body)).toBe(true)
      expect(answer.body.toString()).not.toContain(token)
    },
  )

  it.each([`Bearer ${token}`, `bearer  ${token}`])('lets %j pass', async (authorization) => {
    const url = await serving({}, { token })
    expect((await send(`${url}/healthz`, { headers: { Authorization: authorization } })).status).toBe(200)
  })

  it('does not make up for a wrong host', async () => {
    const url = await serving({}, { token })
    const headers = { Authorization: `Bearer ${token}`, Host: 'evil.example' }
    expect((await send(`${url}/healthz`, { headers })).status).toBe(403)
  })
})
