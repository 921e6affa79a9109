#include "sampling_rate.h"

#include <doctest/doctest.h>

#include <cmath>

using namespace offloop;

namespace {

constexpr uint64_t kUsual = SamplingRate::kUsualIntervalBytes;
constexpr uint64_t kMinute = SamplingRate::kMinuteNs;
constexpr double kBudget = SamplingRate::kSamplesAMinute;

// A thread that allocates evenly between looks.
class Thread {
 public:
  Thread() { rate.Begin(now_ns_); }
  // Samples that were taken.
  double Run(double bytes, uint64_t ns = kMinute) {
    const double samples = bytes / static_cast<double>(rate.interval_bytes());
    taken_ += samples;
    now_ns_ += ns;
    if (rate.Look(now_ns_, static_cast<uint64_t>(std::llround(taken_)))) {
      ++changes;
      taken_ = 0;
      rate.Begin(now_ns_);
    }
    return samples;
  }

  SamplingRate rate;
  int changes = 0;

 private:
  uint64_t now_ns_ = 5'000'000'000;
  double taken_ = 0;
};

double Bytes(double samples) { return samples * static_cast<double>(kUsual); }

}  // namespace

TEST_CASE("who allocates little keeps the usual interval") {
  Thread thread;
  for (int minute = 0; minute < 100; ++minute) thread.Run(Bytes(kBudget * 0.9));
  CHECK(thread.changes == 0);
  CHECK(thread.rate.interval_bytes() == kUsual);
}

TEST_CASE("whatever is allocated, the budget holds after one look") {
  for (const double times : {1.1, 2.9, 3.9}) {
    Thread thread;
    thread.Run(Bytes(kBudget * times));
    for (int minute = 0; minute < 100; ++minute) CHECK(thread.Run(Bytes(kBudget * times)) <= kBudget);
    CHECK(thread.changes == 1);
  }
}

TEST_CASE("a burst is all of its minute") {
  Thread thread;
  thread.Run(Bytes(kBudget * 0.9), kMinute / 60);
  CHECK(thread.changes == 0);
  thread.Run(Bytes(kBudget * 3), kMinute / 60);
  CHECK(thread.rate.interval_bytes() == 8 * kUsual);
}

TEST_CASE("it goes back where little is allocated for long, and not before") {
  Thread thread;
  thread.Run(Bytes(kBudget * 30));
  for (int minute = 0; minute < 9; ++minute) thread.Run(Bytes(10));
  CHECK(thread.changes == 1);
  thread.Run(Bytes(10));
  CHECK(thread.changes == 2);
  CHECK(thread.rate.interval_bytes() == kUsual);
}

TEST_CASE("a load that comes and goes changes it once") {
  Thread thread;
  for (int minute = 0; minute < 300; ++minute) thread.Run(Bytes(minute % 7 == 0 ? kBudget * 30 : 10));
  CHECK(thread.changes == 1);
}

TEST_CASE("a load about the limit does not make it go to and fro") {
  Thread thread;
  for (int minute = 0; minute < 300; ++minute) thread.Run(Bytes(kBudget * (minute % 40 < 20 ? 1.1 : 0.9)));
  CHECK(thread.changes <= 2);
}

TEST_CASE("the interval has an end") {
  Thread thread;
  for (int minute = 0; minute < 5; ++minute) thread.Run(Bytes(kBudget * 1e6));
  CHECK(thread.rate.interval_bytes() == SamplingRate::kMaxIntervalBytes);
  CHECK(thread.changes == 1);
  // Nobody need look before the minute is over.
  CHECK(std::isinf(thread.rate.budget_bytes()));
}

TEST_CASE("fewer samples than before are none: those that told are dead") {
  SamplingRate rate;
  rate.Begin(0);
  CHECK(!rate.Look(kMinute, 1000));
  CHECK(!rate.Look(2 * kMinute, 100));
  CHECK(!rate.Look(3 * kMinute, 2100));
}
