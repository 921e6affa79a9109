// What is said of options that cannot be used. Each is named by its path.
import { shortened } from './errors'
import { nearest } from './nearest'

export function invalidType(option: string, message: string): TypeError {
  return of(option, new TypeError(`offloop: option ${option} ${message}`))
}

export function invalidRange(option: string, message: string): RangeError {
  return of(option, new RangeError(`offloop: option ${option} ${message}`))
}

function of<E extends Error>(option: string, error: E): E {
  return Object.assign(error, { option, code: 'ERR_OFFLOOP_INVALID_OPTION' })
}

export function wrongType(option: string, expected: string, value: unknown): TypeError {
  return invalidType(option, `must be ${expected}, and is ${show(value)}`)
}

export function noChoice(option: string, given: string, choices: readonly string[]): RangeError {
  const message = `is ${show(given)}, and must be one of ${choices.join(', ')}${meant(given, choices)}`
  return invalidRange(option, message)
}

export function unknown(name: string, path: string, names: readonly string[]): TypeError {
  const shown = shortened(name)
  return invalidType(path === '' ? shown : `${path}.${shown}`, `is unknown${meant(name, names)}`)
}

/** The end of a message: nothing where no name is near. */
export function meant(given: string, names: readonly string[]): string {
  const name = nearest(shortened(given), names)
  return name === undefined ? '' : `: did you mean ${name}?`
}

export function show(value: unknown): string {
  // A URL in the wrong place may hold a password or a key.
  if (typeof value === 'string') return value.includes('://') ? 'a URL' : JSON.stringify(shortened(value))
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'bigint') return shortened(`${value}n`)
  if (typeof value !== 'object' || value === null) return shortened(String(value))
  try {
    if (Array.isArray(value)) return 'an array'
    const tag = Object.prototype.toString.call(value)
    return tag === '[object Object]' ? 'an object' : shortened(tag)
  } catch {
    return 'an object'
  }
}
