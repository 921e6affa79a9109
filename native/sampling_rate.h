// How far apart V8's samples of allocations are to be, so that taking them costs little whatever a thread allocates. Plain
// arithmetic, tested alone.
//
// V8 takes a stack for each sample, and each interval of bytes is one sample: what that costs grows with what is allocated.
// So there is a budget of samples a minute. Whoever keeps to it has the usual interval. Where more were taken the interval
// is to be larger, by the power of two that leaves half of the budget; where for long so few were taken that less than
// half of the budget would do for a smaller one, it is to be smaller again. V8 can change the interval of a profile only
// by another profile, which knows none of the objects before it: hence few changes, and no hurry back.
//
// Owning thread: the isolate's.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>

namespace offloop {

class SamplingRate {
 public:
  // Heap profilers in production have 512 KiB by default, and one that starts later and shares the isolate's only profiler
  // slot should get what it expects. The last KiB is what ours is told from theirs by (heap_profile.h).
  static constexpr uint64_t kUsualIntervalBytes = 513 * 1024;
  // So that a heap of 40 MB still has five samples. A thread that allocates more than 800 MB a second exceeds
  // the budget with it.
  static constexpr uint64_t kMaxIntervalBytes = kUsualIntervalBytes << 4;

  // A sample takes 10 to 30 µs, by the depth of its stack: 100 a second are one to three thousandths of the thread's time.
  static constexpr double kSamplesAMinute = 6'000;
  static constexpr uint64_t kMinuteNs = 60'000'000'000;
  static constexpr uint64_t kCalmNs = 10 * kMinuteNs;

  uint64_t interval_bytes() const noexcept { return interval_bytes_; }
  // Who allocates more than this in a minute should have a larger interval.
  double budget_bytes() const noexcept {
    if (interval_bytes_ == kMaxIntervalBytes) return std::numeric_limits<double>::infinity();
    return kSamplesAMinute * static_cast<double>(interval_bytes_);
  }

  // A profile began, with this interval.
  void Begin(uint64_t now_ns) noexcept {
    looked_at_ns_ = calm_since_ns_ = now_ns;
    taken_ = 0;
    most_ = 0;
  }

  // `taken`: samples since it began, dead ones included; at least as many as at the look before. The interval that the next
  // profile should have, where it is another: it is this one's from here on.
  std::optional<uint64_t> Look(uint64_t now_ns, uint64_t taken) noexcept {
    // A burst is all of its minute.
    const uint64_t elapsed_ns = std::max(now_ns - looked_at_ns_, kMinuteNs);
    const double minutes = static_cast<double>(elapsed_ns) / static_cast<double>(kMinuteNs);
    const double a_minute = static_cast<double>(taken - std::min(taken, taken_)) / minutes;
    looked_at_ns_ = now_ns;
    taken_ = std::max(taken, taken_);
    most_ = std::max(most_, a_minute);
    if (a_minute > kSamplesAMinute) return Change(IntervalFor(a_minute));
    const uint64_t smaller = IntervalFor(most_);
    if (smaller >= interval_bytes_) {
      calm_since_ns_ = now_ns;
      most_ = 0;
    } else if (now_ns - calm_since_ns_ >= kCalmNs) {
      return Change(smaller);
    }
    return std::nullopt;
  }

 private:
  // The least of which half of the budget are enough.
  uint64_t IntervalFor(double a_minute) const noexcept {
    uint64_t interval = kUsualIntervalBytes;
    const double bytes = a_minute * static_cast<double>(interval_bytes_);
    while (interval < kMaxIntervalBytes && bytes > kSamplesAMinute / 2 * static_cast<double>(interval)) {
      interval *= 2;
    }
    return interval;
  }

  std::optional<uint64_t> Change(uint64_t interval) noexcept {
    if (interval == interval_bytes_) return std::nullopt;
    interval_bytes_ = interval;
    return interval;
  }

  uint64_t interval_bytes_ = kUsualIntervalBytes;
  uint64_t looked_at_ns_ = 0;
  uint64_t taken_ = 0;
  // In a minute, since the load is so low that a smaller interval would do.
  double most_ = 0;
  uint64_t calm_since_ns_ = 0;
};

}  // namespace offloop
