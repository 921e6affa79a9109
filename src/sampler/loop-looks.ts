import type { GcTime } from './stall-gc'

/** What one look saw of a loop. Nanoseconds; on the probes' clock where they are points in time. */
export interface LoopLook {
  /** Of the probe. */
  readonly id: number
  readonly attachedAtNs: number
  /** When the turn under way began; 0 before the first. */
  readonly turnNs: number
  readonly turns: number
  /** What it has waited in all. Stands still unless the loop is waiting. */
  readonly idleNs: number
  /** For how long the turn under way, or the main script, has been busy. */
  readonly busyNs: number
  readonly gc: GcTime
}

/** What it saw of all. */
export interface LoopLooks {
  readonly atNs: number
  /** For how much of the time since the look before the whole process was stopped. */
  readonly stoppedNs: number
  readonly loops: readonly LoopLook[]
}

/** Figures of each in a row; native/loop_look.h has their order. */
const ROW = 9
type Row = [number, number, number, number, number, number, number, number, number]

export function looksIn(figures: Float64Array): LoopLooks {
  const [atNs, stoppedNs] = figures as unknown as [number, number]
  const loops: LoopLook[] = []
  for (let at = 2; at < figures.length; at += ROW) {
    const [id, , attachedAtNs, turnNs, turns, idleNs, busyNs, pauseNs, allNs] = figures.subarray(
      at,
      at + ROW,
    ) as unknown as Row
    loops.push({ id, attachedAtNs, turnNs, turns, idleNs, busyNs, gc: { pauseNs, allNs } })
  }
  return { atNs, stoppedNs, loops }
}
