import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { dist } from '../dist'

const { messageOf, OffloopError } = dist<typeof import('../../src/core/errors')>('core/errors.js')

describe('the message of what was thrown', () => {
  const boom = () => {
    throw new Error('boom')
  }

  test.each<[string, unknown, string]>([
    ['an error', new Error('no room'), 'no room'],
    ['an error without a message', new RangeError(), 'RangeError'],
    ['an error of another realm', runInNewContext('new TypeError("far")'), 'TypeError: far'],
    [
      'an error whose message is none',
      Object.assign(new Error(), { message: { toString: () => 'odd' } }),
      'odd',
    ],
    ['an error whose message is a symbol', Object.assign(new Error(), { message: Symbol('s') }), 'Symbol(s)'],
    ['a text', 'why', 'why'],
    ['nothing', undefined, 'undefined'],
    ['null', null, 'null'],
    ['a symbol', Symbol('s'), 'Symbol(s)'],
    ['a number', 1n, '1'],
    ['an object', { code: 1 }, '[object Object]'],
  ])('%s', (_, thrown, message) => {
    expect(messageOf(thrown)).toBe(message)
  })

  test.each<[string, unknown]>([
    ['an object without a prototype', Object.create(null)],
    ['an object whose toString throws', { toString: boom }],
    ['an error whose message throws', Object.defineProperty(new Error(), 'message', { get: boom })],
    ['a proxy that throws', new Proxy({}, { get: boom, getPrototypeOf: boom })],
    ['an error whose message cannot be shown', Object.assign(new Error(), { message: Object.create(null) })],
  ])('%s cannot be shown, and does not throw', (_, thrown) => {
    expect(messageOf(thrown)).toBe('a value that cannot be shown')
  })
})

test('an error has a code, a name and a cause', () => {
  const cause = new Error('why')
  const error = new OffloopError('ERR_OFFLOOP_EXPORT', 'what', { cause })
  expect(error).toBeInstanceOf(Error)
  expect(error).toMatchObject({ code: 'ERR_OFFLOOP_EXPORT', name: 'OffloopError', message: 'what', cause })
})
