/**
 * The slots of a block, by their place in it. native/block.h has the same list and says what each one is; the loader
 * refuses a binary whose lists differ. In full, as V8 makes it at once; of an object that is filled in a loop it makes a
 * dictionary, and each read of a counter takes ten times as long.
 */
export const Slot = {
  sequence: 0,
  gcCycles: 1,
  gcPauseNs: 2,
  gcMinorCycles: 3,
  gcMinorPauseNs: 4,
  gcMajorCycles: 5,
  gcMajorPauseNs: 6,
  gcStartedAtNs: 7,
  gcIncrementalStarts: 8,
  gcIncrementalStartNs: 9,
  gcWeakCallbackRuns: 10,
  gcWeakCallbackNs: 11,
  gcForcedMinorCycles: 12,
  gcForcedMajorCycles: 13,
  gcMainThreadNs: 14,
  gcIncrementalMarkingNs: 15,
  heapAllocatedBytes: 16,
  heapReclaimedBytes: 17,
  heapLiveBytes: 18,
  gcLastMajorAtNs: 19,
  loopTurns: 20,
  loopBusyNs: 21,
  loopTurnStartedAtNs: 22,
  loopIdleAtTurnNs: 23,
  attachedAtNs: 24,
  gcTimeSource: 25,
  loopIdleAtAttachNs: 26,
  answeredRequest: 27,
  sampledAtNs: 28,
  loopIdleNs: 29,
  heapUsedBytes: 30,
  heapTotalBytes: 31,
  heapLimitBytes: 32,
  heapObjects: 33,
  externalBytes: 34,
  mallocedBytes: 35,
  nativeContexts: 36,
  detachedContexts: 37,
  activeResources: 38,
  answers: 39,
  answerNs: 40,
} as const

export type SlotName = keyof typeof Slot

/** In order. */
export const SLOTS = Object.keys(Slot) as readonly SlotName[]

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

/** All of it in one text, as the addon tells its own. */
export const LAYOUT = `${SLOTS.join()},${Object.entries(TABLES).join()}`

export type TableName = keyof typeof TABLES

const firsts = {} as Record<TableName, number>
let next: number = SLOTS.length
for (const name of Object.keys(TABLES) as TableName[]) {
  firsts[name] = next
  next += TABLES[name]
}
/** Index of each table's first figure. */
export const Table: Readonly<Record<TableName, number>> = firsts

/** Figures in a block, of 8 bytes each. */
export const BLOCK_LENGTH = next
