import type { Clock } from '../core/clock'
import type { Frame } from '../core/stall'
import type { StallSettings } from '../core/stall-options'
import type { Binding } from '../probe/binding'
import { type LoopLook, type LoopLooks, looksIn } from './loop-looks'
import { LoopWatch } from './loop-watch'
import { OpenStall } from './open-stall'
import type { ObservedProbe } from './probes'
import { framesOf } from './stall-frames'
import { type GcTime, gcAt } from './stall-gc'
import type { StallHistory } from './stall-history'
import { runnableNs, type ThreadTime } from './thread-clock'

/** While a loop is stuck: its end is known to within this, where the turns after it do not tell it. */
const STUCK_MS = 25
/** No two looks are nearer to each other. */
const LEAST_MS = 5
/** A timer of a thread that sleeps is not that late, nor by a quarter of the threshold, unless it was stopped. */
const STOPPED_NS = 200e6
/** A worker is heard of so much sooner than the main thread: whether it runs is only known from then on (loop-watch.ts). */
const WORKER_SHARE = 0.1

const NO_TIME: ThreadTime = { onCpuNs: Number.NaN, inQueueNs: Number.NaN }
const NO_GC: GcTime = { pauseNs: 0, allNs: 0 }

export interface StallWatchParts {
  readonly probes: { list(): readonly ObservedProbe[] }
  readonly binding: Pick<Binding, 'watchLoops' | 'endLoopWatch' | 'askStack' | 'takeStack'>
  /** Of a thread, by the system's number of it (thread-clock.ts). */
  readonly threadTime: (osThreadId: number) => ThreadTime
  readonly wantsCpu: (osThreadId: number) => boolean
  readonly clock: Pick<Clock, 'timer'>
  /** Nanoseconds of the probes' clock. */
  readonly nowNs: () => number
  readonly history: StallHistory
  /** Makes the stall's number; `main`: one of the main thread. */
  readonly number: (main: boolean) => number
  /** Stalls of the main thread so far. */
  readonly mainStalls: number
  /** With where the places were written; undefined where nobody wants that. */
  readonly located: (frames: readonly Frame[]) => readonly Frame[] | undefined
  readonly debuggerAttached: () => boolean
}

interface Watched {
  readonly probe: ObservedProbe
  readonly loop: LoopWatch
  stall: OpenStall | undefined
  last: Seen | undefined
  /** The collector's time at the beginning of what the loop is busy with. */
  gcBefore: GcTime
}

/** What one look saw of a thread. */
interface Seen extends LoopLook {
  readonly atNs: number
  readonly runnableNs: number
}

/**
 * Looks at the loops from the sampling thread, which costs the measured threads nothing, and asks one that is stuck for
 * its stack. It looks when a loop could have been busy for the threshold at the soonest, so a stall is noticed within
 * milliseconds of it. While all is well there are two looks a threshold, of which only the addon knows (native/loop_alarm.h).
 */
export class StallWatch {
  readonly #parts: StallWatchParts
  readonly #thresholdNs: number
  readonly #workers: boolean
  #watched = new Map<ObservedProbe, Watched>()
  constructor(settings: StallSettings, parts: StallWatchParts) {
    this.#parts = parts
    this.#thresholdNs = settings.thresholdMs * 1e6
    this.#workers = settings.workers
    this.#wait(0, 0)
  }

  /** Takes a last look, so that nothing that ended goes unsaid. */
  stop(): void {
    const figures = this.#parts.binding.endLoopWatch()
    if (figures !== undefined) this.#look(looksIn(figures), true)
  }

  /** `before`: what the look before saw, which was nothing to be told of: but what follows goes on from there. */
  #wake(before: Float64Array | undefined, now: Float64Array): void {
    if (before !== undefined) this.#look(looksIn(before), false)
    this.#look(looksIn(now), true)
    this.#wait(...this.#next())
  }

  #next(): [everyMs: number, busyMs: number] {
    const watched = [...this.#watched.values()]
    if (watched.some(({ stall }) => stall !== undefined)) return [STUCK_MS, 0]
    const busiestNs = Math.max(0, ...watched.map(({ loop }) => loop.busyNs))
    const soonestMs = Math.ceil((this.#thresholdNs - busiestNs) * 1e-6)
    // Of a worker that could be stuck by then the second half at least has to be known. And a stop that nobody notices, since
    // it was over when it was time to look, is shorter than a threshold.
    const halfMs = Math.floor((this.#thresholdNs * 1e-6) / 2)
    return soonestMs < halfMs ? [Math.max(LEAST_MS, soonestMs), 0] : [halfMs, halfMs]
  }

  /** To look again in `everyMs`, and again until the main thread has been busy for `busyMs`, or a worker for a part of it. */
  #wait(everyMs: number, busyMs: number): void {
    this.#parts.binding.watchLoops(
      everyMs,
      Math.min(STOPPED_NS, this.#thresholdNs / 4) * 1e-6,
      busyMs,
      this.#workers ? busyMs * WORKER_SHARE : Number.POSITIVE_INFINITY,
      (before, now) => this.#wake(before, now),
    )
  }

  /** `isNow`: it has only just been taken. */
  #look({ atNs, stoppedNs, loops }: LoopLooks, isNow: boolean): void {
    const looks = new Map(loops.map((look) => [look.id, look]))
    const before = this.#watched
    this.#watched = new Map()
    for (const probe of this.#parts.probes.list()) {
      const main = probe.thread === 'main'
      if (!(this.#workers || main)) continue
      const watched = before.get(probe) ?? this.#begin(probe)
      this.#watched.set(probe, watched)
      const look = looks.get(probe.id)
      // The main thread may not sleep in its turn, so nobody asks.
      const time = isNow && !main ? this.#parts.threadTime(probe.osThreadId) : NO_TIME
      if (look !== undefined)
        this.#lookAt(watched, { ...look, atNs, runnableNs: runnableNs(time) }, stoppedNs)
    }
    for (const [probe, { stall }] of before) {
      // The thread ended in it.
      if (stall !== undefined && !this.#watched.has(probe)) this.#tell(stall, false)
    }
  }

  #begin(probe: ObservedProbe): Watched {
    const main = probe.thread === 'main'
    probe.stalls = { total: main ? this.#parts.mainStalls : 0, ongoing: false }
    return {
      probe,
      loop: new LoopWatch(main ? undefined : this.#thresholdNs / 2),
      stall: undefined,
      last: undefined,
      gcBefore: NO_GC,
    }
  }

  #lookAt(watched: Watched, seen: Seen, stoppedNs: number): void {
    const { loop, stall, last = { ...seen, atNs: seen.attachedAtNs, gc: NO_GC } } = watched
    const wasBusyNs = loop.busyNs
    loop.look(seen, stoppedNs)
    watched.last = seen
    if (stall !== undefined && !(loop.stuck && loop.busyNs >= wasBusyNs)) {
      const newTurns = seen.turnNs === last.turnNs ? 0 : seen.turns - last.turns
      this.#end(
        watched,
        stall,
        seen,
        wasBusyNs + Math.max(0, ranOnNs(last, seen, newTurns, loop.stuck) - stoppedNs),
      )
    }
    if (!loop.stuck) {
      const ranNs = Math.max(0, seen.atNs - last.atNs - Math.max(0, seen.idleNs - last.idleNs))
      watched.gcBefore = gcAt(last.gc, seen.gc, Math.max(0, 1 - loop.busyNs / ranNs))
    }
    if (watched.stall !== undefined) this.#goesOn(watched, watched.stall, seen)
    else if (loop.stuck && loop.certain && loop.busyNs >= this.#thresholdNs) this.#notice(watched, seen)
  }

  #notice(watched: Watched, { atNs, gc, turnNs }: Seen): void {
    const { probe, loop, gcBefore } = watched
    const startedAtNs = atNs - loop.busyNs
    this.#parts.binding.askStack(probe.id, turnNs)
    watched.stall = new OpenStall(
      this.#parts.number(probe.thread === 'main'),
      probe.thread,
      Math.round(Date.now() - (this.#parts.nowNs() - startedAtNs) * 1e-6),
      startedAtNs,
      gcBefore,
      atNs,
      gc,
      this.#parts.threadTime(probe.osThreadId),
    )
    probe.stalls = { total: (probe.stalls?.total ?? 0) + 1, ongoing: true }
    this.#parts.history.keep(watched.stall.state(true))
  }

  #goesOn(watched: Watched, stall: OpenStall, { atNs, gc }: Seen): void {
    const { probe, loop } = watched
    stall.goesOn(loop.busyNs, gc)
    if (this.#takeStack(probe, stall)) {
      this.#parts.history.keep(stall.state(true))
      // Maps may be large: what else waits for this thread comes first.
      this.#parts.clock.timer(0, () => {
        if (watched.stall === stall) this.#tellStack(stall, true)
      })
      return
    }
    if (stall.frames === undefined) {
      stall.waits(atNs, this.#parts.threadTime(probe.osThreadId), this.#parts.wantsCpu(probe.osThreadId))
    }
    if (!stall.isDue(atNs)) {
      this.#parts.history.keep(stall.state(true))
      return
    }
    if (stall.sleeps && probe.thread === 'main' && this.#parts.debuggerAttached()) stall.paused()
    this.#tell(stall, true)
  }

  #end(watched: Watched, stall: OpenStall, { gc }: Seen, busyNs: number): void {
    const { probe } = watched
    watched.stall = undefined
    probe.stalls = { total: probe.stalls?.total ?? 1, ongoing: false }
    stall.goesOn(busyNs, gc)
    this.#takeStack(probe, stall)
    this.#tellStack(stall, false)
  }

  /** Whether there was one. */
  #takeStack({ id, osThreadId }: ObservedProbe, stall: OpenStall): boolean {
    if (stall.frames !== undefined) return false
    const stack = this.#parts.binding.takeStack(id)
    if (stack === undefined) return false
    stall.answered(framesOf(stack), stack.takenAtNs, this.#parts.threadTime(osThreadId))
    return true
  }

  #tellStack(stall: OpenStall, ongoing: boolean): void {
    const frames = this.#parts.located(stall.frames ?? [])
    if (frames !== undefined) stall.locate(frames)
    this.#tell(stall, ongoing)
  }

  #tell(stall: OpenStall, ongoing: boolean): void {
    const first = !stall.told
    stall.told = true
    this.#parts.history.tell(stall.state(ongoing), first)
  }
}

/** For how long a stall went on after the last look that saw it. */
function ranOnNs(last: Seen, now: Seen, newTurns: number, stuck: boolean): number {
  // A worker that is parked: it was stuck until that look at least.
  if (stuck) return 0
  // The turn after it began when it ended; after several the last of them began later.
  if (now.turnNs !== last.turnNs && newTurns <= 1) return Math.max(0, now.turnNs - last.atNs)
  return Math.max(0, now.atNs - last.atNs - Math.max(0, now.idleNs - last.idleNs))
}
