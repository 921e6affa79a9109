// How durations are kept: a log-linear histogram, and the longest of the last minute. Plain arithmetic, tested alone.
//
// Buckets: from 1 µs to 100 s, 70 a decade: 20 of 0.05 from 1 to 2, 30 of 0.1 from 2 to 5, 20 of 0.25 from 5 to 10.
// None is wider than 5% of its lower bound, so a quantile taken from the middle of one is within 2.5%; and every bound
// that exporters use (1, 2, 2.5, 5, 7.5 times a power of ten) is the edge of one, so that their buckets are exact.
// The first bucket holds what is shorter than 1 µs, the last what takes 100 s and more.
// src/probe/durations.ts has the same edges.
#pragma once

#include <cstddef>
#include <cstdint>

namespace offloop {

constexpr size_t kBucketsPerDecade = 70;
constexpr size_t kDecades = 8;
constexpr size_t kDurationBuckets = 1 + kDecades * kBucketsPerDecade + 1;

// No table and few branches: this runs after a collection, when everything is out of the caches.
constexpr size_t DurationBucket(uint64_t ns) noexcept {
  if (ns < 1'000) return 0;
  size_t first = 1;
  // A quotient that is rounded down lies in the same bucket, because edges are whole at every step.
  while (ns >= 10'000) {
    ns /= 10;
    first += kBucketsPerDecade;
  }
  const auto fifties = static_cast<uint32_t>(ns) / 50;  // 20 to 199
  const size_t bucket = first + (fifties < 40    ? fifties - 20
                                 : fifties < 100 ? 20 + (fifties - 40) / 2
                                                 : 50 + (fifties - 100) / 5);
  return bucket < kDurationBuckets - 1 ? bucket : kDurationBuckets - 1;
}

// The longest of the last minute, in 13 windows of 5 s, each a pair: the number of the window and its longest. A
// window is written over 65 s later; whoever reads takes the pairs whose number is recent. So nothing is reset, and at
// any moment the 12 whole windows before the one under way are there: 60 s, and up to 5 s more.
constexpr uint64_t kLongestWindowNs = 5'000'000'000;
constexpr size_t kLongestWindows = 13;
constexpr size_t kLongestSlots = 2 * kLongestWindows;

// From 1, so that a zeroed pair is no window.
constexpr uint64_t LongestEpoch(uint64_t now_ns) noexcept { return now_ns / kLongestWindowNs + 1; }
constexpr size_t LongestIndex(uint64_t epoch) noexcept { return 2 * (epoch % kLongestWindows); }

}  // namespace offloop
