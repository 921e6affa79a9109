// The block: one probe's figures in shared memory, a fixed table of 64-bit slots.
//
// Writer: the thread that the probe is attached to, and no other. Readers: any thread, any number.
// Lifetime: the memory outlives its writer; whoever still holds it reads the last totals of a thread that ended.
// Every figure but the heap's and the handles' is cumulative: nothing resets, so readers never disturb each other.
//
// Slot 0 is a sequence lock: odd while the writer is inside an update. A reader that needs figures which belong
// together loads it, copies, and closes with a read-modify-write of it (Read; src/probe/block.ts): that RMW is what keeps the
// reader's plain loads from sliding past the check on arm64, where two plain loads of the sequence would not.
//
// The writer has relaxed and release stores only. By the C++ model alone that is one step short: a reader that saw a new
// figure could in theory put its RMW before the odd sequence, since nothing makes the writer wait for that RMW; the model
// would want the writer to open with an RMW too, a locked instruction, a sixth of what the hook costs. The machines that
// Node.js runs on do not allow it. There a store becomes visible to all other processors at once, so all that happens to
// the sequence and to a figure has one order; in it the RMW comes after the copy's loads (its release half on arm64, any
// locked instruction on x64), the odd sequence after the RMW, and the figure after the odd sequence (a release store).
// The copy would have to see a figure that was not there yet.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "durations.h"
#include "hot.h"

namespace offloop {

// Name and order are a contract with src/probe/layout.ts: the loader compares the lists and refuses a binary that
// disagrees. What GC edges write comes first, since a collection has driven it out of the caches: the first 64 bytes
// are all that a scavenge needs beside its histogram.
#define OFFLOOP_SLOTS(SLOT)                                                                \
  SLOT(sequence)                                                                           \
  /* written at GC edges; nanoseconds of the monotonic clock that uv_hrtime() reads */     \
  SLOT(gcCycles)      /* minor + major */                                                  \
  SLOT(gcPauseNs)     /* minor + major */                                                  \
  SLOT(gcMinorCycles) /* scavenges and minor mark-sweeps */                                \
  SLOT(gcMinorPauseNs)                                                                     \
  SLOT(gcMajorCycles) /* mark-compacts */                                                  \
  SLOT(gcMajorPauseNs)                                                                     \
  SLOT(gcStartedAtNs)       /* the pause under way began here; 0 outside a pause */        \
  SLOT(gcIncrementalStarts) /* starts of incremental marking: not cycles */                \
  SLOT(gcIncrementalStartNs)                                                               \
  SLOT(gcWeakCallbackRuns) /* second-pass weak callbacks outside a pause */                \
  SLOT(gcWeakCallbackNs)                                                                   \
  SLOT(gcForcedMinorCycles) /* forced: by gc(), memory pressure, the near heap limit */    \
  SLOT(gcForcedMajorCycles)                                                                \
  SLOT(gcMainThreadNs)         /* all of the collector's time on the thread (gc_time.h) */ \
  SLOT(gcIncrementalMarkingNs) /* of that, marking in steps, its start included */         \
  SLOT(heapAllocatedBytes)     /* since accounting began (heap_accounting.h), or NaN */    \
  SLOT(heapReclaimedBytes)                                                                 \
  SLOT(heapLiveBytes)   /* used heap after the last major collection, or NaN */            \
  SLOT(gcLastMajorAtNs) /* its end, or 0 */                                                \
  /* written at each turn of the loop (loop_recorder.h) */                                 \
  SLOT(loopTurns)                                                                          \
  SLOT(loopBusyNs)          /* of those turns */                                           \
  SLOT(loopTurnStartedAtNs) /* the turn under way; 0 before the first */                   \
  SLOT(loopIdleAtTurnNs)    /* what uv_metrics_idle_time() said at its start */            \
  /* written once */                                                                       \
  SLOT(attachedAtNs)                                                                       \
  SLOT(gcTimeSource)       /* GcTimeSource of gc_time.h */                                 \
  SLOT(loopIdleAtAttachNs) /* what uv_metrics_idle_time() said then */                     \
  /* written when the thread answers a request */                                          \
  SLOT(answeredRequest) /* number of the newest request that the figures below answer */   \
  SLOT(sampledAtNs)     /* when they were read */                                          \
  SLOT(loopIdleNs)      /* uv_metrics_idle_time(), since the probe was attached */         \
  SLOT(heapUsedBytes)   /* HeapStatistics::used_heap_size */                               \
  SLOT(heapTotalBytes)  /* HeapStatistics::total_heap_size */                              \
  SLOT(heapLimitBytes)  /* HeapStatistics::heap_size_limit */                              \
  SLOT(heapObjects)     /* an estimate (heap_objects.h); NaN where there is none */        \
  SLOT(externalBytes)   /* HeapStatistics::external_memory */                              \
  SLOT(mallocedBytes)   /* HeapStatistics::malloced_memory */                              \
  SLOT(nativeContexts)  /* HeapStatistics::number_of_native_contexts */                    \
  SLOT(detachedContexts)                                                                   \
  SLOT(activeResources) /* active libuv handles + requests */                              \
  SLOT(answers)         /* how many requests were answered */                              \
  SLOT(answerNs)        /* what answering them, and reading the profile, cost */

// Counts by bucket (durations.h), and figures by index. They follow the slots.
#define OFFLOOP_TABLES(TABLE)                                                           \
  TABLE(gcMinorDurations, kDurationBuckets)                                             \
  TABLE(gcMajorDurations, kDurationBuckets)                                             \
  TABLE(gcIncrementalStartDurations, kDurationBuckets)                                  \
  TABLE(gcWeakCallbackDurations, kDurationBuckets)                                      \
  TABLE(gcMinorReasons, kReasons) /* cycles by v8::internal::GarbageCollectionReason */ \
  TABLE(gcMajorReasons, kReasons)                                                       \
  TABLE(loopTurnDurations, kDurationBuckets)                                            \
  TABLE(gcMinorLongest, kLongestSlots)                                                  \
  TABLE(gcMajorLongest, kLongestSlots)                                                  \
  TABLE(gcIncrementalStartLongest, kLongestSlots)                                       \
  TABLE(loopTurnLongest, kLongestSlots)                                                 \
  TABLE(heapSpaces, kMaxSpaces* kSpaceFigures) /* by the order of GetHeapSpaceStatistics */

constexpr size_t kReasons = 48;
constexpr size_t kMaxSpaces = 16;
// Of a space: size, used, available, physical.
constexpr size_t kSpaceFigures = 4;

enum Slot : size_t {
#define OFFLOOP_ENUM(name) k_##name,
  OFFLOOP_SLOTS(OFFLOOP_ENUM)
#undef OFFLOOP_ENUM
      kSlotCount,
  kBeforeTables = kSlotCount - 1,
#define OFFLOOP_ENUM(name, size) k_##name, k_##name##_last = k_##name + (size)-1,
  OFFLOOP_TABLES(OFFLOOP_ENUM)
#undef OFFLOOP_ENUM
      kBlockLength
};
static_assert(k_gcMinorDurations == kSlotCount && k_gcMajorDurations == kSlotCount + kDurationBuckets);
static_assert(k_gcStartedAtNs == 7, "the last of the first cache line");

// What a thread that ended leaves in the totals of the process: COUNTERS of src/probe/totals.ts.
constexpr bool IsCounter(size_t index) noexcept {
  return (index >= k_gcCycles && index <= k_heapReclaimedBytes && index != k_gcStartedAtNs) ||
         index == k_loopTurns || index == k_loopBusyNs || index == k_answers || index == k_answerNs ||
         (index >= k_gcMinorDurations && index <= k_loopTurnDurations_last);
}

class Block {
 public:
  static constexpr size_t kBytes = kBlockLength * sizeof(double);

  // `memory`: kBytes of zeroed, 8-byte aligned memory that outlives this view. A view is copied freely.
  explicit Block(void* memory) noexcept : slots_(static_cast<std::atomic<double>*>(memory)) {}

  // `index`: a Slot, or a place in a table.
  double Get(size_t index) const noexcept { return slots_[index].load(std::memory_order_relaxed); }

  // Some figures as they were at one moment; false where the writer left none. On any thread.
  template <size_t kCount>
  bool Read(const size_t (&indexes)[kCount], double (&figures)[kCount]) const noexcept {
    for (int attempt = 0; attempt < kReadAttempts; ++attempt) {
      const uint32_t before = SequenceOf(slots_).load(std::memory_order_acquire);
      if ((before & 1) != 0) continue;
      for (size_t i = 0; i < kCount; ++i) figures[i] = Get(indexes[i]);
      if (SequenceOf(slots_).fetch_add(0, std::memory_order_acq_rel) == before) return true;
    }
    return false;
  }

  // One consistent change of several slots, from construction to destruction. No lock, no wait.
  class Update {
   public:
    explicit Update(Block block) noexcept : slots_(block.slots_) {
      // Before every store of the update, since these are releases (see above what rests on it).
      SequenceOf(slots_).store(Next(), std::memory_order_relaxed);
    }
    // Release: pairs with the reader's opening load. Only this thread writes the sequence, save for readers' RMWs,
    // which add nothing: a load and a store lose none of them.
    ~Update() { SequenceOf(slots_).store(Next(), std::memory_order_release); }
    Update(const Update&) = delete;
    Update& operator=(const Update&) = delete;

    // Release: after the odd sequence, for every processor. On x64 a plain store.
    void Set(size_t index, double value) noexcept { slots_[index].store(value, std::memory_order_release); }
    void Add(size_t index, double value) noexcept { Set(index, At(index) + value); }
    void Count(size_t index) noexcept { Add(index, One()); }
    // Into the window of durations.h that starts at `table`.
    void SetLongest(size_t table, uint64_t ns, uint64_t now_ns) noexcept {
      const uint64_t epoch = LongestEpoch(now_ns);
      const size_t at = table + LongestIndex(epoch);
      const auto seen = static_cast<double>(epoch);
      const auto value = static_cast<double>(ns);
      if (At(at) == seen && At(at + 1) >= value) return;
      Set(at, seen);
      Set(at + 1, value);
    }

   private:
    double At(size_t index) const noexcept { return slots_[index].load(std::memory_order_relaxed); }
    uint32_t Next() const noexcept { return SequenceOf(slots_).load(std::memory_order_relaxed) + 1; }

    std::atomic<double>* const slots_;
  };

  // A single slot that belongs to no group needs no update around it.
  void SetAlone(size_t index, double value) noexcept {
    slots_[index].store(value, std::memory_order_relaxed);
  }

  OFFLOOP_INLINE void Prefetch(size_t index) const noexcept { PrefetchLine(&slots_[index]); }

 private:
  static_assert(std::atomic<uint32_t>::is_always_lock_free && std::atomic<double>::is_always_lock_free);
  static_assert(sizeof(std::atomic<double>) == 8 && sizeof(std::atomic<uint32_t>) == 4);

  // A writer needs some 20 ns for an update, unless it loses its CPU in the midst of one: that is not waited for.
  static constexpr int kReadAttempts = 1000;

  // The first half of slot 0.
  static std::atomic<uint32_t>& SequenceOf(std::atomic<double>* slots) noexcept {
    return *reinterpret_cast<std::atomic<uint32_t>*>(slots);
  }

  std::atomic<double>* slots_;
};

}  // namespace offloop
