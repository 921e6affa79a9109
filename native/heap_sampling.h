// The sampling heap profile that the estimate of heap objects rests on (heap_objects.h): begun, read from time to time,
// ended. Where its samples are more than sampling_rate.h has a budget for, another with a larger interval follows it.
//
// Owning thread: the isolate's; IsDue any. Outside collections.
#pragma once

#include <v8.h>

#include <atomic>
#include <cstdint>
#include <limits>
#include <optional>

#include "folding.h"
#include "heap_objects.h"
#include "sampling_rate.h"

namespace offloop {

class HeapSampling {
 public:
  explicit HeapSampling(v8::Isolate* isolate) noexcept : isolate_(isolate) {}

  // Takes the isolate's one slot for a heap profiler, or reads the one that runs already. Does nothing where it is on, or
  // where somebody else ended it since the last Stop.
  void Start() noexcept;
  // At the isolate's end: reads nothing, which V8 may need memory for.
  void Stop() noexcept;
  // Gives the slot back if it is still ours.
  void GiveBack() noexcept;

  // Whether it is on and has not been read for so long that it should be.
  bool IsDue(uint64_t now_ns) const noexcept { return now_ns >= read_at_ns_.load(std::memory_order_relaxed); }
  void Read(uint64_t now_ns, double allocated_bytes) noexcept;

  // Bytes that the thread has allocated, NaN where nobody knows: where they are more than the budget of samples, the profile
  // is due. Without, that is found at the reading once a minute.
  void Allocated(double bytes) noexcept;

  // NaN where there is no estimate.
  double Objects(double used_bytes) const noexcept;

 private:
  static constexpr uint64_t kNever = UINT64_MAX;
  // As heap profilers in production have it, like the usual interval.
  static constexpr int kStackDepth = 64;

  bool Begin() noexcept;
  void End() noexcept;

  v8::Isolate* const isolate_;
  std::optional<HeapObjectEstimator> estimator_;  // nothing while it is off
  bool ours_ = false;
  bool lost_ = false;  // somebody ended it: not begun again
  bool read_before_ = false;
  SamplingRate rate_;
  FoldedGroups known_groups_;   // from the profiles before this one
  double allocated_bytes_ = 0;  // at the last reading
  // Before this profile; NaN until it is read, or where nobody knows.
  double allocated_before_bytes_ = std::numeric_limits<double>::quiet_NaN();
  // When the profile is to be read next. Written by the owner, read by the sampling thread: relaxed, as what it decides
  // is only whether the thread is worth a question.
  std::atomic<uint64_t> read_at_ns_{kNever};
};

}  // namespace offloop
