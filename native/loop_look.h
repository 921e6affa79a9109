// What a look from another thread sees of a loop, and for how long its turn has been busy. Plain arithmetic, tested alone.
//
// A turn waits for I/O first and then runs callbacks, so its busy part is its age less what the loop waited in it: near 0
// for a loop that waits, however old its turn, and without any look at the moment when the waiting ended.
#pragma once

#include <algorithm>
#include <cmath>
#include <iterator>
#include <vector>

#include "block.h"

namespace offloop {

// JavaScript has it as a row of figures (src/sampler/loop-looks.ts). Nanoseconds; points in time are uv_hrtime()'s.
struct LoopLook {
  double id = 0;         // of the probe: higher than that of any that was there before
  double thread_id = 0;  // 0: the main thread
  double attached_at_ns = 0;
  double turn_started_at_ns = 0;  // 0 before the first
  double turns = 0;
  double idle_ns = 0;            // what it has waited in all; stands still unless it is waiting
  double busy_ns = 0;            // of the turn under way, or of the main script
  double gc_pause_ns = 0;        // the pause under way included
  double gc_main_thread_ns = 0;  // NaN where it is not known
};

// When somebody looked, and for how long that thread had wanted a CPU by then (own_time.h).
struct LookTime {
  double at_ns = 0;
  double own_runnable_ns = 0;
};

// All loops, at one moment.
struct LoopLooks {
  LookTime time;
  double stopped_ns = 0;  // of the time since the look before
  std::vector<LoopLook> loops;
};

// Fills all but who it is. `idle_ns` was read after the clock and before this: so a turn that begins meanwhile is too young,
// never too old. False where the block could not be read now.
inline bool LookAtLoop(const Block& block, double at_ns, double idle_ns, LoopLook& look) noexcept {
  static constexpr size_t kSlots[] = {k_attachedAtNs,     k_loopTurns,          k_loopTurnStartedAtNs,
                                      k_loopIdleAtTurnNs, k_loopIdleAtAttachNs, k_gcStartedAtNs,
                                      k_gcPauseNs,        k_gcMainThreadNs};
  double figures[std::size(kSlots)];
  if (!block.Read(kSlots, figures)) return false;
  const auto [attached_at, turns, turn_at, idle_at_turn, idle_at_attach, gc_at, pause_ns, gc_ns] = figures;
  look.attached_at_ns = attached_at;
  look.turn_started_at_ns = turn_at;
  look.turns = turns;
  look.idle_ns = idle_ns;
  // Before the first turn the main script runs, which may be stuck as well.
  const bool turned = turn_at > 0;
  const double age_ns = at_ns - (turned ? turn_at : attached_at);
  const double waited_ns = idle_ns - (turned ? idle_at_turn : idle_at_attach);
  look.busy_ns = std::max(0.0, age_ns - std::max(0.0, waited_ns));
  look.gc_pause_ns = pause_ns + (gc_at > 0 ? std::max(0.0, at_ns - gc_at) : 0);
  look.gc_main_thread_ns = gc_ns;
  return true;
}

// What somebody who looks again and again wants to hear of, beside threads that are new.
struct LoopAlarmSettings {
  double every_ns = 0;
  double stopped_ns = 0;      // a stop that is longer
  double busy_ns = 0;         // a main thread's turn that is busy for so long
  double worker_busy_ns = 0;  // another's; infinite: nobody watches workers
};

// For how long the whole process, or the machine, was stopped in between: it was time to look, and the thread neither ran nor was
// in the queue for a CPU. Late for want of one, or with other work, is only late. From when on cannot be told, so it is all of
// the time, or none.
inline double StoppedNs(const LoopAlarmSettings& settings, const LookTime& from,
                        const LookTime& to) noexcept {
  const double elapsed_ns = to.at_ns - from.at_ns;
  const double ran_ns = to.own_runnable_ns - from.own_runnable_ns;
  const double late_ns = elapsed_ns - settings.every_ns - (std::isnan(ran_ns) ? 0 : ran_ns);
  return late_ns > settings.stopped_ns ? elapsed_ns : 0;
}

// `known_id`: of the newest thread that was heard of.
inline bool IsAlarm(const LoopAlarmSettings& settings, double known_id, const LoopLooks& now) noexcept {
  if (now.stopped_ns > 0) return true;
  return std::any_of(now.loops.begin(), now.loops.end(), [&](const LoopLook& look) {
    return look.id > known_id ||
           look.busy_ns >= (look.thread_id == 0 ? settings.busy_ns : settings.worker_busy_ns);
  });
}

}  // namespace offloop
