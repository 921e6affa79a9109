#include "stack_taker.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

using namespace offloop;

namespace {

Stack StackOf(int line) {
  Stack stack;
  stack.taken_at_ns = static_cast<uint64_t>(line);
  for (int i = 0; i < 8; ++i) stack.frames.push_back({"function", "/app/file.js", line, i});
  return stack;
}

}  // namespace

TEST_CASE("a stack is given for the turn that it was wanted of, and once") {
  StackTaker taker;
  CHECK_FALSE(taker.Wanted(7));
  CHECK(taker.Ask(7));
  CHECK_FALSE(taker.Ask(7));  // the interrupt is under way
  CHECK_FALSE(taker.Take().has_value());
  REQUIRE(taker.Wanted(7));
  taker.Give(StackOf(3));
  const auto stack = taker.Take();
  REQUIRE(stack.has_value());
  CHECK(stack->frames[0].line == 3);
  CHECK_FALSE(taker.Take().has_value());
  CHECK_FALSE(taker.Wanted(7));
}

TEST_CASE("an interrupt that comes after the turn takes nothing") {
  StackTaker taker;
  CHECK(taker.Ask(7));
  CHECK_FALSE(taker.Wanted(8));
  CHECK(taker.Ask(9));
  CHECK(taker.Wanted(9));
}

TEST_CASE("a new wish is the end of what an older one brought") {
  StackTaker taker;
  taker.Ask(7);
  REQUIRE(taker.Wanted(7));
  taker.Give(StackOf(3));
  CHECK(taker.Ask(9));
  CHECK_FALSE(taker.Take().has_value());
}

TEST_CASE("no stack is torn or missed, whoever is faster") {
  StackTaker taker;
  std::atomic<bool> requested{false};
  std::atomic<bool> done{false};
  std::atomic<int> turn{1};
  // The measured thread: runs the interrupts that were requested.
  std::thread measured([&] {
    while (!done) {
      if (!requested.exchange(false)) {
        std::this_thread::yield();
        continue;
      }
      const int now = turn;
      if (taker.Wanted(now)) taker.Give(StackOf(now));
    }
  });
  for (int wish = 1; wish <= 2'000; ++wish) {
    turn = wish;
    if (taker.Ask(wish)) requested = true;
    // Some are given up.
    for (int look = 0; look < wish % 50; ++look) {
      const auto stack = taker.Take();
      if (!stack) continue;
      REQUIRE(stack->frames.size() == 8);
      for (const StackFrame& frame : stack->frames)
        REQUIRE(frame.line == static_cast<int>(stack->taken_at_ns));
    }
  }
  done = true;
  measured.join();
}
