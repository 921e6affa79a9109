// Kinds of values that options have. Each function names the option in what it throws.
import { messageOf } from './errors'
import { labelValueFault } from './format'

/** Of a list. */
const MAX_ITEMS = 1000

export class InvalidType extends TypeError {
  readonly code = 'ERR_OFFLOOP_INVALID_OPTION'
  constructor(
    readonly option: string,
    message: string,
  ) {
    super(`offloop: option ${option} ${message}`)
  }
}

export class InvalidRange extends RangeError {
  readonly code = 'ERR_OFFLOOP_INVALID_OPTION'
  constructor(
    readonly option: string,
    message: string,
  ) {
    super(`offloop: option ${option} ${message}`)
  }
}

/** A copy, so that what was checked is what is used, and without a prototype, so that nothing else is. */
export function record(value: unknown, option: string, expected = 'an object'): Record<string, unknown> {
  const copy = reading(option, () =>
    isRecord(value) ? Object.assign(Object.create(null), value) : undefined,
  )
  if (copy === undefined) throw new InvalidType(option, `must be ${expected}, and is ${show(value)}`)
  return copy
}

/** A Map or a promise has no options to read, while an object of a class may have, and a module's namespace. */
function isRecord(value: unknown): value is object {
  const tag = Object.prototype.toString.call(value)
  return typeof value === 'object' && (tag === '[object Object]' || tag === '[object Module]')
}

export function array(value: unknown, option: string): readonly unknown[] {
  // By index, where holes are undefined: an array's own methods pass over them.
  const copy = reading(option, () =>
    Array.isArray(value)
      ? Array.from({ length: Math.min(value.length, MAX_ITEMS + 1) }, (_, index): unknown => value[index])
      : undefined,
  )
  if (copy === undefined) throw new InvalidType(option, `must be an array, and is ${show(value)}`)
  if (copy.length > MAX_ITEMS) throw new InvalidRange(option, `must have at most ${MAX_ITEMS} items`)
  return copy
}

/** For what may run code of the user's: getters, and traps of proxies. */
function reading<T>(option: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new InvalidType(option, `cannot be read: ${messageOf(error)}`)
  }
}

export function text(value: unknown, option: string): string {
  if (typeof value !== 'string') throw new InvalidType(option, `must be a string, and is ${show(value)}`)
  if (value === '') throw new InvalidRange(option, 'must not be empty')
  return value
}

export function labelValue(value: unknown, option: string): string {
  const checked = text(value, option)
  const fault = labelValueFault(checked)
  if (fault !== undefined) throw new InvalidRange(option, fault)
  return checked
}

// What Node.js would refuse as a header's value, found before there is a request. The value is a secret: not shown.
export function headerValue(value: unknown, option: string): string {
  if (typeof value !== 'string')
    throw new InvalidType(option, `must be a string, and is of type ${typeof value}`)
  if (!/^[\x21-\x7e]+$/.test(value)) throw new InvalidRange(option, 'must be printable ASCII without spaces')
  return value
}

export function boolean(value: unknown, option: string): boolean {
  if (typeof value !== 'boolean') throw new InvalidType(option, `must be a boolean, and is ${show(value)}`)
  return value
}

export function oneOf<T extends string>(value: unknown, option: string, choices: readonly T[]): T {
  const given = text(value, option)
  const found = choices.find((choice) => choice === given)
  if (found !== undefined) return found
  throw new InvalidRange(
    option,
    `is ${show(given)}, and must be one of ${choices.join(', ')}${meant(given, choices)}`,
  )
}

export function integer(value: unknown, option: string, least: number, most: number): number {
  if (typeof value !== 'number') throw new InvalidType(option, `must be a number, and is ${show(value)}`)
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new InvalidRange(option, `must be a whole number from ${least} to ${most}, and is ${value}`)
  }
  return value
}

export function known(given: Record<string, unknown>, path: string, names: readonly string[]): void {
  const stranger = Object.keys(given).find((name) => !names.includes(name))
  if (stranger !== undefined) throw unknown(stranger, path, names)
}

export function unknown(name: string, path: string, names: readonly string[]): InvalidType {
  const shown = shortened(name)
  return new InvalidType(path === '' ? shown : `${path}.${shown}`, `is unknown${meant(name, names)}`)
}

export function meant(given: string, names: readonly string[]): string {
  // Loaded where it is needed, not with the package.
  const { nearest } = require('./nearest') as typeof import('./nearest')
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

/** For messages, and for the search for the nearest name: a caller's text may have any length. */
export function shortened(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
