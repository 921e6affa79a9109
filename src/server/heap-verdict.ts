import type { Figure, Level } from '../core/status'
import { type Point, rises, type Trend, trendOf } from '../core/trend'
import { bytesInWords as bytes, shareInWords as share, secondsInWords as time } from '../core/words'
import type { Evidence } from './evidence'
import { type Judgement, unknown } from './judgement'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** Fewer major collections show no trend. */
const LEAST_MAJORS = 6
const LEAST_GROWTH = { bytes: 1e6, share: 0.05 }
/** A leak is bad once it has added so much to what there was, or has gone on for so long. */
const BAD_LEAK = { share: 0.25, seconds: 600 }
/** A used heap that falls by less than this share of its highest has no teeth. */
const TOOTH = 0.2
/** A heap whose use moved less than this for so long is steady, whether it was collected or not. */
const FLAT = { ms: 300_000, share: 0.1 }
/** From so short a time the least and the greatest say nothing. */
const LEAST_SPAN_MS = 5_000

const FIND_IT = 'Take two heap snapshots some minutes apart under load, and see what the second has more of.'

/** What the heap or the process may not grow beyond. */
const LIMITS = [
  {
    used: 'nodejs_heap_live_bytes',
    limit: 'nodejs_heap_size_limit_bytes',
    notice: 0.75,
    bad: 0.9,
    what: 'what is left on the heap after a major collection',
    of: "the heap's limit",
    advice: 'Keep less on the heap, or raise --max-old-space-size.',
  },
  {
    used: 'process_resident_memory_bytes',
    limit: 'nodejs_container_memory_limit_bytes',
    notice: 0.85,
    bad: 0.95,
    what: 'the memory of the process',
    of: "the container's limit",
    advice: 'Use less memory, or give the container more: beyond its limit the kernel ends the process.',
  },
] as const

/** What the heap held after major collections, as samples saw it. */
interface Majors {
  /** Live bytes, once for each sample that saw new ones. */
  readonly live: readonly Point[]
  /** How many there were from the first of them to the last: more than one may lie between two samples. */
  readonly count: number
}

interface Near {
  readonly level: Level
  readonly short: string
  readonly text: string
  readonly figure: Figure
  readonly advice: string
}

/** By what is left after major collections: how much garbage there is in between says nothing. */
export function heapVerdict(evidence: Evidence): Judgement<'heap'> {
  const majors = newestMajors(evidence)
  const { live } = majors
  const trend = live.length < LEAST_MAJORS ? undefined : trendOf(live)
  const leaking = trend !== undefined && leaks(live, trend)
  const near = nearest(evidence)
  const figures: Figure[] = near.map(({ figure }) => figure)
  const newest = evidence.latest('nodejs_heap_live_bytes')
  if (newest !== undefined) figures.unshift({ name: 'live after major', value: newest, unit: 'bytes' })
  if (trend !== undefined) figures.push({ name: 'growth', value: trend.slope * 60, unit: 'bytes/min' })

  const close = near.find(({ level }) => level === 'bad') ?? near.find(({ level }) => level === 'notice')
  if (leaking) {
    const bad = close?.level === 'bad' || isBad(live, trend)
    const text = `${grown(majors, trend)}${untilLimit(evidence, trend)}`
    const short = `${bytes(trend.slope * 60)} more a minute`
    return { level: bad ? 'bad' : 'notice', word: 'leaking', short, text, figures, advice: FIND_IT }
  }
  if (close !== undefined) {
    const { level, short, text, advice } = close
    return { level, word: 'near its limit', short, text, figures, advice }
  }
  return shape(evidence, majors, figures)
}

function shape(evidence: Evidence, { live, count }: Majors, figures: Figure[]): Judgement<'heap'> {
  const good = (word: 'sawtooth' | 'steady', text: string): Judgement<'heap'> => ({
    level: 'good',
    word,
    short,
    text,
    figures,
    advice: '',
  })
  const span = Math.min(HOUR_MS, evidence.span('nodejs_heap_size_used_bytes'))
  const used = evidence.range('nodejs_heap_size_used_bytes', span)
  if (used === undefined) return unknown('The heap has not been read yet.', 'not read yet', figures)
  const short = `${bytes(used.min)} to ${bytes(used.max)}`
  const between = `between ${bytes(used.min)} and ${bytes(used.max)} in the last ${time(span / 1000)}`
  if (live.length < LEAST_MAJORS) {
    // So few majors that nothing can grow far unseen: only where nothing moves can that be said.
    if (span >= FLAT.ms && used.max - used.min < FLAT.share * used.max) {
      return good('steady', `The used heap stayed ${between}.`)
    }
    if (span < LEAST_SPAN_MS)
      return unknown('There are too few samples of the heap yet.', 'too few samples yet', figures)
    const seen = count > live.length ? ` in ${live.length} samples` : ''
    const some = count === 1 ? '1 major collection is' : `${count} major collections${seen} are`
    const text = `${some} too few to tell a leak from garbage; the used heap was ${between}.`
    return unknown(text, `${short}, too few majors yet`, figures)
  }
  const teeth = used.max - used.min >= TOOTH * used.max
  const lows = live.map(({ v }) => v)
  const left = `what ${count} major collections left did not keep rising (${bytes(Math.min(...lows))} to ${bytes(Math.max(...lows))})`
  return good(teeth ? 'sawtooth' : 'steady', `The used heap was ${between}, and ${left}.`)
}

/** Of the last hour, or of the day where those are few. */
function newestMajors(evidence: Evidence): Majors {
  const hour = liveAfterMajors(evidence, HOUR_MS)
  return hour.live.length >= LEAST_MAJORS ? hour : liveAfterMajors(evidence, DAY_MS)
}

function liveAfterMajors(evidence: Evidence, ms: number): Majors {
  const cycles = new Map(
    evidence.points('nodejs_gc_cycles_total', ms, { kind: 'major' }).map(({ t, v }) => [t, v]),
  )
  const counts: number[] = []
  const live = evidence.points('nodejs_heap_live_bytes', ms).filter(({ t }) => {
    const count = cycles.get(t)
    if (count === undefined || count === counts.at(-1)) return false
    counts.push(count)
    return true
  })
  return { live, count: counts.length === 0 ? 0 : (counts.at(-1) as number) - (counts[0] as number) + 1 }
}

function leaks(live: readonly Point[], trend: Trend): boolean {
  const least = Math.max(LEAST_GROWTH.bytes, LEAST_GROWTH.share * (live[0] as Point).v)
  return rises(trend, least)
}

function isBad(live: readonly Point[], { growth, seconds }: Trend): boolean {
  return seconds >= BAD_LEAK.seconds || growth >= BAD_LEAK.share * (live[0] as Point).v
}

function grown({ live, count }: Majors, { slope, seconds }: Trend): string {
  const from = bytes((live[0] as Point).v)
  const to = bytes((live.at(-1) as Point).v)
  const rate = `${bytes(slope * 60)} a minute`
  return `What major collections leave grew from ${from} to ${to} in ${time(seconds)}, ${rate}, over ${count} of them.`
}

function untilLimit(evidence: Evidence, { slope }: Trend): string {
  const live = evidence.latest('nodejs_heap_live_bytes')
  const limit = evidence.latest('nodejs_heap_size_limit_bytes')
  if (live === undefined || limit === undefined || limit <= live) return ''
  return ` At this pace it reaches the limit of ${bytes(limit)} in ${time((limit - live) / slope)}.`
}

function nearest(evidence: Evidence): Near[] {
  return LIMITS.flatMap(({ used, limit, notice, bad, what, of, advice }) => {
    const now = evidence.latest(used)
    const most = evidence.latest(limit)
    if (now === undefined || most === undefined || most <= 0) return []
    const ratio = now / most
    const figure = { name: `of ${of}`, value: ratio, unit: 'ratio' }
    const level: Level = ratio >= bad ? 'bad' : ratio >= notice ? 'notice' : 'good'
    const text = `At ${bytes(now)}, ${what} is ${share(ratio)} of ${of} of ${bytes(most)}.`
    return [{ level, short: `${share(ratio)} of ${of}`, text, figure, advice }]
  })
}
