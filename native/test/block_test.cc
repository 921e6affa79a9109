#include "block.h"

#include <doctest/doctest.h>

#include <cstring>
#include <thread>

#include "test_block.h"

using namespace offloop;

TEST_CASE("slots keep their values apart") {
  TestBlock test;
  {
    Block::Update update(test.block);
    for (size_t slot = 1; slot < kSlotCount; ++slot) update.Set(static_cast<Slot>(slot), slot * 1.5);
  }
  for (size_t slot = 1; slot < kSlotCount; ++slot)
    CHECK(test.block.Get(static_cast<Slot>(slot)) == slot * 1.5);
}

TEST_CASE("the sequence is odd inside an update and even outside") {
  TestBlock test;
  uint32_t sequence = 0;
  {
    Block::Update update(test.block);
    std::memcpy(&sequence, test.memory.data(), sizeof(sequence));
    CHECK(sequence == 1);
  }
  std::memcpy(&sequence, test.memory.data(), sizeof(sequence));
  CHECK(sequence == 2);
}

TEST_CASE("a reader on another thread never sees half of an update") {
  TestBlock test;
  constexpr int kUpdates = 200'000;
  std::thread writer([&] {
    for (int i = 1; i <= kUpdates; ++i) {
      Block::Update update(test.block);
      update.Add(k_gcCycles, 1);
      update.Add(k_gcPauseNs, 3);
    }
  });
  double cycles = 0;
  int consistent = 0;
  while (cycles < kUpdates) {
    double figures[2];
    if (!test.block.Read({k_gcCycles, k_gcPauseNs}, figures)) continue;
    const auto [seen, pause] = figures;
    if (pause != seen * 3 || seen < cycles) FAIL("cycles ", seen, " and pause ", pause, " after ", cycles);
    cycles = seen;
    ++consistent;
  }
  writer.join();
  CHECK(consistent > 0);
}

TEST_CASE("a reader does not wait for an update to end") {
  TestBlock test;
  double figures[1];
  {
    Block::Update update(test.block);
    update.Set(k_gcCycles, 1);
    CHECK_FALSE(test.block.Read({k_gcCycles}, figures));
  }
  CHECK(test.block.Read({k_gcCycles}, figures));
  CHECK(figures[0] == 1);
}
