// What V8's GC callbacks need of a probe, and the block that they write: one piece of memory that starts a page.
//
// A collection drives all of it out of the caches and out of the TLB. A scavenge touches three lines of one page: the
// first of the hook, the first of the block, and one of the histogram, which for pauses up to a second is in the same
// page too.
//
// Owning thread: the probe's; the block is read by others. Lives as long as anybody holds the block's memory.
#pragma once

#include <atomic>
#include <cstddef>
#include <limits>
#include <memory>
#include <new>
#include <vector>

#include "block.h"
#include "gc_recorder.h"
#include "hot.h"

namespace offloop {

class IsolateProbe;

struct GcHook {
  static constexpr size_t kPageBytes = 4096;

  Clock clock;
  // Whether the edges of pauses look at the heap.
  bool accounting = false;
  // V8's counter AliveAfterLastGC, which it sets at the end of each collection, just before our epilogue: the low half of
  // the used heap. Nobody need look then.
  static constexpr int kNotTold = std::numeric_limits<int>::min();
  int alive_bytes = kNotTold;
  GcRecorder recorder;
  IsolateProbe* probe = nullptr;
  alignas(64) unsigned char block[Block::kBytes] = {};

  OFFLOOP_INLINE Block View() noexcept { return Block(Opaque(&block[0])); }

  static GcHook* New() noexcept {
    living.fetch_add(1, std::memory_order_relaxed);
    return new (std::align_val_t{kPageBytes}) GcHook();
  }
  // By whoever is the last to hold the block, on any thread.
  static void Delete(GcHook* hook) noexcept {
    hook->~GcHook();
    ::operator delete(hook, std::align_val_t{kPageBytes});
    living.fetch_sub(1, std::memory_order_relaxed);
  }
  static int Living() noexcept { return living.load(std::memory_order_relaxed); }

 private:
  static inline std::atomic<int> living{0};
};
static_assert(offsetof(GcHook, recorder) + GcRecorder::kHotBytes <= 64, "the first cache line");
static_assert(offsetof(GcHook, block) +
                      (k_gcMinorDurations + DurationBucket(1'000'000'000)) * sizeof(double) <
                  GcHook::kPageBytes,
              "scavenges up to a second: one page");

// What our callbacks take, for the benchmark: nanoseconds of the newest edges, from inside a clock read before the call
// to inside one after it, less what a read takes.
struct HookTimings {
  class Edges {
   public:
    void Keep(uint64_t ns) noexcept { ns_[seen_++ % kCapacity] = static_cast<uint32_t>(ns); }
    size_t size() const noexcept { return seen_ < kCapacity ? seen_ : kCapacity; }
    uint32_t operator[](size_t index) const noexcept { return ns_[index]; }

   private:
    static constexpr size_t kCapacity = 1 << 16;
    std::vector<uint32_t> ns_ = std::vector<uint32_t>(kCapacity);
    size_t seen_ = 0;
  };

  explicit HookTimings(GcHook* hook) noexcept : hook(hook) {}

  template <typename Callback>
  void Time(Edges& edges, Callback callback) noexcept {
    const uint64_t read_ns = clock.Now();
    const uint64_t began_ns = clock.Now();
    callback();
    const uint64_t took_ns = clock.Now() - began_ns;
    const uint64_t for_a_read_ns = began_ns - read_ns;
    edges.Keep(took_ns > for_a_read_ns ? took_ns - for_a_read_ns : 0);
  }

  GcHook* const hook;
  Clock clock;
  Edges prologues;
  Edges epilogues;
  uint64_t profile_ns = 0;  // the last reading of the heap profile, 0 before the first
};

}  // namespace offloop
