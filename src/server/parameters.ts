import { Refusal } from './reply'
import { parseTime } from './time'

const HOUR_MS = 3_600_000
const MAX_POINTS = { least: 2, most: 10_000, default: 1_000 }

interface Window {
  readonly start: number
  readonly end: number
}

export type Parameters = ReadonlyMap<string, string>

/** The parameters of a query string: each must be known, and given once at most. */
export function readParameters(query: string, known: readonly string[]): Parameters {
  const parameters = new Map<string, string>()
  for (const [name, value] of new URLSearchParams(query)) {
    if (!known.includes(name)) {
      throw new Refusal(
        400,
        `parameter ${JSON.stringify(name)} is unknown: there ${known.length === 0 ? 'are none here' : `are ${known.join(', ')}`}`,
      )
    }
    if (parameters.has(name)) throw new Refusal(400, `parameter ${name} is given twice`)
    parameters.set(name, value)
  }
  return parameters
}

export function metricOf(parameters: Parameters): string {
  const metric = parameters.get('metric') ?? ''
  if (metric === '') throw new Refusal(400, 'parameter metric is missing: the name of a metric')
  return metric
}

/** `end` is now unless given, and `start` so long before it. */
export function windowOf(parameters: Parameters, now: number, defaultMs = HOUR_MS): Window {
  const end = time(parameters, 'end') ?? now
  const start = time(parameters, 'start') ?? end - defaultMs
  if (start > end) throw new Refusal(400, 'parameter start is later than end')
  return { start, end }
}

export function maxPointsOf(parameters: Parameters): number {
  const text = parameters.get('maxPoints')
  if (text === undefined) return MAX_POINTS.default
  const { least, most } = MAX_POINTS
  const points = /^\d+$/.test(text) ? Number(text) : 0
  if (points < least || points > most) {
    throw new Refusal(400, `parameter maxPoints must be a whole number from ${least} to ${most}`)
  }
  return points
}

function time(parameters: Parameters, name: string): number | undefined {
  const text = parameters.get(name)
  if (text === undefined) return undefined
  const at = parseTime(text)
  if (at === undefined) {
    const wanted = 'an RFC 3339 time, such as 2026-01-31T12:00:00Z, or milliseconds since 1970'
    throw new Refusal(400, `parameter ${name} must be ${wanted}`)
  }
  return at
}
