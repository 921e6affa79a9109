// Kinds of values that options have. Each function names the option in what it throws.
import { messageOf } from './errors'
import { labelValueFault } from './format'
import type * as Faults from './option-faults'

/** Of a list. */
const MAX_ITEMS = 1000

/** What is said of a bad option (`option-faults.ts`). Loaded with the first one, not with the package. */
export function faults(): typeof Faults {
  return require('./option-faults') as typeof Faults
}

/** A copy, so that what was checked is what is used, and without a prototype, so that nothing else is. */
export function record(value: unknown, option: string, expected = 'an object'): Record<string, unknown> {
  const copy = reading(option, () =>
    isRecord(value) ? Object.assign(Object.create(null), value) : undefined,
  )
  if (copy === undefined) throw faults().wrongType(option, expected, value)
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
  if (copy === undefined) throw faults().wrongType(option, 'an array', value)
  if (copy.length > MAX_ITEMS) throw faults().invalidRange(option, `must have at most ${MAX_ITEMS} items`)
  return copy
}

/** For what may run code of the user's: getters, and traps of proxies. */
function reading<T>(option: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw faults().invalidType(option, `cannot be read: ${messageOf(error)}`)
  }
}

export function text(value: unknown, option: string): string {
  if (typeof value !== 'string') throw faults().wrongType(option, 'a string', value)
  if (value === '') throw faults().invalidRange(option, 'must not be empty')
  return value
}

export function labelValue(value: unknown, option: string): string {
  const checked = text(value, option)
  const fault = labelValueFault(checked)
  if (fault !== undefined) throw faults().invalidRange(option, fault)
  return checked
}

// What Node.js would refuse as a header's value, found before there is a request. The value is a secret: not shown.
export function headerValue(value: unknown, option: string): string {
  if (typeof value !== 'string')
    throw faults().invalidType(option, `must be a string, and is of type ${typeof value}`)
  if (!/^[\x21-\x7e]+$/.test(value))
    throw faults().invalidRange(option, 'must be printable ASCII without spaces')
  return value
}

export function boolean(value: unknown, option: string): boolean {
  if (typeof value !== 'boolean') throw faults().wrongType(option, 'a boolean', value)
  return value
}

export function oneOf<T extends string>(value: unknown, option: string, choices: readonly T[]): T {
  const given = text(value, option)
  const found = choices.find((choice) => choice === given)
  if (found !== undefined) return found
  throw faults().noChoice(option, given, choices)
}

export function integer(value: unknown, option: string, least: number, most: number): number {
  if (typeof value !== 'number') throw faults().wrongType(option, 'a number', value)
  if (!Number.isInteger(value) || value < least || value > most) {
    throw faults().invalidRange(option, `must be a whole number from ${least} to ${most}, and is ${value}`)
  }
  return value
}

export function known(given: Record<string, unknown>, path: string, names: readonly string[]): void {
  const stranger = Object.keys(given).find((name) => !names.includes(name))
  if (stranger !== undefined) throw faults().unknown(stranger, path, names)
}
