#include "heap_sampling.h"

#include <uv.h>
#include <v8-profiler.h>

#include <limits>

#include "heap_profile.h"

namespace offloop {

namespace {

// How long one reading of the heap profile serves. Reading costs 16 to 640 µs of the measured thread.
constexpr uint64_t kMaxAgeNs = 60'000'000'000;
// The first reading, with the first answer, finds what the process began with, which may be all that it ever does: one that
// idles from then on is not woken for another. The second comes soon, since the estimate rests on what a fresh heap is like.
constexpr uint64_t kSecondNs = 10'000'000'000;

}  // namespace

void HeapSampling::Start() noexcept {
  if (estimator_ || lost_) return;
  v8::HeapStatistics heap;
  isolate_->GetHeapStatistics(&heap);
  // False where another's profiler runs already: then its profile is read, and it is not ours to stop.
  ours_ = isolate_->GetHeapProfiler()->StartSamplingHeapProfiler(HeapObjectEstimator::kSamplingIntervalBytes,
                                                                 HeapObjectEstimator::kStackDepth);
  estimator_.emplace(static_cast<double>(heap.used_heap_size()));
  read_before_ = false;
  read_at_ns_.store(0, std::memory_order_relaxed);
}

void HeapSampling::Stop() noexcept {
  if (ours_) isolate_->GetHeapProfiler()->StopSamplingHeapProfiler();
  lost_ = false;
  End();
}

void HeapSampling::Read(uint64_t now_ns) noexcept {
  const std::optional<ProfileTotals> profile = ReadSamplingProfile(isolate_);
  if (!profile) {
    // Without samples the figure would drift from the truth unseen: absent from here on.
    lost_ = true;
    return End();
  }
  estimator_->Update(profile->objects, profile->bytes);
  read_at_ns_.store(now_ns + (read_before_ ? kMaxAgeNs : kSecondNs), std::memory_order_relaxed);
  read_before_ = true;
}

double HeapSampling::Objects(double used_bytes) const noexcept {
  return estimator_ ? estimator_->Objects(used_bytes) : std::numeric_limits<double>::quiet_NaN();
}

void HeapSampling::End() noexcept {
  estimator_.reset();
  ours_ = false;
  read_at_ns_.store(kNever, std::memory_order_relaxed);
}

}  // namespace offloop
