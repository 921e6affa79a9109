import { type Pages, Track } from './pages'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
/** Of parts of the last hour, where samples are closer together. */
const HOUR_STEP_MS = 10_000
/** Of parts of the last day: 480 of them. */
const DAY_STEP_MS = 3 * MINUTE_MS
/** At least so many samples are kept as they were. */
const LEAST_SAMPLES = 120

/** When the points of a level are: in a sample's time, or in the first and last time and the first column of a part. */
const TIME_WIDTH = { sample: 1, part: 3 }

/**
 * How finely the past is kept: each sample, or parts of time that stand for several. All levels are filled at once as
 * samples come, so that nothing needs to be rewritten later. A column is a sample; it has the same number everywhere.
 */
export class Level {
  /** Points begun so far: the newest has index `count - 1`. */
  count = 0
  readonly times: Track
  #part = Number.NaN

  /**
   * `stepMs`: length of a part; 0 for samples. `wanted`: points that are kept before less wanted series get room;
   * `most`: points that are kept where there is room.
   */
  constructor(
    readonly stepMs: number,
    readonly wanted: number,
    readonly most: number,
  ) {
    this.times = new Track(this.sampled ? TIME_WIDTH.sample : TIME_WIDTH.part)
  }

  get sampled(): boolean {
    return this.stepMs === 0
  }

  /** Whether the sample at `timestamp` begins a point, which then is the newest. By a clock that is set back, too. */
  advance(timestamp: number): boolean {
    const part = this.sampled ? this.count : Math.floor(timestamp / this.stepMs)
    if (part === this.#part) return false
    this.#part = part
    this.count++
    return true
  }

  /** Times of a point that has a page. */
  note({ values }: Pages, timestamp: number, column: number, begun: boolean): void {
    const at = this.times.at(this.count - 1)
    if (at === undefined) return
    if (begun) values[at] = timestamp
    if (this.sampled) return
    values[at + 1] = timestamp
    if (begun) values[at + 2] = column
  }

  /** The first column of the point; undefined where that is forgotten. */
  firstColumn(index: number, { values }: Pages): number | undefined {
    if (this.sampled) return index
    const at = this.times.at(index)
    return at === undefined ? undefined : values[at + 2]
  }

  /** First and last time of a point. */
  firstTime(index: number, { values }: Pages): number {
    const at = this.times.at(index)
    return at === undefined ? Number.NaN : (values[at] as number)
  }

  lastTime(index: number, { values }: Pages): number {
    const at = this.times.at(index)
    return at === undefined ? Number.NaN : (values[this.sampled ? at : at + 1] as number)
  }
}

/** From fine to coarse. */
export function levelsFor(intervalMs: number): readonly Level[] {
  const samples = (ms: number): number => Math.ceil(ms / intervalMs)
  if (intervalMs >= DAY_STEP_MS) return [new Level(0, samples(DAY_MS), samples(DAY_MS))]
  // A part that has just begun is one more.
  const parts = (ms: number, stepMs: number): Level => new Level(stepMs, ms / stepMs + 1, ms / stepMs + 1)
  const day = parts(DAY_MS, DAY_STEP_MS)
  if (intervalMs >= HOUR_STEP_MS) return [new Level(0, samples(HOUR_MS), samples(DAY_MS)), day]
  return [new Level(0, LEAST_SAMPLES, samples(DAY_MS)), parts(HOUR_MS, HOUR_STEP_MS), day]
}
