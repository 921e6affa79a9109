#include "heap_sampling.h"

#include <uv.h>
#include <v8-profiler.h>

#include <cmath>
#include <limits>
#include <utility>

#include "heap_profile.h"

namespace offloop {

namespace {

// How long one reading of the heap profile serves. Reading costs 16 to 640 µs of the measured thread.
constexpr uint64_t kMaxAgeNs = 60'000'000'000;
// The first reading, with the first answer, finds what the process began with, which may be all that it ever does: one that
// idles from then on is not woken for another. The second comes soon, since the estimate rests on what a fresh heap is like.
constexpr uint64_t kSecondNs = 10'000'000'000;

double UsedBytes(v8::Isolate* isolate) noexcept {
  v8::HeapStatistics heap;
  isolate->GetHeapStatistics(&heap);
  return static_cast<double>(heap.used_heap_size());
}

}  // namespace

void HeapSampling::Start() noexcept {
  if (estimator_ || lost_) return;
  // False where another's profiler runs already: then its profile is read, and it is not ours to stop.
  ours_ = Begin();
  estimator_.emplace(UsedBytes(isolate_));
  read_before_ = false;
  allocated_before_bytes_ = std::numeric_limits<double>::quiet_NaN();
  read_at_ns_.store(0, std::memory_order_relaxed);
}

void HeapSampling::Stop() noexcept {
  if (ours_) isolate_->GetHeapProfiler()->StopSamplingHeapProfiler();
  lost_ = false;
  End();
}

void HeapSampling::GiveBack() noexcept {
  if (ours_) {
    const auto profile = ReadSamplingProfile(isolate_, rate_.interval_bytes(), known_groups_);
    ours_ = profile && profile->has_interval;
  }
  Stop();
}

void HeapSampling::Read(uint64_t now_ns, double allocated_bytes) noexcept {
  std::optional<SamplingProfile> profile =
      ReadSamplingProfile(isolate_, rate_.interval_bytes(), known_groups_);
  if (!profile) {
    // Without samples the figure would drift from the truth unseen: absent from here on.
    lost_ = true;
    return End();
  }
  const double used_bytes = UsedBytes(isolate_);
  if (ours_ && !profile->has_interval) {
    // Somebody ended ours and began their own.
    ours_ = false;
    estimator_->Restart(used_bytes, SamplingRate::kUsualIntervalBytes);
  }
  estimator_->Update(profile->totals.objects, profile->totals.bytes, used_bytes);
  // The profile alone tells too few: right after a collection all samples of garbage are gone, the newest among them.
  const double taken =
      std::fmax((allocated_bytes - allocated_before_bytes_) / static_cast<double>(rate_.interval_bytes()),
                static_cast<double>(profile->taken));
  // As the samples have it: with a smaller figure than theirs the next look would find too few.
  if (std::isnan(allocated_before_bytes_)) {
    allocated_before_bytes_ =
        allocated_bytes - static_cast<double>(profile->taken) * static_cast<double>(rate_.interval_bytes());
  }
  if (ours_ && rate_.Look(now_ns, static_cast<uint64_t>(taken))) {
    isolate_->GetHeapProfiler()->StopSamplingHeapProfiler();
    ours_ = Begin();
    estimator_->Restart(used_bytes, static_cast<double>(rate_.interval_bytes()));
    known_groups_ = std::move(profile->totals.groups);
    allocated_before_bytes_ = allocated_bytes;
  }
  allocated_bytes_ = allocated_bytes;
  read_at_ns_.store(now_ns + (read_before_ ? kMaxAgeNs : kSecondNs), std::memory_order_relaxed);
  read_before_ = true;
}

void HeapSampling::Allocated(double bytes) noexcept {
  if (ours_ && bytes - allocated_bytes_ > rate_.budget_bytes())
    read_at_ns_.store(0, std::memory_order_relaxed);
}

double HeapSampling::Objects(double used_bytes) const noexcept {
  return estimator_ ? estimator_->Objects(used_bytes) : std::numeric_limits<double>::quiet_NaN();
}

bool HeapSampling::Begin() noexcept {
  rate_.Begin(uv_hrtime());
  return isolate_->GetHeapProfiler()->StartSamplingHeapProfiler(rate_.interval_bytes(), kStackDepth);
}

void HeapSampling::End() noexcept {
  estimator_.reset();
  known_groups_.clear();
  ours_ = false;
  read_at_ns_.store(kNever, std::memory_order_relaxed);
}

}  // namespace offloop
