#include "own_time.h"

#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <thread>

using namespace offloop;

#if defined(__linux__)
TEST_CASE("a thread's own time stands still while it sleeps, and runs while it works") {
  using Clock = std::chrono::steady_clock;
  using std::chrono::milliseconds;
  const OwnTime time;
  const double before_ns = time.RunnableNs();
  if (std::isnan(before_ns)) {
    MESSAGE("this kernel keeps no statistics of its scheduler");
    return;
  }
  for (const auto end = Clock::now() + milliseconds(100); Clock::now() < end;) {
  }
  const double worked_ns = time.RunnableNs() - before_ns;
  CHECK(worked_ns > 80e6);
  std::this_thread::sleep_for(milliseconds(300));
  CHECK(time.RunnableNs() - before_ns - worked_ns < 150e6);
}
#endif
