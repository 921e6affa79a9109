import { BLOCK_LENGTH, SLOTS, Slot, type SlotName, Table } from './layout'

const GAUGES: readonly SlotName[] = ['sequence', 'gcStartedAtNs', 'heapLiveBytes', 'gcLastMajorAtNs']

function isCounter(index: number): boolean {
  if (index < Slot.loopTurnStartedAtNs) return !GAUGES.includes(SLOTS[index] as SlotName)
  if (index < SLOTS.length) return index === Slot.answers || index === Slot.answerNs
  return index < Table.gcMinorLongest
}

/** Places that only grow: what a thread that ended leaves in a sum. */
export const COUNTERS: readonly number[] = Array.from({ length: BLOCK_LENGTH }, (_, index) => index).filter(
  isCounter,
)
