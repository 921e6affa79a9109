import type { Clock } from '../core/clock'
import type { Frame } from '../core/stall'
import type { StallSettings } from '../core/stall-options'
import type { Binding } from '../probe/binding'
import { Slot } from '../probe/layout'
import { type Look, LoopWatch } from './loop-watch'
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

const NO_TIME: ThreadTime = { onCpuNs: Number.NaN, inQueueNs: Number.NaN }

export interface StallWatchParts {
  readonly probes: { list(): readonly ObservedProbe[] }
  readonly binding: Pick<Binding, 'idleNs' | 'askStack' | 'takeStack'>
  /** Of a thread, by the system's number of it (thread-clock.ts). */
  readonly threadTime: (osThreadId: number) => ThreadTime
  readonly wantsCpu: (osThreadId: number) => boolean
  /** Of the calling thread. */
  readonly ownTime: () => ThreadTime
  readonly clock: Clock
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
  /** The collector's time at the last look, and at the beginning of what the loop is busy with. */
  gc: GcTime
  gcBefore: GcTime
  turns: number
}

/** What one look saw of a thread. */
interface Seen extends Look {
  readonly attachedAtNs: number
  /** Of the turn under way, as the block has it: 0 before the first. */
  readonly startedAtNs: number
  readonly turns: number
  readonly gc: GcTime
}

type Figures = [number, number, number, number, number, number, number, number]

/**
 * Looks at the loops from the sampling thread, which costs the measured threads nothing, and asks one that is stuck for
 * its stack. It looks when a loop could have been busy for the threshold at the soonest, so a stall is noticed within
 * milliseconds of it, with two looks a threshold while all is well.
 */
export class StallWatch {
  readonly #parts: StallWatchParts
  readonly #thresholdNs: number
  readonly #workers: boolean
  #watched = new Map<ObservedProbe, Watched>()
  #dueAt: number
  /** Of the last look: when, and for how long this thread had wanted a CPU by then. */
  #atNs: number
  #ranNs: number
  #cancel: () => void

  constructor(settings: StallSettings, parts: StallWatchParts) {
    this.#parts = parts
    this.#thresholdNs = settings.thresholdMs * 1e6
    this.#workers = settings.workers
    this.#dueAt = parts.clock.now()
    this.#atNs = parts.nowNs()
    this.#ranNs = runnableNs(parts.ownTime())
    this.#cancel = parts.clock.timer(0, () => this.#wake())
  }

  /** Takes a last look, so that nothing that ended goes unsaid. */
  stop(): void {
    this.#cancel()
    this.#look(false)
  }

  #wake(): void {
    this.#look(this.#wasStopped())
    const waitMs = this.#waitMs()
    this.#dueAt = this.#parts.clock.now() + waitMs
    this.#cancel = this.#parts.clock.timer(waitMs, () => this.#wake())
  }

  #waitMs(): number {
    const watched = [...this.#watched.values()]
    if (watched.some(({ stall }) => stall !== undefined)) return STUCK_MS
    const busiestNs = Math.max(0, ...watched.map(({ loop }) => loop.busyNs))
    const soonestMs = Math.ceil((this.#thresholdNs - busiestNs) * 1e-6)
    // Of a worker that could be stuck by then the second half at least has to be known. And a stop that nobody notices, since
    // it was over when it was time to look, is shorter than a threshold.
    return Math.max(LEAST_MS, Math.min(soonestMs, (this.#thresholdNs * 1e-6) / 2))
  }

  /**
   * Whether the whole process, or the machine, was stopped since the last look: this thread's timer was due, and it neither ran
   * nor was in the queue for a CPU. Late for want of one, or with other work, is only late.
   */
  #wasStopped(): boolean {
    const lateNs = (this.#parts.clock.now() - this.#dueAt) * 1e6
    const beforeNs = this.#ranNs
    this.#ranNs = runnableNs(this.#parts.ownTime())
    const ranNs = this.#ranNs - beforeNs
    return lateNs - (Number.isNaN(ranNs) ? 0 : ranNs) > Math.min(STOPPED_NS, this.#thresholdNs / 4)
  }

  #look(wasStopped: boolean): void {
    const atNs = this.#parts.nowNs()
    // From when on cannot be told, so all of the time is left out.
    const stoppedNs = wasStopped ? atNs - this.#atNs : 0
    this.#atNs = atNs
    // Before the blocks: so a turn that begins meanwhile is too young for this look, never too old.
    const idle = byId(this.#parts.binding.idleNs())
    const before = this.#watched
    this.#watched = new Map()
    for (const probe of this.#parts.probes.list()) {
      const idleNs = idle.get(probe.id)
      if (idleNs === undefined || !(this.#workers || probe.thread === 'main')) continue
      const watched = before.get(probe) ?? this.#begin(probe)
      this.#watched.set(probe, watched)
      // The main thread may not sleep in its turn, so nobody asks.
      const time = probe.thread === 'main' ? NO_TIME : this.#parts.threadTime(probe.osThreadId)
      const seen = see(probe, atNs, idleNs, runnableNs(time))
      if (seen !== undefined) this.#lookAt(watched, seen, stoppedNs)
    }
    for (const [probe, { stall }] of before) {
      // The thread ended in it.
      if (stall !== undefined && !this.#watched.has(probe)) this.#tell(stall, false)
    }
  }

  #begin(probe: ObservedProbe): Watched {
    const main = probe.thread === 'main'
    probe.stalls = { total: main ? this.#parts.mainStalls : 0, ongoing: false }
    const none = { pauseNs: 0, allNs: 0 }
    return {
      probe,
      loop: new LoopWatch(main ? undefined : this.#thresholdNs / 2),
      stall: undefined,
      gc: none,
      gcBefore: none,
      turns: 0,
    }
  }

  #lookAt(watched: Watched, seen: Seen, stoppedNs: number): void {
    const { loop, stall, gc: gcWas, turns: turnsWas } = watched
    const { last = { ...seen, atNs: seen.attachedAtNs }, busyNs: wasBusyNs } = loop
    loop.look(seen, stoppedNs)
    watched.gc = seen.gc
    watched.turns = seen.turns
    if (stall !== undefined && !(loop.stuck && loop.busyNs >= wasBusyNs)) {
      const newTurns = seen.turnNs === last.turnNs ? 0 : seen.turns - turnsWas
      this.#end(
        watched,
        stall,
        wasBusyNs + Math.max(0, ranOnNs(last, seen, newTurns, loop.stuck) - stoppedNs),
      )
    }
    if (!loop.stuck) {
      const ranNs = Math.max(0, seen.atNs - last.atNs - Math.max(0, seen.idleNs - last.idleNs))
      watched.gcBefore = gcAt(gcWas, seen.gc, Math.max(0, 1 - loop.busyNs / ranNs))
    }
    if (watched.stall !== undefined) this.#goesOn(watched, watched.stall, seen.atNs)
    else if (loop.stuck && loop.certain && loop.busyNs >= this.#thresholdNs) this.#notice(watched, seen)
  }

  #notice(watched: Watched, { atNs, gc, startedAtNs }: Seen): void {
    const { probe, loop, gcBefore } = watched
    const { busyNs } = loop
    this.#parts.binding.askStack(probe.id, startedAtNs)
    watched.stall = new OpenStall(
      this.#parts.number(probe.thread === 'main'),
      probe.thread,
      Math.round(Date.now() - busyNs * 1e-6),
      atNs - busyNs,
      gcBefore,
      atNs,
      gc,
      this.#parts.threadTime(probe.osThreadId),
    )
    probe.stalls = { total: (probe.stalls?.total ?? 0) + 1, ongoing: true }
    this.#parts.history.keep(watched.stall.state(true))
  }

  #goesOn(watched: Watched, stall: OpenStall, atNs: number): void {
    const { probe, loop, gc } = watched
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

  #end(watched: Watched, stall: OpenStall, busyNs: number): void {
    const { probe, gc } = watched
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

function byId(pairs: Float64Array): ReadonlyMap<number, number> {
  const map = new Map<number, number>()
  for (let at = 0; at < pairs.length; at += 2) map.set(pairs[at] as number, pairs[at + 1] as number)
  return map
}

/** What is read of a block, together: a turn that begins meanwhile would be given the waiting of the one before. */
const SLOTS = [
  Slot.attachedAtNs,
  Slot.loopIdleAtAttachNs,
  Slot.loopTurns,
  Slot.loopTurnStartedAtNs,
  Slot.loopIdleAtTurnNs,
  Slot.gcStartedAtNs,
  Slot.gcPauseNs,
  Slot.gcMainThreadNs,
]
const figures = new Float64Array(SLOTS.length)

function see({ block }: ObservedProbe, atNs: number, idleNs: number, runnableNs: number): Seen | undefined {
  if (!block.pick(SLOTS, figures)) return undefined
  const [attachedAtNs, idleAtAttachNs, turns, startedAtNs, idleAtTurnNs, gcAtNs, pauseNs, allNs] =
    figures as unknown as Figures
  // Before the first turn the main script runs, which may stall as well.
  const turn =
    startedAtNs > 0
      ? { turnNs: startedAtNs, idleAtTurnNs }
      : { turnNs: attachedAtNs, idleAtTurnNs: idleAtAttachNs }
  return {
    atNs,
    idleNs,
    runnableNs,
    ...turn,
    attachedAtNs,
    startedAtNs,
    turns,
    gc: { pauseNs: pauseNs + (gcAtNs > 0 ? Math.max(0, atNs - gcAtNs) : 0), allNs },
  }
}

/** For how long a stall went on after the last look that saw it. */
function ranOnNs(last: Look, now: Look, newTurns: number, stuck: boolean): number {
  // A worker that is parked: it was stuck until that look at least.
  if (stuck) return 0
  // The turn after it began when it ended; after several the last of them began later.
  if (now.turnNs !== last.turnNs && newTurns <= 1) return Math.max(0, now.turnNs - last.atNs)
  return Math.max(0, now.atNs - last.atNs - Math.max(0, now.idleNs - last.idleNs))
}
