import { describe, expect, test } from 'vitest'
import { dist } from '../dist'

const { Secrets, secretsOfHeader, secretsOfUrl } =
  dist<typeof import('../../src/exporters/redact')>('exporters/redact.js')

describe('of a header', () => {
  test.each([
    ['sk-12345', 'no key sk-12345', 'no key ***'],
    ['Bearer sk-12345', 'invalid token sk-12345', 'invalid token ***'],
    ['Bearer sk-12345', 'got "Bearer sk-12345"', 'got "***"'],
    ['Api-Key  sk-12345', 'SK-12345 is unknown', '*** is unknown'],
    [`Basic ${btoa('ann:p4ss:word')}`, 'no user ann with p4ss:word', 'no user ann with ***'],
    [`basic ${btoa('ann:p4ssword')}`, 'ann:p4ssword', '***'],
    [`Basic ${btoa('ann:p4ssword')}`, `cannot decode ${btoa('ann:p4ssword')}`, 'cannot decode ***'],
    ['a"b c', String.raw`{"said":"a\"b c"}`, '{"said":"***"}'],
    ['a b/c', '/in?key=a%20b%2Fc', '/in?key=***'],
  ])('%j, the server says %j', (header, said, shown) => {
    expect(new Secrets(secretsOfHeader(header)).quoted(said)).toBe(shown)
  })
})

describe('of a URL', () => {
  test.each([
    ['redis://:p4ss@h/0', 'no p4ss', 'no ***'],
    [
      'mongodb://ann:p%40ss@h1:1,h2:2/db',
      'neither ann:p@ss nor p%40ss nor p@ss',
      'neither *** nor *** nor ***',
    ],
    ['https://h/in?key=a+b&x', 'key=a+b, key=a b, key=a%20b', 'key=***, key=***, key=***'],
    ['https://h/in?key=abcd#part', 'POST /in?key=abcd', 'POST /in***'],
    ['Is it so? Yes', 'Yes, it is so', 'Yes, it is so'],
    ['https://h/in', 'h/in', 'h/in'],
  ])('%s, %j', (url, said, shown) => {
    expect(new Secrets(secretsOfUrl(url)).quoted(said)).toBe(shown)
  })
})

test('a short one is taken out of what the server says, and leaves what this side says', () => {
  const secrets = new Secrets(['1', 'long'])
  expect(secrets.quoted('tenant 1 is no long one')).toBe('tenant *** is no *** one')
  expect(secrets.told('connect ECONNREFUSED 127.0.0.1:1, long')).toBe('connect ECONNREFUSED 127.0.0.1:1, ***')
})

test('half a character does no harm', () => {
  expect(new Secrets(['\ud800']).told('a')).toBe('a')
})

test('none leaves the text as it is, on one line and not too long', () => {
  expect(new Secrets([]).told(' a\r\n\u001b[31mb\t')).toBe('a [31mb')
  expect(new Secrets([]).quoted('x'.repeat(1_000))).toBe(`${'x'.repeat(200)}…`)
})
