#include "durations.h"

#include <doctest/doctest.h>

#include <cmath>

#include "gc_recorder.h"
#include "heap_accounting.h"
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

TEST_CASE("each pause is in one bucket, and the longest is kept for a minute") {
  TestBlock test;
  GcRecorder gc;
  gc.Begin(test.block, GcKind::kMinor, 1'000'000);
  gc.End(test.block, GcKind::kMinor, 3'000'000, false);
  gc.Begin(test.block, GcKind::kMajor, 10'000'000);
  gc.End(test.block, GcKind::kMajor, 17'000'000, true);
  CHECK(test.block.Get(k_gcMinorDurations + DurationBucket(2'000'000)) == 1);
  CHECK(test.block.Get(k_gcMajorDurations + DurationBucket(7'000'000)) == 1);
  CHECK(test.block.Get(k_gcForcedMinorCycles) == 0);
  CHECK(test.block.Get(k_gcForcedMajorCycles) == 1);
  CHECK(test.block.Get(k_gcLastMajorAtNs) == 17'000'000);
  const size_t at = LongestIndex(LongestEpoch(17'000'000));
  CHECK(test.block.Get(k_gcMajorLongest + at + 1) == 7'000'000);
  CHECK(test.block.Get(k_gcMinorLongest + at + 1) == 2'000'000);
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

TEST_CASE("bytes: allocated less reclaimed is what the heap has grown") {
  TestBlock test;
  test.block.SetAlone(k_heapAllocatedBytes, std::nan(""));
  HeapAccounting heap;
  heap.Start(test.block, 1'000);
  {
    Block::Update update(test.block);
    heap.Look(update, 1'700);            // prologue
    heap.LookAfterPause(update, 1'200);  // epilogue
    heap.Look(update, 1'300);            // an answer
  }
  CHECK(test.block.Get(k_heapAllocatedBytes) == 800);
  CHECK(test.block.Get(k_heapReclaimedBytes) == 500);
  heap.Stop();
  CHECK(!heap.on());
  heap.Start(test.block, 9'000);  // what happened meanwhile is in neither
  {
    Block::Update update(test.block);
    heap.LookCounted(update, 8'000, 4'000);
  }
  CHECK(test.block.Get(k_heapAllocatedBytes) == 4'800);
  CHECK(test.block.Get(k_heapReclaimedBytes) == 5'500);
}

TEST_CASE("bytes: what a heap grows inside a pause is not allocated") {
  TestBlock test;
  test.block.SetAlone(k_heapAllocatedBytes, std::nan(""));
  HeapAccounting heap;
  heap.Start(test.block, 1'000);
  {
    Block::Update update(test.block);
    heap.Look(update, 1'500);
    heap.LookAfterPause(update, 1'570);
    heap.LookAfterPause(update, 1'600);
  }
  CHECK(test.block.Get(k_heapAllocatedBytes) == 500);
  CHECK(test.block.Get(k_heapReclaimedBytes) == 0);
  {
    Block::Update update(test.block);
    heap.Look(update, 1'700);
    heap.LookAfterPause(update, 1'300);
  }
  CHECK(test.block.Get(k_heapAllocatedBytes) == 600);
  CHECK(test.block.Get(k_heapReclaimedBytes) == 300);
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
