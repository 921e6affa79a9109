/**
 * The slots of a block, in order. native/block.h has the same list and says what each one is; the loader refuses a
 * binary whose lists differ.
 */
export const SLOTS = [
  'sequence',
  'gcCycles',
  'gcPauseNs',
  'gcMinorCycles',
  'gcMinorPauseNs',
  'gcMajorCycles',
  'gcMajorPauseNs',
  'gcStartedAtNs',
  'gcIncrementalStarts',
  'gcIncrementalStartNs',
  'gcWeakCallbackRuns',
  'gcWeakCallbackNs',
  'gcForcedMinorCycles',
  'gcForcedMajorCycles',
  'gcMainThreadNs',
  'gcIncrementalMarkingNs',
  'heapAllocatedBytes',
  'heapReclaimedBytes',
  'heapLiveBytes',
  'gcLastMajorAtNs',
  'loopTurns',
  'loopBusyNs',
  'loopTurnStartedAtNs',
  'loopIdleAtTurnNs',
  'attachedAtNs',
  'gcTimeSource',
  'loopIdleAtAttachNs',
  'answeredRequest',
  'sampledAtNs',
  'loopIdleNs',
  'heapUsedBytes',
  'heapTotalBytes',
  'heapLimitBytes',
  'heapObjects',
  'externalBytes',
  'mallocedBytes',
  'nativeContexts',
  'detachedContexts',
  'activeResources',
  'answers',
  'answerNs',
] as const

export type SlotName = (typeof SLOTS)[number]

/** Index of each slot. Not filled in a loop: V8 would make a dictionary of it, and each read of a counter ten times as long. */
export const Slot = Object.fromEntries(SLOTS.map((name, index) => [name, index])) as Readonly<
  Record<SlotName, number>
>

/** Buckets of a duration (`durations.ts`). */
export const DURATION_BUCKETS = 562
/** Of the longest of the last minute: pairs. */
export const LONGEST_SLOTS = 26
export const REASONS = 48
export const MAX_SPACES = 16
/** Of a heap space: size, used, available, physical. */
export const SPACE_FIGURES = 4

/** The tables that follow the slots, with their lengths. */
export const TABLES = {
  gcMinorDurations: DURATION_BUCKETS,
  gcMajorDurations: DURATION_BUCKETS,
  gcIncrementalStartDurations: DURATION_BUCKETS,
  gcWeakCallbackDurations: DURATION_BUCKETS,
  gcMinorReasons: REASONS,
  gcMajorReasons: REASONS,
  loopTurnDurations: DURATION_BUCKETS,
  gcMinorLongest: LONGEST_SLOTS,
  gcMajorLongest: LONGEST_SLOTS,
  gcIncrementalStartLongest: LONGEST_SLOTS,
  loopTurnLongest: LONGEST_SLOTS,
  heapSpaces: MAX_SPACES * SPACE_FIGURES,
} as const

export type TableName = keyof typeof TABLES

let next: number = SLOTS.length
/** Index of each table's first figure. */
export const Table = Object.fromEntries(
  Object.entries(TABLES).map(([name, length]) => {
    const first = next
    next += length
    return [name, first]
  }),
) as Readonly<Record<TableName, number>>

/** Figures in a block, of 8 bytes each. */
export const BLOCK_LENGTH = next
