/**
 * The slots of a block, in order. native/block.h has the same list and says what each one is; the loader refuses a
 * binary whose list differs.
 */
export const SLOTS = [
  'sequence',
  'gcCycles',
  'gcPauseNs',
  'gcMinorCycles',
  'gcMinorPauseNs',
  'gcMajorCycles',
  'gcMajorPauseNs',
  'gcIncrementalStarts',
  'gcIncrementalStartNs',
  'gcWeakCallbackRuns',
  'gcWeakCallbackNs',
  'gcStartedAtNs',
  'answeredRequest',
  'sampledAtNs',
  'heapUsedBytes',
  'heapTotalBytes',
  'heapObjects',
  'activeResources',
  'answers',
  'answerNs',
] as const

export type SlotName = (typeof SLOTS)[number]

/** Index of each slot. */
export const Slot = Object.fromEntries(SLOTS.map((name, index) => [name, index])) as Readonly<
  Record<SlotName, number>
>

export const SLOT_COUNT = SLOTS.length
