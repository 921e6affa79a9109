import type { Figure, Subject, Verdict } from '../core/status'
import { rises, trendOf } from '../core/trend'
import {
  numberInWords as number,
  rateInWords as often,
  shareInWords as share,
  secondsInWords as time,
} from '../core/words'
import type { Evidence } from './evidence'
import { heapVerdict } from './heap-verdict'
import { type Judgement, unknown } from './judgement'

const MINUTE_MS = 60_000
/** Rates over less than this are chance. */
const LEAST_SECONDS = 3
/** What "now" is for rates. */
const WINDOW_MS = 5 * MINUTE_MS
const HOUR_MS = 60 * MINUTE_MS

/** What each rests on: no verdict says anything that these do not show. */
const RESTS_ON = {
  gc: [
    'nodejs_gc_main_thread_seconds_total',
    'nodejs_gc_pause_seconds_total',
    'nodejs_gc_cycles_total',
    'nodejs_thread_seconds_total',
  ],
  pause: ['nodejs_gc_pause_seconds_total', 'nodejs_gc_cycles_total', 'nodejs_gc_longest_pause_seconds'],
  heap: [
    'nodejs_heap_live_bytes',
    'nodejs_heap_size_used_bytes',
    'nodejs_heap_size_limit_bytes',
    'nodejs_gc_cycles_total',
    'process_resident_memory_bytes',
    'nodejs_container_memory_limit_bytes',
  ],
  resources: ['nodejs_active_resources_total'],
  loop: [
    'nodejs_eventloop_active_seconds_total',
    'nodejs_eventloop_idle_seconds_total',
    'nodejs_eventloop_longest_turn_seconds',
    'nodejs_eventloop_since_turn_seconds',
  ],
} as const satisfies Record<Subject, readonly string[]>

/** Names of the metrics that `Evidence` needs. */
export const EVIDENCE: ReadonlySet<string> = new Set(Object.values(RESTS_ON).flat())
/** Those of a whole day; of the others an hour is enough. */
export const EVIDENCE_OF_A_DAY: ReadonlySet<string> = new Set([
  'nodejs_heap_live_bytes',
  'nodejs_gc_cycles_total',
])
/** What `utilizationOf` needs. */
export const EVIDENCE_OF_LOADS: ReadonlySet<string> = new Set([
  'nodejs_eventloop_active_seconds_total',
  'nodejs_eventloop_idle_seconds_total',
])

export function verdicts(evidence: Evidence): Verdict[] {
  const judges: { readonly [S in Subject]: (evidence: Evidence) => Judgement<S> } = {
    gc: gcVerdict,
    pause: pauseVerdict,
    heap: heapVerdict,
    resources: resourcesVerdict,
    loop: loopVerdict,
  }
  return (Object.keys(judges) as Subject[]).map((id) => ({
    id,
    ...judges[id](evidence),
    metrics: RESTS_ON[id],
  }))
}

const TOO_FEW = ['There are too few samples yet.', 'too few samples yet'] as const
const FEW_ALLOCATIONS =
  'Allocate less on hot paths: take a heap profile under load, and look at what it shows first.'

/** A tenth of the thread's time is worth a look, a quarter is thrashing. */
const GC_SHARE = { notice: 0.1, bad: 0.25 }
/** Majors of a healthy service are seconds or minutes apart. */
const MAJORS_A_SECOND = 1

function gcVerdict(evidence: Evidence): Judgement<'gc'> {
  const rate = (kind: string) => perSecond(evidence.growth('nodejs_gc_cycles_total', WINDOW_MS, { kind }))
  const majors = rate('major')
  const minors = rate('minor')
  const took = evidence.growth('nodejs_gc_main_thread_seconds_total', WINDOW_MS) ?? pauses(evidence)
  const passed = evidence.growth('nodejs_thread_seconds_total', WINDOW_MS)
  if (majors === undefined || minors === undefined || took === undefined || passed === undefined) {
    return unknown(...TOO_FEW)
  }
  if (passed.seconds < LEAST_SECONDS) return unknown(...TOO_FEW)
  const of = took.value / passed.value
  const heavy = of >= GC_SHARE.bad
  const frequent = majors >= MAJORS_A_SECOND
  const level = heavy ? 'bad' : of >= GC_SHARE.notice || frequent ? 'notice' : 'good'
  return {
    level,
    word: heavy ? 'heavy' : of >= GC_SHARE.notice ? 'noticeable' : frequent ? 'frequent' : 'light',
    short: `${share(of)} of the time, ${often(majors, ' major')}`,
    text: `Collections took ${share(of)} of the last ${time(passed.seconds)}, with ${often(majors, ' major ones')} and ${often(minors, ' minor ones')}.`,
    reference: 'TinyObs, for Go, where all are major: below 1 a second is low, to 10 normal, above 20 high.',
    figures: [
      { name: 'share of time', value: of, unit: 'ratio' },
      { name: 'major collections', value: majors, unit: 'cycles/s' },
      { name: 'minor collections', value: minors, unit: 'cycles/s' },
    ],
    advice: level === 'good' ? '' : FEW_ALLOCATIONS,
  }
}

/** TinyObs's, for the mean pause; between normal and a problem it has no word. */
const PAUSE_SECONDS = { excellent: 0.001, normal: 0.01, problem: 0.1 }

function pauseVerdict(evidence: Evidence): Judgement<'pause'> {
  const took = pauses(evidence)
  const minors = evidence.growth('nodejs_gc_cycles_total', WINDOW_MS, { kind: 'minor' })
  const majors = evidence.growth('nodejs_gc_cycles_total', WINDOW_MS, { kind: 'major' })
  if (took === undefined || minors === undefined || majors === undefined) return unknown(...TOO_FEW)
  if (took.seconds < LEAST_SECONDS) return unknown(...TOO_FEW)
  const cycles = minors.value + majors.value
  const span = time(took.seconds)
  if (cycles === 0) {
    return {
      level: 'good',
      word: 'none',
      short: 'no collection',
      text: `No collection in the last ${span}.`,
      figures: [],
      advice: '',
    }
  }
  const mean = took.value / cycles
  const longest = Math.max(
    0,
    ...['minor', 'major'].map((kind) => evidence.latest('nodejs_gc_longest_pause_seconds', { kind }) ?? 0),
  )
  const word =
    mean < PAUSE_SECONDS.excellent
      ? 'excellent'
      : mean < PAUSE_SECONDS.normal
        ? 'normal'
        : mean <= PAUSE_SECONDS.problem
          ? 'long'
          : 'problem'
  const spike = longest > PAUSE_SECONDS.problem
  const level = word === 'problem' ? 'bad' : word === 'long' || spike ? 'notice' : 'good'
  return {
    level,
    word: spike && level === 'notice' && word !== 'long' ? 'long at times' : word,
    short: `mean ${time(mean)}${longest > 0 ? `, longest ${time(longest)}` : ''}`,
    text:
      `The mean of ${cycles} pauses in the last ${span} is ${time(mean)}` +
      `${longest > 0 ? `, the longest of the last minute ${time(longest)}` : ''}.`,
    reference: 'TinyObs: below 1 ms is excellent, to 10 ms normal, above 100 ms a problem.',
    figures: [
      { name: 'mean pause', value: mean, unit: 'seconds' },
      { name: 'longest pause', value: longest, unit: 'seconds' },
      { name: 'pauses', value: cycles, unit: 'cycles' },
    ],
    advice:
      level === 'good'
        ? ''
        : 'Keep less alive on the heap: the more there is, the longer a major collection takes.',
  }
}

/** Fewer handles and requests than this are no leak worth a word. */
const LEAST_RESOURCES = 10
const LEAST_SAMPLES = 12

function resourcesVerdict(evidence: Evidence): Judgement<'resources'> {
  const points = evidence.points('nodejs_active_resources_total', HOUR_MS)
  const trend = trendOf(points)
  const now = points.at(-1)?.v
  if (trend === undefined || now === undefined || points.length < LEAST_SAMPLES) {
    return unknown(...TOO_FEW)
  }
  const figures = [
    { name: 'active resources', value: now, unit: '' },
    { name: 'growth', value: trend.slope * 60, unit: '1/min' },
  ]
  const first = Math.max(0, now - trend.growth)
  const span = time(trend.seconds)
  if (!rises(trend, Math.max(LEAST_RESOURCES, first / 10))) {
    const text = `${number(now)} active resources, without a lasting rise in the last ${span}.`
    return { level: 'good', word: 'stable', short: `${number(now)} active`, text, figures, advice: '' }
  }
  return {
    level: now >= 2 * first ? 'bad' : 'notice',
    word: 'leaking',
    short: `${number(now)} active, ${number(trend.slope * 60)} more a minute`,
    text: `${number(now)} active resources, ${number(trend.slope * 60)} more a minute throughout the last ${span}.`,
    figures,
    advice:
      'Look for sockets, files or servers that are opened and never closed, or for load that still rises.',
  }
}

/** A wait that is shorter than `waitedSeconds` is none: clocks are read one after the other. */
const LOOP = { busy: 0.7, saturated: 0.9, waitedSeconds: 0.005 }
const NEVER_BLOCK = 'Take a CPU profile, and move long synchronous work to a worker thread or into pieces.'

function loopVerdict(evidence: Evidence): Judgement<'loop'> {
  const utilization = utilizationOf(evidence, MINUTE_MS)
  const longest = evidence.latest('nodejs_eventloop_longest_turn_seconds')
  const stuck = stuckSeconds(evidence)
  const figures: Figure[] = []
  if (utilization !== undefined) figures.push({ name: 'utilization', value: utilization, unit: 'ratio' })
  if (longest !== undefined) figures.push({ name: 'longest turn', value: longest, unit: 'seconds' })
  if (stuck !== undefined) {
    figures.push({ name: 'stalled for', value: stuck, unit: 'seconds' })
    const text = `The event loop has not turned for ${time(stuck)}: nothing is answered meanwhile.`
    return { level: 'bad', word: 'stalled', short: `for ${time(stuck)}`, text, figures, advice: NEVER_BLOCK }
  }
  const span = evidence.growth('nodejs_eventloop_idle_seconds_total', MINUTE_MS)?.seconds ?? 0
  if (utilization === undefined || span < LEAST_SECONDS) return unknown(...TOO_FEW, figures)
  const short = `${share(utilization)} busy${longest === undefined || longest === 0 ? '' : `, longest turn ${time(longest)}`}`
  const turn = longest === undefined || longest === 0 ? '' : `, and its longest turn took ${time(longest)}`
  const text = `The event loop was busy for ${share(utilization)} of the last ${time(span)}${turn}.`
  if (longest !== undefined && longest >= evidence.stallSeconds) {
    return { level: 'notice', word: 'stalled lately', short, text, figures, advice: NEVER_BLOCK }
  }
  if (utilization >= LOOP.busy) {
    const level = utilization >= LOOP.saturated ? 'bad' : 'notice'
    const advice = 'It has little to spare: give it less to do, or more processes to share the work.'
    return { level, word: 'busy', short, text, figures, advice }
  }
  return { level: 'good', word: 'free', short, text, figures, advice: '' }
}

/** How long the loop has been stuck in the turn that it is in; undefined where it is not, or that is not known. */
function stuckSeconds(evidence: Evidence): number | undefined {
  const stall = evidence.stalls.find(({ ongoing, thread }) => ongoing && thread === evidence.thread)
  if (stall !== undefined) return stall.durationMs / 1000
  // Where stalls are not watched: for how long the loop has not waited, within the turn that it is in. That turn alone
  // may have waited for long before.
  const turn = evidence.latest('nodejs_eventloop_since_turn_seconds') ?? 0
  if (turn < evidence.stallSeconds) return undefined
  const idle = evidence.points('nodejs_eventloop_idle_seconds_total', WINDOW_MS)
  const now = idle.at(-1)
  const since = idle.find((point) => now !== undefined && now.v - point.v < LOOP.waitedSeconds)
  if (now === undefined || since === undefined) return undefined
  const seconds = Math.min(turn, (now.t - since.t) / 1000)
  return seconds >= evidence.stallSeconds ? seconds : undefined
}

export function utilizationOf(evidence: Evidence, ms: number): number | undefined {
  const active = evidence.growth('nodejs_eventloop_active_seconds_total', ms)
  const idle = evidence.growth('nodejs_eventloop_idle_seconds_total', ms)
  if (active === undefined || idle === undefined || active.value + idle.value <= 0) return undefined
  return active.value / (active.value + idle.value)
}

function pauses(evidence: Evidence): { value: number; seconds: number } | undefined {
  const minor = evidence.growth('nodejs_gc_pause_seconds_total', WINDOW_MS, { kind: 'minor' })
  const major = evidence.growth('nodejs_gc_pause_seconds_total', WINDOW_MS, { kind: 'major' })
  if (minor === undefined || major === undefined) return undefined
  return { value: minor.value + major.value, seconds: minor.seconds }
}

function perSecond(growth: { value: number; seconds: number } | undefined): number | undefined {
  return growth === undefined ? undefined : growth.value / growth.seconds
}
