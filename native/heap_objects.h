// How many objects are on the V8 heap, estimated from a sampling heap profile. Plain arithmetic, tested alone.
//
// V8 keeps no object count. Its sampling profiler tells, for the objects allocated since it started and still
// alive, about how many there are and how large they are: objects per byte. The heap that was there before it
// started (mostly Node's own) is not in the profile; for that part the density of a fresh Node.js heap stands in,
// and weighs less as sampled bytes come in.
//
// Rather too low than too high: optimised code allocates several adjacent objects at once, the profiler sees one, and
// folding.h makes up for a part of it. docs/heap-objects.md has how far off it is.
#pragma once

#include <algorithm>
#include <cstddef>

namespace offloop {

class HeapObjectEstimator {
 public:
  // Parameters that heap profilers in production use by default, so that one that starts later and shares the
  // isolate's only profiler slot gets what it expects.
  static constexpr size_t kSamplingIntervalBytes = 512 * 1024;
  static constexpr int kStackDepth = 64;

  // Objects per used byte just after start, by countHeapObjects(): 0.0136, 0.0138, 0.0136 and 0.0138 on Node.js 20, 22,
  // 24 and 26 (test/probe/heap-objects.test.ts keeps this true).
  static constexpr double kFreshHeapDensity = 0.0137;
  // A probe attached late to a large heap must not drown its samples in this guess.
  static constexpr double kMaxUnsampledBytes = 8.0 * 1024 * 1024;

  // `unsampled_bytes`: the used heap when the profiler was started.
  explicit HeapObjectEstimator(double unsampled_bytes) noexcept
      : unsampled_bytes_(std::min(unsampled_bytes, kMaxUnsampledBytes)) {}

  // A profile's totals (folding.h).
  void Update(double objects, double bytes) noexcept {
    density_ = (unsampled_bytes_ * kFreshHeapDensity + objects) / (unsampled_bytes_ + bytes);
  }

  double Objects(double used_bytes) const noexcept { return used_bytes * density_; }

 private:
  double unsampled_bytes_;
  double density_ = kFreshHeapDensity;
};

}  // namespace offloop
