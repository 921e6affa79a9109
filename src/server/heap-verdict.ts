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

interface Near {
  readonly level: Level
  readonly text: string
  readonly figure: Figure
  readonly advice: string
}

/** By what is left after major collections: how much garbage there is in between says nothing. */
export function heapVerdict(evidence: Evidence): Judgement {
  const live = newestMajors(evidence)
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
    const text = `${grown(live, trend)}${untilLimit(evidence, trend)}`
    return { level: bad ? 'bad' : 'notice', word: 'leaking', text, figures, advice: FIND_IT }
  }
  if (close !== undefined) {
    const { level, text, advice } = close
    return { level, word: 'near its limit', text, figures, advice }
  }
  return shape(evidence, live, figures)
}

function shape(evidence: Evidence, live: readonly Point[], figures: Figure[]): Judgement {
  const good = (word: string, text: string): Judgement => ({ level: 'good', word, text, figures, advice: '' })
  const span = Math.min(HOUR_MS, evidence.span('nodejs_heap_size_used_bytes'))
  const used = evidence.range('nodejs_heap_size_used_bytes', span)
  if (used === undefined) return unknown('The heap has not been read yet.', figures)
  const between = `between ${bytes(used.min)} and ${bytes(used.max)} in the last ${time(span / 1000)}`
  if (live.length < LEAST_MAJORS) {
    // So few majors that nothing can grow far unseen: only where nothing moves can that be said.
    if (span >= FLAT.ms && used.max - used.min < FLAT.share * used.max) {
      return good('steady', `The used heap stayed ${between}.`)
    }
    if (span < LEAST_SPAN_MS) return unknown('There are too few samples of the heap yet.', figures)
    const some = live.length === 1 ? '1 major collection is' : `${live.length} major collections are`
    const text = `${some} too few to tell a leak from garbage; the used heap was ${between}.`
    return unknown(text, figures)
  }
  const teeth = used.max - used.min >= TOOTH * used.max
  const lows = live.map(({ v }) => v)
  const left = `what ${live.length} major collections left did not keep rising (${bytes(Math.min(...lows))} to ${bytes(Math.max(...lows))})`
  return good(teeth ? 'sawtooth' : 'steady', `The used heap was ${between}, and ${left}.`)
}

/** Live bytes, once for each sample with new major collections: of the last hour, or of the day where those are few. */
function newestMajors(evidence: Evidence): Point[] {
  const hour = liveAfterMajors(evidence, HOUR_MS)
  return hour.length >= LEAST_MAJORS ? hour : liveAfterMajors(evidence, DAY_MS)
}

function liveAfterMajors(evidence: Evidence, ms: number): Point[] {
  const cycles = new Map(
    evidence.points('nodejs_gc_cycles_total', ms, { kind: 'major' }).map(({ t, v }) => [t, v]),
  )
  let before = Number.NaN
  return evidence.points('nodejs_heap_live_bytes', ms).filter(({ t }) => {
    const count = cycles.get(t)
    if (count === undefined || count === before) return false
    before = count
    return true
  })
}

function leaks(live: readonly Point[], trend: Trend): boolean {
  const least = Math.max(LEAST_GROWTH.bytes, LEAST_GROWTH.share * (live[0] as Point).v)
  return rises(trend, least)
}

function isBad(live: readonly Point[], { growth, seconds }: Trend): boolean {
  return seconds >= BAD_LEAK.seconds || growth >= BAD_LEAK.share * (live[0] as Point).v
}

function grown(live: readonly Point[], { slope, seconds }: Trend): string {
  const from = bytes((live[0] as Point).v)
  const to = bytes((live.at(-1) as Point).v)
  const rate = `${bytes(slope * 60)} a minute`
  return `What major collections leave grew from ${from} to ${to} in ${time(seconds)}, ${rate}, over ${live.length} of them.`
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
    return [{ level, text, figure, advice }]
  })
}
