#include "gc_recorder.h"

#include <doctest/doctest.h>

#include "test_block.h"

using namespace offloop;

namespace {

struct Recorded : TestBlock {
  GcRecorder recorder;
  void Begin(GcKind kind, uint64_t at) { recorder.Begin(block, kind, at); }
  void End(GcKind kind, uint64_t at) { recorder.End(block, kind, at, false); }
  double operator[](Slot slot) const { return block.Get(slot); }
};

}  // namespace

TEST_CASE("V8's types are told apart by number") {
  CHECK(GcKindOf(1) == GcKind::kMinor);
  CHECK(GcKindOf(2) == GcKind::kMinor);
  CHECK(GcKindOf(4) == GcKind::kMajor);
  CHECK(GcKindOf(8) == GcKind::kIncrementalStart);
  CHECK(GcKindOf(16) == GcKind::kWeakCallbacks);
}

TEST_CASE("minor and major collections add up, by kind and together") {
  Recorded gc;
  gc.Begin(GcKind::kMinor, 100);
  gc.End(GcKind::kMinor, 130);
  gc.Begin(GcKind::kMajor, 1'000);
  gc.End(GcKind::kMajor, 1'500);
  gc.Begin(GcKind::kMinor, 2'000);
  gc.End(GcKind::kMinor, 2'004);
  CHECK(gc[k_gcMinorCycles] == 2);
  CHECK(gc[k_gcMinorPauseNs] == 34);
  CHECK(gc[k_gcMajorCycles] == 1);
  CHECK(gc[k_gcMajorPauseNs] == 500);
  CHECK(gc[k_gcCycles] == 3);
  CHECK(gc[k_gcPauseNs] == 534);
}

TEST_CASE("the start of incremental marking and lone weak callbacks are no cycles and no pause") {
  Recorded gc;
  gc.Begin(GcKind::kIncrementalStart, 10);
  gc.End(GcKind::kIncrementalStart, 17);
  gc.Begin(GcKind::kWeakCallbacks, 20);
  gc.End(GcKind::kWeakCallbacks, 25);
  CHECK(gc[k_gcIncrementalStarts] == 1);
  CHECK(gc[k_gcIncrementalStartNs] == 7);
  CHECK(gc[k_gcWeakCallbackRuns] == 1);
  CHECK(gc[k_gcWeakCallbackNs] == 5);
  CHECK(gc[k_gcCycles] == 0);
  CHECK(gc[k_gcPauseNs] == 0);
}

TEST_CASE("weak callbacks inside a major collection are part of its pause") {
  Recorded gc;
  gc.Begin(GcKind::kMajor, 100);
  gc.Begin(GcKind::kWeakCallbacks, 150);
  gc.End(GcKind::kWeakCallbacks, 180);
  gc.End(GcKind::kMajor, 200);
  CHECK(gc[k_gcMajorPauseNs] == 100);
  CHECK(gc[k_gcPauseNs] == 100);
  CHECK(gc[k_gcWeakCallbackRuns] == 0);
}

TEST_CASE("a scavenge inside weak callbacks inside a pause is a cycle, and its time is counted once") {
  Recorded gc;
  gc.Begin(GcKind::kMajor, 100);
  gc.Begin(GcKind::kWeakCallbacks, 150);
  gc.Begin(GcKind::kMinor, 160);
  gc.End(GcKind::kMinor, 170);
  gc.End(GcKind::kWeakCallbacks, 180);
  gc.End(GcKind::kMajor, 200);
  CHECK(gc[k_gcMinorCycles] == 1);
  CHECK(gc[k_gcMinorPauseNs] == 0);
  CHECK(gc[k_gcMajorCycles] == 1);
  CHECK(gc[k_gcCycles] == 2);
  CHECK(gc[k_gcPauseNs] == 100);
  CHECK(gc[k_gcStartedAtNs] == 0);
}

TEST_CASE("a scavenge inside lone weak callbacks is a pause of its own and stops their clock") {
  Recorded gc;
  gc.Begin(GcKind::kWeakCallbacks, 100);
  gc.Begin(GcKind::kMinor, 140);
  gc.End(GcKind::kMinor, 160);
  gc.End(GcKind::kWeakCallbacks, 170);
  CHECK(gc[k_gcMinorPauseNs] == 20);
  CHECK(gc[k_gcPauseNs] == 20);
  CHECK(gc[k_gcWeakCallbackNs] == 50);
}

TEST_CASE("the pause under way shows its start, and nothing once it is over") {
  Recorded gc;
  CHECK(gc[k_gcStartedAtNs] == 0);
  gc.Begin(GcKind::kMajor, 77);
  CHECK(gc[k_gcStartedAtNs] == 77);
  gc.Begin(GcKind::kWeakCallbacks, 80);
  gc.End(GcKind::kWeakCallbacks, 81);
  CHECK(gc[k_gcStartedAtNs] == 77);
  gc.End(GcKind::kMajor, 90);
  CHECK(gc[k_gcStartedAtNs] == 0);
}

TEST_CASE("an epilogue without its prologue is ignored") {
  Recorded gc;
  gc.End(GcKind::kMajor, 50);
  gc.Begin(GcKind::kMinor, 60);
  gc.End(GcKind::kMinor, 65);
  CHECK(gc[k_gcMajorCycles] == 0);
  CHECK(gc[k_gcPauseNs] == 5);
}

TEST_CASE("edges deeper than the stack of frames lose themselves and nothing else") {
  Recorded gc;
  for (int depth = 0; depth < 40; ++depth) gc.Begin(GcKind::kWeakCallbacks, 10 + depth);
  for (int depth = 0; depth < 40; ++depth) gc.End(GcKind::kWeakCallbacks, 100 + depth);
  CHECK(gc[k_gcWeakCallbackRuns] == 1);
  CHECK(gc[k_gcWeakCallbackNs] == 129);
  gc.Begin(GcKind::kMinor, 200);
  gc.End(GcKind::kMinor, 203);
  CHECK(gc[k_gcMinorPauseNs] == 3);
}

TEST_CASE("an edge that lost its epilogue is closed between turns, and what comes after is counted as ever") {
  Recorded gc;
  gc.Begin(GcKind::kMajor, 100);
  gc.Begin(GcKind::kWeakCallbacks, 110);
  gc.recorder.CloseAll(gc.block);
  CHECK(gc[k_gcStartedAtNs] == 0);
  CHECK(gc[k_gcCycles] == 0);
  gc.Begin(GcKind::kMinor, 200);
  CHECK(gc[k_gcStartedAtNs] == 200);
  gc.End(GcKind::kMinor, 203);
  CHECK(gc[k_gcMinorPauseNs] == 3);
  CHECK(gc[k_gcStartedAtNs] == 0);
}
