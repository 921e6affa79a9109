// How many objects are on the V8 heap, estimated from a sampling heap profile. Plain arithmetic, tested alone.
//
// V8 keeps no object count. Its sampling profiler tells, for the objects allocated since it started and still
// alive, about how many there are and how large they are: objects per byte. The heap that was there before it
// started (mostly Node's own) is not in the profile; for that part the density of a fresh Node.js heap stands in,
// and weighs less as sampled bytes come in. Where one profile follows another (heap_sampling.h), the density so far stands
// in for the heap of that moment.
//
// Rather too low than too high: optimised code allocates several adjacent objects at once, the profiler sees one, and
// folding.h makes up for a part of it. docs/heap-objects.md has how far off it is.
#pragma once

#include <algorithm>

namespace offloop {

class HeapObjectEstimator {
 public:
  // Objects per used byte just after start, by countHeapObjects(): 0.0136, 0.0138, 0.0136 and 0.0138 on Node.js 20, 22,
  // 24 and 26 (test/probe/heap-objects.test.ts keeps this true).
  static constexpr double kFreshHeapDensity = 0.0137;
  // A probe attached late to a large heap must not drown its samples in this guess.
  static constexpr double kMaxGuessedBytes = 8.0 * 1024 * 1024;

  // After a restart the density so far weighs as much as this many samples at least: fewer are not to be trusted alone.
  static constexpr double kLeastSamples = 4;

  // `used_bytes`: the used heap when the profiler was started.
  explicit HeapObjectEstimator(double used_bytes) noexcept
      : unsampled_bytes_(std::min(used_bytes, kMaxGuessedBytes)), least_bytes_(unsampled_bytes_) {}

  // A profile's totals (folding.h), and the used heap at that time.
  void Update(double objects, double bytes, double used_bytes) noexcept {
    // Of the heap that was there before, as much can be left as the samples leave room for.
    const double unsampled = std::max(std::min(used_bytes - bytes, unsampled_bytes_), least_bytes_);
    density_ = (unsampled * unsampled_density_ + objects) / (unsampled + bytes);
  }

  // Another profile begins, which knows nothing of the heap so far. What the last one told of it stays: no guess, so all of
  // it counts.
  void Restart(double used_bytes, double interval_bytes) noexcept {
    unsampled_bytes_ = used_bytes;
    least_bytes_ = kLeastSamples * interval_bytes;
    unsampled_density_ = density_;
  }

  double Objects(double used_bytes) const noexcept { return used_bytes * density_; }

 private:
  double unsampled_bytes_;
  double least_bytes_;
  double unsampled_density_ = kFreshHeapDensity;
  double density_ = kFreshHeapDensity;
};

}  // namespace offloop
