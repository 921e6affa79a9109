// Turns of the event loop: how long each was busy. Plain arithmetic, tested alone.
//
// A turn goes from one prepare handle to the next, less the time that libuv waited for I/O in between. Not from check
// to prepare: libuv runs the callbacks of I/O inside its poll, before the check handles.
//
// Owning thread: the probe's.
#pragma once

#include <cstdint>

#include "block.h"

namespace offloop {

class LoopRecorder {
 public:
  explicit LoopRecorder(Block block) noexcept : block_(block) {}

  // At each prepare. `idle_ns`: uv_metrics_idle_time(), cumulative.
  void Turn(uint64_t now_ns, uint64_t idle_ns) noexcept {
    const uint64_t elapsed_ns = now_ns - started_ns_;
    const uint64_t waited_ns = idle_ns - idle_ns_;
    const bool first = started_ns_ == 0;
    started_ns_ = now_ns;
    idle_ns_ = idle_ns;
    if (first) {
      // What ran before was the main script and no turn.
      Block::Update update(block_);
      update.Set(k_loopTurnStartedAtNs, static_cast<double>(now_ns));
      update.Set(k_loopIdleAtTurnNs, static_cast<double>(idle_ns));
      return;
    }
    // The two clocks are read one after the other.
    const uint64_t busy_ns = elapsed_ns > waited_ns ? elapsed_ns - waited_ns : 0;
    Block::Update update(block_);
    update.Add(k_loopTurns, 1);
    update.Add(k_loopBusyNs, static_cast<double>(busy_ns));
    update.Set(k_loopTurnStartedAtNs, static_cast<double>(now_ns));
    update.Set(k_loopIdleAtTurnNs, static_cast<double>(idle_ns));
    update.Add(k_loopTurnDurations + DurationBucket(busy_ns), 1);
    update.SetLongest(k_loopTurnLongest, busy_ns, now_ns);
  }

 private:
  Block block_;
  uint64_t started_ns_ = 0;
  uint64_t idle_ns_ = 0;
};

}  // namespace offloop
