#include "heap_accounting.h"

#include <doctest/doctest.h>

#include <cmath>

#include "test_block.h"

using namespace offloop;

namespace {

struct Accounted : TestBlock {
  Accounted() {
    for (const Slot slot : {k_heapAllocatedBytes, k_heapReclaimedBytes, k_heapLiveBytes}) {
      block.SetAlone(slot, std::nan(""));
    }
  }
  HeapAccounting heap;
  void Look(double used_bytes) {
    Block::Update update(block);
    heap.Look(update, used_bytes);
  }
  void LookAfterPause(double used_bytes) {
    Block::Update update(block);
    heap.LookAfterPause(update, used_bytes);
  }
  double allocated() const { return block.Get(k_heapAllocatedBytes); }
  double reclaimed() const { return block.Get(k_heapReclaimedBytes); }
  double live() const { return block.Get(k_heapLiveBytes); }
};

}  // namespace

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
  heap.Stop(test.block);
  CHECK(!heap.on());
  heap.Start(test.block, 9'000);  // what happened meanwhile is in neither
  {
    Block::Update update(test.block);
    heap.Look(update, 9'200);
    heap.Look(update, 8'000);
  }
  CHECK(test.block.Get(k_heapAllocatedBytes) == 1'000);
  CHECK(test.block.Get(k_heapReclaimedBytes) == 1'700);
}

TEST_CASE("while it is off nothing is claimed, and then it goes on where it was") {
  Accounted one;
  one.heap.Start(one.block, 100);
  one.Look(150);
  one.Look(120);
  one.block.SetAlone(k_heapLiveBytes, 120);
  one.heap.Stop(one.block);
  CHECK(std::isnan(one.allocated()));
  CHECK(std::isnan(one.reclaimed()));
  CHECK(std::isnan(one.live()));
  one.heap.Start(one.block, 1'000);
  CHECK(one.allocated() == 50);
  CHECK(one.reclaimed() == 30);
  // Until the next major collection.
  CHECK(std::isnan(one.live()));
  one.Look(1'007);
  CHECK(one.allocated() == 57);
}

TEST_CASE("a thread that ends leaves what it counted, on or off, and nothing where it never did") {
  Accounted on;
  on.heap.Start(on.block, 100);
  on.Look(150);
  on.heap.End(on.block);
  CHECK(on.allocated() == 50);
  Accounted off;
  off.heap.Start(off.block, 100);
  off.Look(150);
  off.heap.Stop(off.block);
  off.heap.End(off.block);
  CHECK(off.allocated() == 50);
  Accounted never;
  never.heap.End(never.block);
  CHECK(std::isnan(never.allocated()));
}

TEST_CASE("a pause whose end V8 told counts as one that was looked at") {
  constexpr double kGB = 0x1p30;
  Accounted test;
  test.heap.Start(test.block, 5 * kGB);
  const auto pause = [&test](double before, double after) {
    Block::Update update(test.block);
    test.heap.LookBeforePause(update, before);
    test.heap.EndPause(update, static_cast<int32_t>(static_cast<uint32_t>(static_cast<uint64_t>(after))));
    // Once.
    test.heap.EndPause(update, 0);
  };
  pause(5 * kGB + 1'000, 5 * kGB + 400);
  CHECK(test.allocated() == 1'000);
  CHECK(test.reclaimed() == 600);
  // Across the ends of what the low half holds, both ways.
  pause(8 * kGB + 50, 8 * kGB - 50);
  CHECK(test.reclaimed() == 700);
  pause(8 * kGB - 50, 8 * kGB + 50);
  CHECK(test.reclaimed() == 700);
  pause(8 * kGB + 50, 6 * kGB);
  CHECK(test.reclaimed() == 2 * kGB + 650);
  CHECK(test.allocated() - test.reclaimed() == kGB);
  // Nobody looked before it.
  Block::Update update(test.block);
  test.heap.EndPause(update, 7);
  CHECK(test.reclaimed() == 2 * kGB + 650);
}

TEST_CASE("what a heap grows inside a pause is not allocated, and is owed by what is freed next") {
  Accounted test;
  test.heap.Start(test.block, 1'000);
  test.Look(1'500);
  test.LookAfterPause(1'570);
  test.LookAfterPause(1'600);
  CHECK(test.allocated() == 500);
  CHECK(test.reclaimed() == 0);
  test.Look(1'700);
  test.LookAfterPause(1'300);
  CHECK(test.allocated() == 600);
  CHECK(test.reclaimed() == 300);
}
