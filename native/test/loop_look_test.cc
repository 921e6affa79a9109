#include "loop_look.h"

#include <doctest/doctest.h>

#include <atomic>
#include <cmath>
#include <limits>
#include <thread>

#include "loop_recorder.h"
#include "test_block.h"

using namespace offloop;

namespace {

constexpr double kMs = 1e6;
constexpr double kSecond = 1e9;

// Attached at 500 ms, after 400 ms of waiting; its turn began at 900 ms, after 700 ms of it.
struct Loop {
  Loop() {
    test.block.SetAlone(k_attachedAtNs, 500 * kMs);
    test.block.SetAlone(k_loopIdleAtAttachNs, 400 * kMs);
  }
  void Turn() { recorder.Turn(900'000'000, 700'000'000); }
  LoopLook LookAt(double at_ms, double idle_ms) const {
    LoopLook look;
    REQUIRE(LookAtLoop(test.block, at_ms * kMs, idle_ms * kMs, look));
    return look;
  }

  TestBlock test;
  LoopRecorder recorder{test.block};
};

LoopLooks Seen(std::vector<LoopLook> loops, double stopped_ns = 0) {
  return {.time = {}, .stopped_ns = stopped_ns, .loops = std::move(loops)};
}

}  // namespace

TEST_CASE("a loop that waits is not busy, however old its turn") {
  Loop loop;
  loop.Turn();
  for (const double at_ms : {1e3, 3.6e6, 7.2e6}) CHECK(loop.LookAt(at_ms, at_ms - 200).busy_ns == 0);
}

TEST_CASE("a turn is busy from the end of its waiting on, to the nanosecond") {
  Loop loop;
  loop.Turn();
  // It waited until 1,200.
  CHECK(loop.LookAt(1'500, 1'000).busy_ns == 300 * kMs);
  const LoopLook look = loop.LookAt(1'900, 1'000);
  CHECK(look.busy_ns == 700 * kMs);
  CHECK(look.turn_started_at_ns == 900 * kMs);
  CHECK(look.idle_ns == 1'000 * kMs);
}

TEST_CASE("the main script is busy from the attaching on") {
  const Loop loop;
  const LoopLook look = loop.LookAt(1'500, 400);
  CHECK(look.busy_ns == 1'000 * kMs);
  CHECK(look.turn_started_at_ns == 0);
  CHECK(look.attached_at_ns == 500 * kMs);
}

TEST_CASE("a turn that began after the clock was read is too young") {
  Loop loop;
  loop.Turn();
  CHECK(loop.LookAt(890, 700).busy_ns == 0);
}

TEST_CASE("the collection under way counts") {
  Loop loop;
  loop.test.block.SetAlone(k_gcPauseNs, 5 * kMs);
  loop.test.block.SetAlone(k_gcMainThreadNs, 7 * kMs);
  CHECK(loop.LookAt(1'500, 400).gc_pause_ns == 5 * kMs);
  loop.test.block.SetAlone(k_gcStartedAtNs, 1'400 * kMs);
  CHECK(loop.LookAt(1'500, 400).gc_pause_ns == 105 * kMs);
  CHECK(loop.LookAt(1'500, 400).gc_main_thread_ns == 7 * kMs);
}

TEST_CASE("a block whose writer is in the midst of an update is not looked at") {
  Loop loop;
  LoopLook look;
  {
    Block::Update update(loop.test.block);
    // As if the turn had begun and nothing had been waited for since.
    update.Set(k_loopTurnStartedAtNs, 900 * kMs);
    CHECK_FALSE(LookAtLoop(loop.test.block, 5'000 * kMs, 4'800 * kMs, look));
    update.Set(k_loopIdleAtTurnNs, 700 * kMs);
  }
  CHECK(LookAtLoop(loop.test.block, 5'000 * kMs, 4'800 * kMs, look));
  CHECK(look.busy_ns == 0);
}

// Turns of ten seconds, all but a microsecond of which is waiting: the start of one turn with the waiting of another would be
// ten seconds of work.
TEST_CASE("no look at a loop that turns has the start of one turn and the waiting of another") {
  constexpr int kTurns = 5'000'000;
  constexpr uint64_t kTurnNs = 10'000'000'000;
  TestBlock test;
  test.block.SetAlone(k_attachedAtNs, static_cast<double>(kTurnNs));
  std::atomic<uint64_t> now_ns{kTurnNs};
  std::atomic<uint64_t> idle_ns{0};
  std::thread loop([&] {
    LoopRecorder recorder(test.block);
    for (int turn = 0; turn < kTurns; ++turn) {
      idle_ns.fetch_add(kTurnNs - 1'000, std::memory_order_release);
      now_ns.fetch_add(kTurnNs, std::memory_order_release);
      recorder.Turn(now_ns.load(std::memory_order_relaxed), idle_ns.load(std::memory_order_relaxed));
    }
  });
  double turns = 0;
  double busiest_ns = 0;
  int changes = 0;
  while (turns < kTurns - 1) {
    const auto at_ns = static_cast<double>(now_ns.load(std::memory_order_acquire));
    const auto idle = static_cast<double>(idle_ns.load(std::memory_order_acquire));
    LoopLook look;
    if (!LookAtLoop(test.block, at_ns, idle, look)) continue;
    busiest_ns = std::max(busiest_ns, look.busy_ns);
    if (look.turns != turns) ++changes;
    turns = look.turns;
  }
  loop.join();
  CHECK(changes > 0);
  CHECK(busiest_ns < kSecond);
}

constexpr LoopAlarmSettings kSettings{.every_ns = 500 * kMs,
                                      .stopped_ns = 200 * kMs,
                                      .busy_ns = 500 * kMs,
                                      .worker_busy_ns = std::numeric_limits<double>::infinity()};

TEST_CASE("an alarm is for a loop that is busy for long, for a stop, and for a new thread") {
  const auto main = [](double busy_ms) { return LoopLook{.id = 1, .busy_ns = busy_ms * kMs}; };
  const auto worker = [](double busy_ms) {
    return LoopLook{.id = 2, .thread_id = 3, .busy_ns = busy_ms * kMs};
  };
  CHECK_FALSE(IsAlarm(kSettings, 2, Seen({main(499), worker(9'000)})));
  CHECK(IsAlarm(kSettings, 2, Seen({worker(0), main(500)})));
  CHECK(IsAlarm(kSettings, 2, Seen({main(0)}, 1)));
  CHECK(IsAlarm(kSettings, 1, Seen({main(0), worker(0)})));
  LoopAlarmSettings workers = kSettings;
  workers.worker_busy_ns = kMs;
  CHECK_FALSE(IsAlarm(workers, 2, Seen({main(2), worker(0.5)})));
  CHECK(IsAlarm(workers, 2, Seen({main(2), worker(1)})));
  CHECK_FALSE(IsAlarm(kSettings, 2, Seen({})));
}

TEST_CASE("a look that is late tells of a stop, unless its thread ran or waited for a CPU") {
  const auto stopped_ms = [](double elapsed_ms, double ran_ms) {
    return StoppedNs(kSettings, {kSecond, 7 * kMs}, {kSecond + elapsed_ms * kMs, (7 + ran_ms) * kMs}) / kMs;
  };
  CHECK(stopped_ms(500, 0) == 0);
  CHECK(stopped_ms(700, 0) == 0);
  CHECK(stopped_ms(701, 0) == 701);
  CHECK(stopped_ms(30'500, 29'900) == 0);
  CHECK(stopped_ms(30'500, 10) == 30'500);
  CHECK(stopped_ms(701, std::numeric_limits<double>::quiet_NaN()) == 701);
}
