// How a figure with its unit is written: the page, the terminal and sentences differ in the space between, not in the rest.

/** What a number is. `cores` is CPU time a second: 1 is one processor, and is shown as 100%. */
export type Unit = 'bytes' | 'bytes/s' | 'seconds' | 'ratio' | 'cores' | 'number' | 'number/s'

interface Step {
  readonly from: number
  readonly factor: number
  readonly suffix: string
}

/** How one place writes. A whole space is not put before `%`. */
export interface Hand {
  readonly space: string
  /** `1,023 B` */
  readonly commas: boolean
}

const PLAIN: Hand = { space: ' ', commas: false }

const BYTES: readonly Step[] = [
  { from: 2 ** 40, factor: 2 ** 40, suffix: 'TiB' },
  { from: 2 ** 30, factor: 2 ** 30, suffix: 'GiB' },
  { from: 2 ** 20, factor: 2 ** 20, suffix: 'MiB' },
  { from: 2 ** 10, factor: 2 ** 10, suffix: 'KiB' },
  { from: 0, factor: 1, suffix: 'B' },
]
const SECONDS: readonly Step[] = [
  { from: 1, factor: 1, suffix: 's' },
  { from: 1e-3, factor: 1e-3, suffix: 'ms' },
  { from: 0, factor: 1e-6, suffix: 'µs' },
]
const NUMBERS: readonly Step[] = [
  { from: 1e9, factor: 1e9, suffix: 'G' },
  { from: 1e6, factor: 1e6, suffix: 'M' },
  { from: 1e5, factor: 1e3, suffix: 'k' },
  { from: 0, factor: 1, suffix: '' },
]
const PERCENT: readonly Step[] = [{ from: 0, factor: 0.01, suffix: '%' }]

const STEPS: Readonly<Record<Unit, readonly Step[]>> = {
  bytes: BYTES,
  'bytes/s': BYTES.map((step) => ({ ...step, suffix: `${step.suffix}/s` })),
  seconds: SECONDS,
  ratio: PERCENT,
  cores: PERCENT,
  number: NUMBERS,
  'number/s': NUMBERS.map((step) => ({ ...step, suffix: `${step.suffix}/s` })),
}

/** In which of a unit's sizes a value is written. */
export function stepOf(value: number, unit: Unit): Step {
  const steps = STEPS[unit]
  const size = Math.abs(value)
  // 0 has no size: bytes rather than terabytes, and seconds rather than microseconds.
  if (size === 0) return steps.find(({ factor }) => factor === 1) ?? (steps[0] as Step)
  return steps.find(({ from }) => size >= from) as Step
}

/** A value with its unit, to three digits: `12.3 MiB`, `850 µs`, `0.42%`. */
export function figure(value: number, unit: Unit, hand = PLAIN): string {
  if (unit === 'seconds' && Math.abs(value) >= 100) return duration(value * 1000, hand)
  const { factor, suffix } = stepOf(value, unit)
  return withSuffix(digits(Number((value / factor).toPrecision(12)), hand), suffix, hand)
}

/** `4 h 12 min`, `3 min 5 s`, `5.2 s`, `850 ms`. */
export function duration(ms: number, hand = PLAIN): string {
  if (ms < 1000) return withSuffix(String(Math.round(ms)), 'ms', hand)
  if (ms < 60_000) return withSuffix((ms / 1000).toFixed(ms < 10_000 ? 1 : 0), 's', hand)
  const parts = [
    [Math.floor(ms / 86_400_000), 'd'],
    [Math.floor(ms / 3_600_000) % 24, 'h'],
    [Math.floor(ms / 60_000) % 60, 'min'],
    [Math.floor(ms / 1000) % 60, 's'],
  ] as const
  const first = parts.findIndex(([count]) => count > 0)
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, suffix]) => withSuffix(String(count), suffix, hand))
    .join(' ')
}

/** For what goes on, so in no smaller parts than one wants to see change: `12 s`, `3 min`, `5 h 2 min`, `4 d 1 h`. */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  return seconds < 60 ? `${seconds} s` : duration(Math.floor(seconds / 60) * 60_000)
}

export function count(value: number): string {
  return value.toLocaleString('en')
}

/** `1 sample`, `2 samples`. */
export function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`
}

export function withSuffix(text: string, suffix: string, { space }: Hand): string {
  return text + (suffix === '' || (suffix === '%' && space === ' ') ? '' : space) + suffix
}

function digits(value: number, { commas }: Hand): string {
  const size = Math.abs(value)
  if (size >= 100 || Number.isInteger(value)) return commas ? count(Math.round(value)) : value.toFixed(0)
  if (size < 0.01) return value.toPrecision(1)
  return value.toFixed(size < 10 ? 2 : 1)
}
