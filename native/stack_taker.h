// The JavaScript stack of a thread that is stuck, taken by the thread itself in an interrupt.
//
// One wish at a time. The sampling thread calls Ask and Take, under the registry's mutex; the measured thread calls
// Wanted and Give, and takes no lock. The stack is handed over by one flag: while it is down the measured thread may write
// the stack, while it is up only the sampling thread may touch it.
//
// A wish is for one turn of the loop. An interrupt that is answered after that turn, since the thread was in a native
// call that lasted, takes nothing: what it would see is not what the loop was stuck in.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace v8 {
class Isolate;
}

namespace offloop {

struct StackFrame {
  std::string function_name;  // empty where it has none
  std::string file;           // empty for what has none, such as a built-in function
  int line = 0;               // from 1, as the column; 0 where unknown
  int column = 0;
};

struct Stack {
  uint64_t taken_at_ns = 0;  // on the clock of uv_hrtime()
  std::vector<StackFrame> frames;
};

// The stack of the calling thread, as of `now_ns`. In an interrupt of V8's.
Stack CurrentStack(v8::Isolate* isolate, uint64_t now_ns) noexcept;

class StackTaker {
 public:
  // Wishes for the stack of the turn that began at `turn_ns`. True where an interrupt has to be requested, false where
  // one is under way already.
  bool Ask(double turn_ns) noexcept {
    ready_.store(false, std::memory_order_release);
    wanted_turn_ns_.store(turn_ns, std::memory_order_relaxed);
    // acq_rel, as in Wanted: either the interrupt under way sees this turn, or another one is requested.
    return !interrupt_pending_.exchange(true, std::memory_order_acq_rel);
  }

  // The stack that was wished for, once. Nothing as long as it has not been taken.
  std::optional<Stack> Take() noexcept {
    if (!ready_.load(std::memory_order_acquire)) return std::nullopt;
    wanted_turn_ns_.store(kNoTurn, std::memory_order_relaxed);
    std::optional<Stack> stack = std::move(stack_);
    ready_.store(false, std::memory_order_release);
    return stack;
  }

  // On the measured thread, in the interrupt: whether the stack is wanted of the turn that it is in.
  bool Wanted(double turn_ns) noexcept {
    interrupt_pending_.exchange(false, std::memory_order_acq_rel);
    return wanted_turn_ns_.load(std::memory_order_relaxed) == turn_ns &&
           !ready_.load(std::memory_order_acquire);
  }

  // Likewise, after Wanted said so.
  void Give(Stack stack) noexcept {
    stack_ = std::move(stack);
    ready_.store(true, std::memory_order_release);
  }

 private:
  static constexpr double kNoTurn = -1;

  std::atomic<bool> interrupt_pending_{false};
  std::atomic<double> wanted_turn_ns_{kNoTurn};
  // Up: release in Give, acquire in Take. Down: release in Take and Ask, acquire in Wanted.
  std::atomic<bool> ready_{false};
  Stack stack_;
};

}  // namespace offloop
