// Looks at the loops again and again, and calls JavaScript where there is something to see (IsAlarm). A look that finds all
// well is a few reads and no more: JavaScript that runs twice a second finds its code out of the caches.
//
// Owning thread: the one that watches. One a thread.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>
#include <type_traits>
#include <utility>
#include <vector>

#include "figures.h"
#include "loop_look.h"
#include "own_time.h"
#include "registry.h"
#include "waker.h"

namespace offloop {

class LoopAlarm final : public Waker<uv_timer_t> {
 public:
  // The calling thread's, or null.
  static LoopAlarm* Current() noexcept { return current_; }
  static LoopAlarm* Open(Napi::Function callback) {
    return current_ = Waker::Open<LoopAlarm>(callback, uv_timer_init);
  }

  // Calls once, and is silent then until it is set again.
  void Set(const LoopAlarmSettings& settings) noexcept {
    settings_ = settings;
    last_ = Now();
    looked_ = false;
    const auto every_ms = static_cast<uint64_t>(settings.every_ns * 1e-6);
    uv_timer_start(&handle_, OnTimer, every_ms, std::max<uint64_t>(every_ms, 1));
  }

  // The last look: it is silent from now on.
  std::vector<double> End() noexcept {
    uv_timer_stop(&handle_);
    Look();
    return Rows(now_);
  }

 private:
  LookTime Now() const noexcept { return {static_cast<double>(uv_hrtime()), own_time_.RunnableNs()}; }

  void Look() noexcept {
    now_.time = Now();
    now_.stopped_ns = StoppedNs(settings_, last_, now_.time);
    last_ = now_.time;
    Registry::Instance().Look(std::isfinite(settings_.worker_busy_ns), now_.time.at_ns, now_.loops);
  }

  static void OnTimer(uv_timer_t* handle) {
    auto& alarm = Of<LoopAlarm>(handle);
    alarm.Look();
    if (IsAlarm(alarm.settings_, alarm.known_id_, alarm.now_)) {
      uv_timer_stop(handle);
      return alarm.Ring();
    }
    std::swap(alarm.before_, alarm.now_);
    alarm.looked_ = true;
  }

  void Ring() {
    for (const LoopLook& look : now_.loops) known_id_ = std::max(known_id_, look.id);
    Napi::HandleScope scope(Env());
    Call({looked_ ? Figures(Env(), Rows(before_)) : Env().Undefined(), Figures(Env(), Rows(now_))});
  }

  // As src/sampler/loop-looks.ts reads them.
  static std::vector<double> Rows(const LoopLooks& looks) {
    static_assert(std::is_trivially_copyable_v<LoopLook> && sizeof(LoopLook) % sizeof(double) == 0);
    const size_t bytes = looks.loops.size() * sizeof(LoopLook);
    std::vector<double> figures(2 + bytes / sizeof(double));
    figures[0] = looks.time.at_ns;
    figures[1] = looks.stopped_ns;
    if (bytes > 0) std::memcpy(figures.data() + 2, looks.loops.data(), bytes);
    return figures;
  }

  void Ends() noexcept override { current_ = nullptr; }

  static inline thread_local LoopAlarm* current_ = nullptr;

  const OwnTime own_time_{};
  LoopAlarmSettings settings_;
  LookTime last_;
  bool looked_ = false;  // since it was set
  double known_id_ = 0;
  LoopLooks before_;
  LoopLooks now_;
};

}  // namespace offloop
