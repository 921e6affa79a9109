// Turns GC edges into the block's counters. Plain arithmetic: knows neither V8 nor a clock, so it is tested alone.
//
// Owning thread: the probe's. Begin and End are called inside V8's GC callbacks: they allocate nothing, take no
// lock, call nothing and throw nothing.
#pragma once

#include <cstddef>
#include <cstdint>

#include "block.h"

namespace offloop {

enum class GcKind : uint8_t { kMinor, kMajor, kIncrementalStart, kWeakCallbacks };

// v8::GCType as a kind: 1 scavenge, 2 minor mark-sweep, 4 mark-compact, 8 start of incremental marking, 16 weak
// callbacks. By number, because the name of 2 changed between V8 versions and its value did not.
constexpr GcKind GcKindOf(int v8_gc_type) noexcept {
  switch (v8_gc_type) {
    case 4:
      return GcKind::kMajor;
    case 8:
      return GcKind::kIncrementalStart;
    case 16:
      return GcKind::kWeakCallbacks;
    default:
      return GcKind::kMinor;
  }
}

class GcRecorder {
 public:
  explicit GcRecorder(Block& block) noexcept : block_(block) {}

  void Begin(GcKind kind, uint64_t now_ns) noexcept;
  void End(GcKind kind, uint64_t now_ns) noexcept;

 private:
  // Edges nest: weak callbacks (16) run inside the mark-compact (4) that found them dead, and embedder code that
  // they call can allocate and so start a scavenge of its own. A pair inside a pause is part of that pause. A cycle
  // inside weak callbacks or inside the start of marking is a pause of its own, and stops their clock meanwhile.
  struct Frame {
    GcKind kind;
    bool timed;           // false: part of the pause around it
    uint64_t resumed_ns;  // when this frame's clock last started
    uint64_t elapsed_ns;  // what it had run before that
  };
  // V8 has never been seen beyond 3 deep. Deeper edges are counted in depth_ and otherwise ignored.
  static constexpr size_t kMaxDepth = 8;

  Block& block_;
  size_t depth_ = 0;
  Frame frames_[kMaxDepth];
};

}  // namespace offloop
