export interface Point {
  /** Milliseconds since the epoch. */
  readonly t: number
  readonly v: number
}

/** Which way a series goes, by figures that a few outliers do not move. */
export interface Trend {
  readonly count: number
  /** From the first point to the last, in seconds. */
  readonly seconds: number
  /** The median of the slopes between any two points (Theil and Sen), a second. */
  readonly slope: number
  /** The same of the newer half. */
  readonly recentSlope: number
  /** What the slope makes of the whole time. */
  readonly growth: number
  /** Median distance from the line. */
  readonly noise: number
  /** Mann and Kendall's: how many standard deviations the share of rising pairs is from chance. */
  readonly score: number
}

/** All pairs are looked at: these are 5,000. */
const MAX_POINTS = 100
/** One in 160 series without a trend looks that much like one that rises. */
const RISING_SCORE = 2.5

/** `points` ascend by `t`; undefined for fewer than three, or without time between them. */
export function trendOf(points: readonly Point[]): Trend | undefined {
  const some = thinned(points)
  const first = some[0]
  const last = some.at(-1)
  if (first === undefined || last === undefined || some.length < 3 || last.t <= first.t) return undefined
  const count = some.length
  const seconds = (last.t - first.t) / 1000
  const { slope, rising } = slopeOf(some)
  const level = median(some.map(({ t, v }) => v - (slope * (t - first.t)) / 1000))
  const noise = median(some.map(({ t, v }) => Math.abs(v - level - (slope * (t - first.t)) / 1000)))
  return {
    count,
    seconds,
    slope,
    recentSlope: slopeOf(some.slice(Math.floor(count / 2))).slope,
    growth: slope * seconds,
    noise,
    score: rising / Math.sqrt((count * (count - 1) * (2 * count + 5)) / 18),
  }
}

/** Whether it rises by `least` or more, beyond its noise and beyond chance, and has not stopped to. */
export function rises({ score, growth, noise, slope, recentSlope }: Trend, least: number): boolean {
  return score >= RISING_SCORE && growth >= least && growth > 3 * noise && recentSlope > slope / 4
}

export function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort()
  const middle = sorted.length >> 1
  if (sorted.length % 2 === 1) return sorted[middle] as number
  return ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2
}

function slopeOf(points: readonly Point[]): { slope: number; rising: number } {
  const slopes: number[] = []
  let rising = 0
  points.forEach((a, index) => {
    for (const b of points.slice(index + 1)) {
      if (b.t > a.t) slopes.push(((b.v - a.v) / (b.t - a.t)) * 1000)
      rising += Math.sign(b.v - a.v)
    }
  })
  return { slope: slopes.length === 0 ? 0 : median(slopes), rising }
}

/** Every n-th, the last one always. */
function thinned(points: readonly Point[]): readonly Point[] {
  const step = Math.ceil(points.length / MAX_POINTS)
  return points.filter((_, index) => (points.length - 1 - index) % step === 0)
}
