import type { Clock } from '../core/clock'
import type { Frame } from '../core/stall'
import type { StallSettings } from '../core/stall-options'
import type { Binding, NativeStack } from '../probe/binding'
import { type Look, LoopWatch } from './loop-watch'
import { type GcTime, OpenStall } from './open-stall'
import type { ObservedProbe } from './probes'
import type { StallHistory } from './stall-history'

/** While a loop is stuck: its end is known to within this, where the turns after it do not tell it. */
const STUCK_MS = 25
/** No two looks are nearer to each other. */
const LEAST_MS = 5
/** A look that is later than this is a gap. */
const LATE_MS = 200

export interface StallWatchParts {
  readonly probes: { list(): readonly ObservedProbe[] }
  readonly binding: Pick<Binding, 'idleNs' | 'askStack' | 'takeStack'>
  /** For how long a thread has wanted a CPU, by the system's number of it (thread-clock.ts). */
  readonly runnableNs: (osThreadId: number) => number
  readonly clock: Clock
  /** Nanoseconds of the probes' clock. */
  readonly nowNs: () => number
  readonly history: StallHistory
  /** Makes the stall's number; `main`: one of the main thread. */
  readonly number: (main: boolean) => number
  /** Stalls of the main thread so far. */
  readonly mainStalls: number
  readonly framesOf: (stack: NativeStack) => readonly Frame[]
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
  runnableAtStallNs: number
}

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
  #cancel: () => void

  constructor(settings: StallSettings, parts: StallWatchParts) {
    this.#parts = parts
    this.#thresholdNs = settings.thresholdMs * 1e6
    this.#workers = settings.workers
    this.#dueAt = parts.clock.now()
    this.#cancel = parts.clock.timer(0, () => this.#wake())
  }

  /** Takes a last look, so that nothing that ended goes unsaid. */
  stop(): void {
    this.#cancel()
    this.#look(0)
  }

  #wake(): void {
    const lateMs = this.#parts.clock.now() - this.#dueAt
    this.#look(lateMs > Math.min(LATE_MS, (this.#thresholdNs * 1e-6) / 4) ? lateMs * 1e6 : 0)
    const waitMs = this.#waitMs()
    this.#dueAt = this.#parts.clock.now() + waitMs
    this.#cancel = this.#parts.clock.timer(waitMs, () => this.#wake())
  }

  #waitMs(): number {
    const watched = [...this.#watched.values()]
    if (watched.some(({ stall }) => stall !== undefined)) return STUCK_MS
    const busiestNs = Math.max(0, ...watched.map(({ loop }) => loop.busyNs))
    const soonestMs = Math.ceil((this.#thresholdNs - busiestNs) * 1e-6)
    return Math.max(LEAST_MS, Math.min(soonestMs, (this.#thresholdNs * 1e-6) / 2))
  }

  #look(gapNs: number): void {
    const atNs = this.#parts.nowNs()
    // Before the blocks: so a turn that begins meanwhile is too young for this look, never too old.
    const idle = byId(this.#parts.binding.idleNs())
    const before = this.#watched
    this.#watched = new Map()
    for (const probe of this.#parts.probes.list()) {
      const idleNs = idle.get(probe.id)
      if (idleNs === undefined || !(this.#workers || probe.thread === 'main')) continue
      const watched = before.get(probe) ?? this.#begin(probe)
      this.#watched.set(probe, watched)
      this.#lookAt(watched, lookAt(probe, atNs, idleNs, this.#parts.runnableNs(probe.osThreadId)), gapNs)
    }
    for (const [probe, { stall }] of before) {
      if (this.#watched.has(probe) || stall === undefined) continue
      // The thread ended in it.
      this.#parts.history.tell(stall.state(atNs, false))
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
      runnableAtStallNs: Number.NaN,
    }
  }

  #lookAt(watched: Watched, look: Look, gapNs: number): void {
    const { probe, loop, stall } = watched
    const { last = { ...look, atNs: probe.block.get('attachedAtNs') }, busyNs: wasBusyNs } = loop
    loop.look(look, gapNs)
    const gc = gcOf(probe, look.atNs)
    const turns = probe.block.get('loopTurns')
    if (stall !== undefined && !(loop.stuck && loop.busyNs >= wasBusyNs)) {
      const newTurns = look.turnNs === last.turnNs ? 0 : turns - watched.turns
      this.#end(watched, wasBusyNs + ranOnNs(last, look, newTurns, loop.stuck), gc, look)
    }
    if (!loop.stuck) watched.gcBefore = between(watched.gc, gc, last.atNs, look.atNs - loop.busyNs, look.atNs)
    watched.gc = gc
    watched.turns = turns
    if (watched.stall !== undefined) this.#goesOn(watched, watched.stall, look)
    else if (loop.stuck && loop.busyNs >= this.#thresholdNs) this.#notice(watched, look)
  }

  #notice(watched: Watched, look: Look): void {
    const { probe, loop, gc, gcBefore } = watched
    const { busyNs } = loop
    const id = this.#parts.number(probe.thread === 'main')
    const startedAt = Date.now() - busyNs * 1e-6
    const stall = new OpenStall(
      id,
      probe.thread,
      Math.round(startedAt),
      look.atNs - busyNs,
      gcBefore,
      gc,
      busyNs,
    )
    watched.stall = stall
    watched.runnableAtStallNs = look.runnableNs
    probe.stalls = { total: (probe.stalls?.total ?? 0) + 1, ongoing: true }
    this.#parts.binding.askStack(probe.id, probe.block.get('loopTurnStartedAtNs'))
    stall.asked(look.atNs)
  }

  #goesOn(watched: Watched, stall: OpenStall, look: Look): void {
    const { probe, loop, gc } = watched
    stall.goesOn(loop.busyNs, gc)
    const stack = this.#takeStack(watched, stall)
    if (!stall.told && !stack && stall.isSilent(look.atNs)) {
      const asleep = look.runnableNs - watched.runnableAtStallNs < (look.atNs - stall.startedAtNs) * 0.1
      if (asleep && probe.thread === 'main' && this.#parts.debuggerAttached()) stall.paused()
    }
    const state = stall.state(look.atNs, true)
    if (stack || (!stall.told && stall.isSilent(look.atNs))) {
      stall.told = true
      this.#parts.history.tell(state)
    } else {
      this.#parts.history.keep(state)
    }
  }

  #end(watched: Watched, busyNs: number, gc: GcTime, look: Look): void {
    const { probe, stall } = watched
    if (stall === undefined) return
    stall.goesOn(busyNs, gc)
    this.#takeStack(watched, stall)
    this.#parts.history.tell(stall.state(look.atNs, false))
    watched.stall = undefined
    probe.stalls = { total: probe.stalls?.total ?? 1, ongoing: false }
  }

  /** Whether there was one. */
  #takeStack({ probe }: Watched, stall: OpenStall): boolean {
    if (stall.hasStack) return false
    const stack = this.#parts.binding.takeStack(probe.id)
    if (stack === undefined) return false
    stall.answered(this.#parts.framesOf(stack), stack.takenAtNs)
    return true
  }
}

function byId(pairs: Float64Array): ReadonlyMap<number, number> {
  const map = new Map<number, number>()
  for (let at = 0; at < pairs.length; at += 2) map.set(pairs[at] as number, pairs[at + 1] as number)
  return map
}

function lookAt({ block }: ObservedProbe, atNs: number, idleNs: number, runnableNs: number): Look {
  const turnNs = block.get('loopTurnStartedAtNs')
  // Before the first turn the main script runs, which may stall as well.
  return turnNs > 0
    ? { atNs, turnNs, idleAtTurnNs: block.get('loopIdleAtTurnNs'), idleNs, runnableNs }
    : {
        atNs,
        turnNs: block.get('attachedAtNs'),
        idleAtTurnNs: block.get('loopIdleAtAttachNs'),
        idleNs,
        runnableNs,
      }
}

function gcOf({ block }: ObservedProbe, atNs: number): GcTime {
  const startedAtNs = block.get('gcStartedAtNs')
  const underWayNs = startedAtNs > 0 ? Math.max(0, atNs - startedAtNs) : 0
  return { pauseNs: block.get('gcPauseNs') + underWayNs, allNs: block.get('gcMainThreadNs') }
}

/** The collector's time at `atNs`, between two looks: as if it had been spread evenly. */
function between(from: GcTime, to: GcTime, fromNs: number, atNs: number, toNs: number): GcTime {
  const share = toNs > fromNs ? Math.min(1, Math.max(0, (atNs - fromNs) / (toNs - fromNs))) : 1
  return {
    pauseNs: from.pauseNs + share * (to.pauseNs - from.pauseNs),
    allNs: from.allNs + share * (to.allNs - from.allNs),
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
