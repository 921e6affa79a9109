#include "durations.h"

#include <doctest/doctest.h>

#include "gc_recorder.h"
#include "loop_recorder.h"
#include "test_block.h"

using namespace offloop;

namespace {

double Sum(const Block& block, size_t table) {
  double sum = 0;
  for (size_t bucket = 0; bucket < kDurationBuckets; ++bucket) sum += block.Get(table + bucket);
  return sum;
}

}  // namespace

TEST_CASE("buckets rise with durations, and none is skipped") {
  size_t last = 0;
  for (uint64_t ns = 0; ns < 200'000'000'000; ns += ns / 400 + 1) {
    const size_t bucket = DurationBucket(ns);
    CHECK(bucket >= last);
    CHECK(bucket <= last + 1);
    last = bucket;
  }
  CHECK(last == kDurationBuckets - 1);
  CHECK(DurationBucket(999) == 0);
  CHECK(DurationBucket(1'000) == 1);
  CHECK(DurationBucket(1'000'000) == 1 + 3 * kBucketsPerDecade);
  CHECK(DurationBucket(999'999) == 3 * kBucketsPerDecade);
}

TEST_CASE("each pause and each start of marking is in one bucket, and the longest is kept for a minute") {
  TestBlock test;
  GcRecorder gc;
  gc.Begin(test.block, GcKind::kMinor, 1'000'000);
  gc.End(test.block, GcKind::kMinor, 3'000'000, false);
  gc.Begin(test.block, GcKind::kMajor, 10'000'000);
  gc.End(test.block, GcKind::kMajor, 17'000'000, true);
  for (const uint64_t ns : {300'000, 400'000, 100'000}) {
    gc.Begin(test.block, GcKind::kIncrementalStart, 20'000'000);
    gc.End(test.block, GcKind::kIncrementalStart, 20'000'000 + ns, false);
  }
  gc.Begin(test.block, GcKind::kWeakCallbacks, 21'000'000);
  gc.End(test.block, GcKind::kWeakCallbacks, 30'000'000, false);
  CHECK(test.block.Get(k_gcMinorDurations + DurationBucket(2'000'000)) == 1);
  CHECK(test.block.Get(k_gcMajorDurations + DurationBucket(7'000'000)) == 1);
  CHECK(test.block.Get(k_gcForcedMinorCycles) == 0);
  CHECK(test.block.Get(k_gcForcedMajorCycles) == 1);
  CHECK(test.block.Get(k_gcLastMajorAtNs) == 17'000'000);
  const size_t at = LongestIndex(LongestEpoch(17'000'000));
  CHECK(test.block.Get(k_gcMajorLongest + at + 1) == 7'000'000);
  CHECK(test.block.Get(k_gcMinorLongest + at + 1) == 2'000'000);
  CHECK(test.block.Get(k_gcIncrementalStartLongest + at + 1) == 400'000);
  for (const uint64_t ns : {300'000, 400'000, 100'000}) {
    CHECK(test.block.Get(k_gcIncrementalStartDurations + DurationBucket(ns)) == 1);
  }
  // Of weak callbacks nobody keeps a longest: what follows the tables of pauses is untouched.
  CHECK(Sum(test.block, k_gcWeakCallbackDurations) == 1);
  CHECK(test.block.Get(k_loopTurnLongest + at + 1) == 0);
}

TEST_CASE("a cycle inside a pause is in no bucket") {
  TestBlock test;
  GcRecorder gc;
  gc.Begin(test.block, GcKind::kMajor, 100);
  gc.Begin(test.block, GcKind::kMinor, 110);
  gc.End(test.block, GcKind::kMinor, 120, false);
  gc.End(test.block, GcKind::kMajor, 200, false);
  CHECK(Sum(test.block, k_gcMinorDurations) == 0);
  CHECK(Sum(test.block, k_gcMajorDurations) == 1);
}

TEST_CASE("a turn is busy for what it did not wait") {
  TestBlock test;
  LoopRecorder loop(test.block);
  loop.Turn(1'000'000, 0);
  CHECK(test.block.Get(k_loopTurns) == 0);
  CHECK(test.block.Get(k_loopTurnStartedAtNs) == 1'000'000);
  CHECK(test.block.Get(k_loopIdleAtTurnNs) == 0);
  loop.Turn(101'000'000, 95'000'000);
  loop.Turn(102'000'000, 97'000'000);  // waited longer than it took: two clocks
  CHECK(test.block.Get(k_loopTurns) == 2);
  CHECK(test.block.Get(k_loopTurnStartedAtNs) == 102'000'000);
  CHECK(test.block.Get(k_loopIdleAtTurnNs) == 97'000'000);
  CHECK(test.block.Get(k_loopBusyNs) == 5'000'000);
  CHECK(test.block.Get(k_loopTurnDurations + DurationBucket(5'000'000)) == 1);
  CHECK(test.block.Get(k_loopTurnDurations) == 1);
  CHECK(test.block.Get(k_loopTurnLongest + LongestIndex(LongestEpoch(102'000'000)) + 1) == 5'000'000);
}
