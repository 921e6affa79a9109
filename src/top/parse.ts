// What a server says, checked before anything is done with it: it may be anything that listens there.
import type { ShownStall } from '../core/stall'
import type { Status } from '../core/status'

/** Of `/v1/series`, what is used here. */
export interface Series {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly t: readonly number[]
  readonly v: readonly (number | null)[]
  /** Where a point stands for several samples; `v` is the last of them. */
  readonly min?: readonly (number | null)[]
  readonly max?: readonly (number | null)[]
}

/** Not what `/v1` says. The message names the part. */
export class Unreadable extends Error {}

type Check = (value: unknown, path: string) => void

const fail = (path: string, wanted: string): never => {
  throw new Unreadable(`${path} is no ${wanted}`)
}

const text: Check = (value, path) => void (typeof value === 'string' || fail(path, 'string'))
const number: Check = (value, path) => void (Number.isFinite(value) || fail(path, 'number'))
const flag: Check = (value, path) => void (typeof value === 'boolean' || fail(path, 'boolean'))
const orNull =
  (check: Check): Check =>
  (value, path) =>
    void (value === null || check(value, path))
const optional =
  (check: Check): Check =>
  (value, path) =>
    void (value === undefined || check(value, path))

const list =
  (check: Check): Check =>
  (value, path) => {
    if (!Array.isArray(value)) return fail(path, 'list')
    for (const [index, one] of value.entries()) check(one, `${path}[${index}]`)
  }

const object =
  (fields: Readonly<Record<string, Check>>): Check =>
  (value, path) => {
    if (typeof value !== 'object' || value === null) return fail(path, 'object')
    for (const [name, check] of Object.entries(fields)) {
      check((value as Record<string, unknown>)[name], path === '' ? name : `${path}.${name}`)
    }
  }

const record =
  (check: Check): Check =>
  (value, path) => {
    if (typeof value !== 'object' || value === null) return fail(path, 'object')
    for (const [name, one] of Object.entries(value)) check(one, `${path}.${name}`)
  }

const FAULTS = { missedTicks: number, droppedBatches: number, exportFailures: number, restarts: number }

const STATUS = object({
  service: text,
  pid: number,
  nodeVersion: text,
  offloopVersion: text,
  startedAt: number,
  now: number,
  intervalMs: number,
  sequence: number,
  sampledAt: number,
  health: object({ ...FAULTS, lately: optional(object(FAULTS)) }),
  threads: list(
    object({
      thread: text,
      utilization: optional(number),
      heapUsedBytes: optional(number),
      gcCycles: optional(number),
      stalled: flag,
    }),
  ),
  verdicts: list(object({ id: text, level: text, word: text, text, short: optional(text), advice: text })),
})

const POINTS = list(orNull(number))

const SERIES = object({
  series: list(
    object({
      name: text,
      labels: record(text),
      t: list(number),
      v: POINTS,
      min: optional(POINTS),
      max: optional(POINTS),
    }),
  ),
})

const PLACE = optional(object({ file: text, line: number, column: number }))

const STALLS = object({
  stalls: list(
    object({
      id: number,
      pid: optional(number),
      worker: optional(text),
      thread: text,
      startedAt: number,
      durationMs: number,
      ongoing: flag,
      cause: text,
      gcMs: number,
      stack: optional(list(object({ functionName: text, place: PLACE, original: PLACE }))),
    }),
  ),
})

/** @throws {Unreadable} */
export function parseStatus(value: unknown): Status {
  STATUS(value, '')
  return value as Status
}

/** @throws {Unreadable} */
export function parseSeries(value: unknown): readonly Series[] {
  SERIES(value, '')
  return (value as { series: readonly Series[] }).series
}

/** @throws {Unreadable} */
export function parseStalls(value: unknown): readonly ShownStall[] {
  STALLS(value, '')
  return (value as { stalls: readonly ShownStall[] }).stalls
}
