// The block: one probe's figures in shared memory, a fixed table of 64-bit slots.
//
// Writer: the thread that the probe is attached to, and no other. Readers: any thread, any number.
// Lifetime: the memory outlives its writer; whoever still holds it reads the last totals of a thread that ended.
// Every figure but the heap's and the handles' is cumulative: nothing resets, so readers never disturb each other.
//
// Slot 0 is a sequence lock: odd while the writer is inside an update. A reader that needs figures which belong
// together loads it, copies, and closes with a read-modify-write of it (src/probe/block.ts): that RMW is what keeps the
// reader's plain loads from sliding past the check on arm64, where two plain loads of the sequence would not.
// The writer needs plain and release stores only; a locked instruction would be a sixth of what the hook costs.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace offloop {

// Name and order are a contract with src/probe/layout.ts: the loader compares the two lists and refuses a binary
// that disagrees.
#define OFFLOOP_SLOTS(SLOT)                                                              \
  SLOT(sequence)                                                                         \
  /* written at GC edges; nanoseconds of the monotonic clock that uv_hrtime() reads */   \
  SLOT(gcCycles)      /* minor + major */                                                \
  SLOT(gcPauseNs)     /* minor + major */                                                \
  SLOT(gcMinorCycles) /* scavenges and minor mark-sweeps */                              \
  SLOT(gcMinorPauseNs)                                                                   \
  SLOT(gcMajorCycles) /* mark-compacts */                                                \
  SLOT(gcMajorPauseNs)                                                                   \
  SLOT(gcIncrementalStarts) /* starts of incremental marking: not cycles */              \
  SLOT(gcIncrementalStartNs)                                                             \
  SLOT(gcWeakCallbackRuns) /* second-pass weak callbacks outside a pause */              \
  SLOT(gcWeakCallbackNs)                                                                 \
  SLOT(gcStartedAtNs) /* the pause under way began here; 0 outside a pause */            \
  /* written when the thread answers a request */                                        \
  SLOT(answeredRequest) /* number of the newest request that the figures below answer */ \
  SLOT(sampledAtNs)     /* when they were read */                                        \
  SLOT(heapUsedBytes)   /* HeapStatistics::used_heap_size */                             \
  SLOT(heapTotalBytes)  /* HeapStatistics::total_heap_size */                            \
  SLOT(heapObjects)     /* an estimate (heap_objects.h); NaN where there is none */      \
  SLOT(activeResources) /* active libuv handles + requests */                            \
  SLOT(answers)         /* how many requests were answered */                            \
  SLOT(answerNs)        /* what answering them cost this thread */

enum Slot : size_t {
#define OFFLOOP_ENUM(name) k_##name,
  OFFLOOP_SLOTS(OFFLOOP_ENUM)
#undef OFFLOOP_ENUM
      kSlotCount
};

// Asks for a cache line that is about to be written, and waits for nothing.
inline void PrefetchLine([[maybe_unused]] const void* address) noexcept {
#if defined(__GNUC__)
  __builtin_prefetch(address, 1);
#endif
}

class Block {
 public:
  static constexpr size_t kBytes = kSlotCount * sizeof(double);

  // `memory`: kBytes of zeroed, 8-byte aligned memory that outlives this view. A view is copied freely.
  explicit Block(void* memory) noexcept : slots_(static_cast<std::atomic<double>*>(memory)) {}

  double Get(Slot slot) const noexcept { return slots_[slot].load(std::memory_order_relaxed); }

  // One consistent change of several slots, from construction to destruction. No lock, no wait.
  class Update {
   public:
    explicit Update(Block& block) noexcept : block_(block) {
      // Before every store of the update, since these are releases.
      block_.Sequence().store(Next(), std::memory_order_relaxed);
    }
    // Release: pairs with the reader's opening load. Only this thread writes the sequence, save for readers' RMWs,
    // which add nothing: a load and a store lose none of them.
    ~Update() { block_.Sequence().store(Next(), std::memory_order_release); }
    Update(const Update&) = delete;
    Update& operator=(const Update&) = delete;

    // Release: whoever sees it sees the odd sequence too. On x64 a plain store.
    void Set(Slot slot, double value) noexcept {
      block_.slots_[slot].store(value, std::memory_order_release);
    }
    void Add(Slot slot, double value) noexcept { Set(slot, block_.Get(slot) + value); }

   private:
    uint32_t Next() const noexcept { return block_.Sequence().load(std::memory_order_relaxed) + 1; }

    Block& block_;
  };

  // A single slot that belongs to no group needs no update around it.
  void SetAlone(Slot slot, double value) noexcept { slots_[slot].store(value, std::memory_order_relaxed); }

  // The lines that GC edges write, which a collection has driven out of the caches.
  void Prefetch() const noexcept {
    PrefetchLine(&slots_[k_sequence]);
    PrefetchLine(&slots_[k_gcStartedAtNs]);
  }

 private:
  static_assert(std::atomic<uint32_t>::is_always_lock_free && std::atomic<double>::is_always_lock_free);
  static_assert(sizeof(std::atomic<double>) == 8 && sizeof(std::atomic<uint32_t>) == 4);

  // The first half of slot 0.
  std::atomic<uint32_t>& Sequence() const noexcept {
    return *reinterpret_cast<std::atomic<uint32_t>*>(slots_);
  }

  std::atomic<double>* slots_;
};

}  // namespace offloop
